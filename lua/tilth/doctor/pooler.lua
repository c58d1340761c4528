--- Probe: is there a pooler between, which would lose the migration lock?
local answer = require("tilth.doctor.answer")
local pooler = require("tilth.migrate.pooler")

local function hint(target)
  if target.direct_variable then
    return ("%s is set: write directUrl = env(\"%s\") in the datasource of schema.prisma."):format(target.direct_variable,
      target.direct_variable)
  end
  return "Where the provider has a direct URL as well, set it as DIRECT_URL and write directUrl = env(\"DIRECT_URL\") in the datasource."
end

local function run(world)
  local db, target = world.db, world.target
  local pid, message, code, detail = db:value("SELECT pg_catalog.pg_backend_pid()")
  if not pid then
    return answer.failure(message, code, detail, "cannot ask for the server's process")
  elseif pid ~= db:info().pid then
    local ok
    ok, message, code, detail = pooler.check(db, pid)
    if not ok then
      return answer.failure(message, code, detail)
    end
    return answer.warn("there is a pooler between, in session mode: slower, but locks are kept", hint(target))
  elseif target.pooled then
    return answer.warn(("the session reaches its own server process, but %s"):format(target.pooled_why), hint(target))
  end
  return answer.ok("none: the session has a server process of its own")
end

return { id = "pooler", needs = { "login" }, run = run }
