--- What a running command holds: the project, the settings, the session with the database and its lock.
local world = {}

local db = require("tilth.db")

local World = {}
World.__index = World

--- Makes a world of what is known before any connection.
-- @param parts table: ctx, request, report, project, env, sources, settings, build, environment, flags, target
-- @return World
function world.new(parts)
  parts.state = {}
  parts.observed = {
    project = parts.project,
    settings = parts.settings,
    environment = parts.environment,
    build = parts.build,
    flags = parts.flags,
    target = parts.target,
    env = parts.env,
  }
  return setmetatable(parts, World)
end

local function milliseconds(seconds)
  return ("%dms"):format(math.floor(seconds * 1000))
end

--- The session with the database, opened or opened anew when it is closed.
-- @return Db
-- @return nil, message, code, detail
function World:database()
  if self.db and self.db:status() ~= "closed" then
    return self.db
  end
  local request, report = self.request, self.report
  local opened, message, code, detail = db.connect(self.target, {
    command = request.command,
    build = self.build.text,
    read_only = request.read_only,
    session = {
      lock_timeout = milliseconds(self.settings:get("lock_timeout")),
      idle_in_transaction_session_timeout = milliseconds(self.settings:get("idle_timeout")),
    },
    wait = self.settings:get("wait"),
    meanwhile = self.meanwhile,
    on_wait = function(why)
      report:status("waiting for the database: " .. why)
    end,
  })
  if not opened then
    return nil, message, code, detail
  end
  self.db = opened
  return opened
end

--- Takes Prisma's migration lock, so that no other deploy works on this database meanwhile.
-- @return true
-- @return nil, message, code, detail
function World:take_lock()
  local lock, message, code, detail = require("tilth.migrate.lock").acquire(self.db, {
    patience = self.settings:get("lock_patience"),
    report = self.report,
  })
  if not lock then
    return nil, message, code, detail
  end
  self.lock = lock
  return true
end

--- Gives lock and session back: a build of ten minutes must not hold them.
function World:release()
  self.lock = nil
  if self.db then
    self.db:close()
  end
end

World.close = World.release
World.__close = World.release

return world
