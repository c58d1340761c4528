--- Probe: which variable names the database, and is its URL well formed?
local answer = require("tilth.doctor.answer")
local datasource = require("tilth.datasource")
local fs = require("tilth.fs")

-- What a template leaves behind when nobody has filled it in.
local PLACEHOLDERS <const> = { HOST = true, USER = true, DATABASE = true, DBNAME = true, johndoe = true, randompassword = true }

local function places(target)
  local list, ports = {}, {}
  for port in (target.params.port .. ","):gmatch("([^,]*),") do
    ports[#ports + 1] = math.tointeger(tonumber(port)) or 5432
  end
  for host in (target.params.host .. ","):gmatch("([^,]*),") do
    list[#list + 1] = { host = host, port = ports[#list + 1] or ports[1] }
  end
  return list
end

local function placeholder(target)
  for _, name in ipairs({ "host", "user", "database" }) do
    if PLACEHOLDERS[target[name] or ""] then
      return name
    end
  end
  return nil
end

-- The private server of `tilth local`, where it runs: doctor starts nothing.
local function local_target(world)
  local status = not world.build.ci and require("tilth.local.server").status({ root = world.project.root })
  return status and status.url and require("tilth.url").target(status.url, { source = "tilth local" })
end

local function run(world)
  local target, message, code, detail = datasource.resolve(world.project, world.env, world.settings, {
    purpose = "migrate", sources = world.sources, files = fs,
  })
  if not target and code == "none" then
    target = local_target(world)
  end
  if not target then
    local failure = answer.failure(message, code == "none" and "P1012" or code, detail)
    if code == "none" and not world.build.ci then
      failure.advice = (failure.advice or "") .. "\nFor work on this machine `tilth local start` gives you a PostgreSQL of your own, and "
        .. "`tilth flow` starts one by itself."
    end
    return failure
  end
  world.report:hide(target.params.password)
  world.target, world.places = target, places(target)
  local text = ("%s: %s"):format(target.source, target.text)
  local template = placeholder(target)
  if template then
    return answer.fail(("%s: the %s is a template's word that nobody has filled in"):format(target.source, template), "P1013",
      ("Put the real values into %s: postgresql://USER:PASSWORD@HOST:PORT/DATABASE."):format(target.source))
  elseif #target.notes > 0 then
    return answer.warn(text, table.concat(target.notes, "\n"))
  end
  return answer.ok(text)
end

return { id = "url", needs = { "environment" }, run = run }
