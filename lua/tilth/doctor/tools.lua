--- Probe: the versions of what a deployment runs: tilth and its libraries, Node, Prisma, PostgreSQL's own programs.
local answer = require("tilth.doctor.answer")
local fs = require("tilth.fs")
local json = require("tilth.json")
local path = require("tilth.path")
local process = require("tilth.process")
local version = require("tilth.version")

local TIMEOUT <const> = 10
local PROGRAMS <const> = { "node", "npm", "psql", "pg_dump" }
local ASKED <const> = { "node", "psql", "pg_dump" }

local function start_all(env)
  local children = {}
  for _, name in ipairs(ASKED) do
    children[name] = process.spawn({ name, "--version" }, { env = env, stdout = "capture", stderr = "null", timeout = TIMEOUT })
  end
  return setmetatable(children, { __close = function()
    for _, child in pairs(children) do
      child:close()
    end
  end })
end

local function read_all(children)
  local found = {}
  for name, child in pairs(children) do
    local kind, code = child:wait(TIMEOUT)
    if kind == "exit" and code == 0 then
      found[name] = (child:output() or ""):match("%d[%w.]*")
    end
  end
  return found
end

local function read_json(file)
  local text = fs.read(file)
  local value = text and json.decode(text)
  return type(value) == "table" and value or {}
end

-- npm lies beside a package.json of its own; running it takes longer than all other probes together.
local function npm_version(search)
  for folder in ((search or "") .. ":"):gmatch("([^:]*):") do
    local program = folder ~= "" and fs.exists(path.join(folder, "npm"), "file") and fs.realpath(path.join(folder, "npm"))
    local manifest = program and read_json(path.join(path.dirname(path.dirname(program)), "package.json")) or {}
    if manifest.name == "npm" and type(manifest.version) == "string" then
      return manifest.version
    elseif program then
      return "of an unknown version"
    end
  end
  return nil
end

-- What is installed counts; what package.json asks for is said when nothing is.
local function prisma_of(project)
  if not project.package then
    return nil
  end
  local installed = read_json(path.join(project.package.dir, "node_modules/prisma/package.json")).version
  if type(installed) == "string" then
    return installed
  end
  local declared = read_json(project.package.path)
  for _, key in ipairs({ "dependencies", "devDependencies" }) do
    local wanted = type(declared[key]) == "table" and declared[key].prisma
    if type(wanted) == "string" then
      return wanted, true
    end
  end
  return nil
end

local function describe(own, found, prisma, declared)
  local parts = { ("tilth %s, libpq %s, OpenSSL %s"):format(own.tilth, own.libpq, own.openssl) }
  for _, name in ipairs(PROGRAMS) do
    parts[#parts + 1] = found[name] and name .. " " .. found[name] or "no " .. name
  end
  parts[#parts + 1] = prisma and ("prisma %s%s"):format(prisma, declared and " (in package.json, not installed)" or "") or "no prisma"
  return table.concat(parts, ", ")
end

--- Judges the versions. Pure.
-- @tparam table known { own = versions of tilth, found = program to version, prisma = text|nil, declared = bool, build = whether
--   package.json has a build script, server = major version|nil }
-- @treturn table answer
local function judge(known)
  local found, remarks = known.found, {}
  local text = describe(known.own, found, known.prisma, known.declared)
  if known.prisma and (tonumber(known.prisma:match("%d+")) or 0) >= 8 then
    remarks[#remarks + 1] = "Prisma 8 keeps another kind of history, which tilth does not touch: stay on Prisma 7 or older with tilth."
  end
  if known.build and not (found.node and found.npm) then
    remarks[#remarks + 1] = "package.json has a build script, but node or npm is not on PATH: `tilth flow` could not build here."
  end
  local dump = tonumber((found.pg_dump or ""):match("%d+"))
  if dump and known.server and dump < known.server then
    remarks[#remarks + 1] = ("pg_dump %s is older than the server (%d) and would refuse it."):format(found.pg_dump, known.server)
  end
  if #remarks > 0 then
    return answer.warn(text, table.concat(remarks, "\n"))
  end
  return answer.ok(text)
end

local function run(world)
  local children <close> = start_all(world.ctx.env)
  local found = read_all(children)
  found.npm = npm_version(world.ctx.env.PATH)
  local prisma, declared = prisma_of(world.project)
  return judge({
    own = version.all(), found = found, prisma = prisma, declared = declared,
    build = world.project.package and world.project.package.build ~= nil,
    server = world.db and world.db:status() ~= "closed" and world.db:info().server_version // 10000 or nil,
  })
end

return { id = "tools", run = run, judge = judge }
