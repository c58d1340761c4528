--- The private server of a project: where it is kept, and the database in it.
local server = {}

local clock = require("tilth.clock")
local db = require("tilth.db")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local cluster = require("tilth.local.cluster")
local owner = require("tilth.local.owner")

local FOLDER <const> = "/.tilth/pg"
-- For a project that only root can enter, since the server cannot run as root.
local SHELTER <const> = "/var/lib/tilth"
local READY_TIMEOUT <const> = 60
local EEXIST <const> = 17

--- The name of the database when none is asked for.
server.DATABASE = "tilth"

--- Follows `.tilth/pg` to the folder that it is or names.
local function existing_base(path, found)
  if found.type ~= "link" then return path end
  local real = fs.realpath(path)
  if real then return real end
  return nil, ("%s points to a folder that is gone"):format(path), "config",
    { advice = "the local database was removed; remove the link as well to begin with an empty one: rm " .. path }
end

--- Makes `.tilth`, which git is told to leave alone.
local function make_state(root)
  local folder = root .. "/.tilth"
  local made, message, code = fs.mkdir(folder)
  if made and not fs.stat(folder .. "/.gitignore") then
    made, message, code = fs.write(folder .. "/.gitignore", "*\n")
  end
  if not made then return nil, ("cannot make %s: %s"):format(folder, message), code end
  return true
end

--- Puts the server's folder outside the project and leaves a link to it. The name is new each time: a project that was
-- removed and made again does not meet the data of the old one.
local function make_shelter(root, path)
  local base = ("%s/%s-%s"):format(SHELTER, hash.sha256(root):sub(1, 8), hash.uuid():sub(1, 8))
  local made, message, code = fs.mkdir(base)
  if made then made, message, code = fs.symlink(base, path) end
  if made then return base end
  fs.remove(base)
  local found = code == EEXIST and fs.stat(path)
  if found then return existing_base(path, found) end -- another run was quicker
  return nil, ("cannot keep the local database in %s: %s"):format(base, message), code
end

--- The folder of a project's server.
-- @tparam string root the project's folder
-- @tparam[opt] bool make it when it is not there
-- @treturn string the folder with `data`, `log` and `socket`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function server.base(root, make)
  local real, message, code = fs.realpath(root)
  if not real then return nil, ("the project's folder %s: %s"):format(root, message), code end
  local path = real .. FOLDER
  local found = fs.stat(path)
  if found then return existing_base(path, found) end
  if not make then return path end
  local user, made, detail
  user, message, code, detail = owner.choose(path .. "/data")
  if not user then return nil, message, code, detail end
  made, message, code = make_state(real)
  if not made then return nil, message, code end
  if owner.unreachable(path, user) then return make_shelter(real, path) end
  return path
end

--- What db.connect needs to know of a database on the server.
local function target_of(socket_dir, name)
  return {
    params = { host = socket_dir, port = "5432", user = "postgres", dbname = name }, host = socket_dir, port = "5432",
    user = "postgres", database = name, source = "tilth local", options = {}, schema = "public",
    text = ("db %q of tilth local"):format(name),
  }
end

--- Makes the database when it is not there.
local function ensure_database(socket_dir, name)
  local session, message, code, detail = db.connect(target_of(socket_dir, name), { command = "local" })
  if session then
    session:close()
    return false
  end
  if code ~= "P1003" then return nil, message, code, detail end
  session, message, code, detail = db.connect(target_of(socket_dir, "postgres"), { command = "local" })
  if not session then return nil, message, code, detail end
  local conn <close> = session
  local made
  made, message, code, detail = conn:query("CREATE DATABASE " .. conn:identifier(name))
  -- 42P04, 23505: another run has made it since.
  if not made and code ~= "42P04" and code ~= "23505" then
    return nil, ("cannot create database %s: %s"):format(name, message), code, detail
  end
  return true
end

--- Waits for a server that somebody else is starting.
local function wait_ready(data)
  local deadline = clock.monotonic() + READY_TIMEOUT
  local status = cluster.status(data)
  while (status.state == "starting" or status.state == "stopping") and clock.monotonic() < deadline do
    clock.sleep(0.01)
    status = cluster.status(data)
  end
  return status
end

--- Starts the server of a data folder, or finds it running.
local function start_or_join(options, data)
  local status = wait_ready(data)
  if status.state == "ready" then return status, false end
  local started, message, code, detail = cluster.start({ data = data, env = options.env, root = options.root })
  if started then return started, true end
  if code ~= "running" then return nil, message, code, detail end
  status = wait_ready(data)
  if status.state == "ready" then return status, false end
  return nil, ("the server in %s is not ready after %d s"):format(data, READY_TIMEOUT), "failed"
end

--- Starts a project's server unless it runs, and makes the database unless it is there.
-- The server goes on when this process ends.
-- @tparam table options `root` (the project's folder), `env` (variables), `name` (of the database)
-- @treturn table `{ url, socket_dir, port, pid, data, major, database, started = bool, created = bool }`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function server.start(options)
  local base, message, code, detail = server.base(options.root, true)
  if not base then return nil, message, code, detail end
  local found, started
  found, started, code, detail = start_or_join(options, base .. "/data")
  if not found then return nil, started, code, detail end
  -- A start that does not come to its end leaves nothing running.
  local guard <close> = setmetatable({ armed = started }, { __close = function(self)
    if self.armed then found.stop() end
  end })
  local name = options.name or server.DATABASE
  local created
  created, message, code, detail = ensure_database(found.socket_dir, name)
  if created == nil then return nil, message, code, detail end
  guard.armed = false
  return {
    url = cluster.url(found.socket_dir, name), socket_dir = found.socket_dir, port = found.port, pid = found.pid,
    data = base .. "/data", major = found.major, database = name, started = started, created = created,
  }
end

--- Stops a project's server; one that does not run is fine.
-- @tparam table options `root`
-- @treturn bool true when it was stopped, false when it did not run
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function server.stop(options)
  local base, message, code, detail = server.base(options.root)
  if not base then return nil, message, code, detail end
  return cluster.stop(base .. "/data")
end

--- Looks at a project's server.
-- @tparam table options `root`, `name`
-- @treturn table as of cluster.status, with `url` while it runs
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function server.status(options)
  local base, message, code, detail = server.base(options.root)
  if not base then return nil, message, code, detail end
  local status = cluster.status(base .. "/data")
  if status.socket_dir then status.url = cluster.url(status.socket_dir, options.name or server.DATABASE) end
  return status
end

--- Tells whether a project has had a private server: then every command uses it where no DATABASE_URL is set.
-- @tparam table project `root`
-- @treturn bool
function server.present(project)
  return fs.exists(project.root .. FOLDER)
end

--- Gives a project that has no DATABASE_URL its private database, and says so.
-- The caller has made sure that this is no CI build.
-- @tparam table ctx the command's context: `report`, `env`
-- @tparam table project `root`
-- @treturn string the URL
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function server.ensure(ctx, project)
  local began = clock.monotonic()
  local found, message, code, detail = server.start({ root = project.root, env = ctx.env })
  if not found then return nil, "no DATABASE_URL is set, and the local database: " .. message, code, detail end
  local text = ("no DATABASE_URL is set: %s the local PostgreSQL %s in %s"):format(
    found.started and "started" or "using", found.major or "", found.data)
  ctx.report:done(text, found.started and clock.monotonic() - began or nil)
  return found.url
end

return server
