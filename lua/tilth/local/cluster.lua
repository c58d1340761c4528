--- Starts, stops and looks at a private PostgreSQL server on a Unix socket of its own.
local cluster = {}

local array = require("tilth.array")
local clock = require("tilth.clock")
local env = require("tilth.env")
local fs = require("tilth.fs")
local interrupt = require("tilth.interrupt")
local process = require("tilth.process")
local binaries = require("tilth.local.binaries")
local data = require("tilth.local.data")
local owner = require("tilth.local.owner")
local pidfile = require("tilth.local.pidfile")
local socket = require("tilth.local.socket")

local READY_TIMEOUT <const> = 60
local STOP_TIMEOUT <const> = 30
local LOCK_TIMEOUT <const> = 90
local REST_TIMEOUT <const> = 10
local LOG_LIMIT <const> = 1048576
local SIGINT <const>, SIGQUIT <const> = 2, 3
local ESRCH <const>, EAGAIN <const> = 3, 11
-- A shell opens the log, because it must belong to the server's user, and becomes the server.
local LAUNCH <const> = 'log=$1; shift; umask 077; exec "$@" >>"$log" 2>&1'

-- Small, alone and safe: what a single developer needs. Commits may lose the last moment when the machine
-- crashes; the data never breaks.
local SETTINGS <const> = {
  listen_addresses = "", unix_socket_permissions = "0700", shared_buffers = "32MB", synchronous_commit = "off",
  wal_level = "minimal", max_wal_senders = "0", logging_collector = "off", log_destination = "stderr",
}

--- Percent-encodes a part of a URL.
local function encode(text)
  return (text:gsub("[^%w%-%._~/]", function(char) return ("%%%02X"):format(char:byte()) end))
end

--- The URL of a database on a server with its socket in a folder, as Prisma and libpq both read it.
-- @tparam string socket_dir
-- @tparam string name of the database
-- @treturn string
function cluster.url(socket_dir, name)
  return ("postgresql://postgres@localhost/%s?host=%s"):format(encode(name):gsub("/", "%%2F"), encode(socket_dir))
end

--- The state of a data folder's server.
-- @tparam string path the data folder
-- @treturn table `{ state = "none"|"stopped"|"starting"|"ready"|"stopping", data, major, pid, port, socket_dir, since }`
function cluster.status(path)
  local status = { state = "none", data = path, major = data.major(path) }
  if not status.major then return status end
  local found = pidfile.read(fs, path)
  if not found or not pidfile.is_running(fs, process.kill, path, found) then
    status.state = "stopped"
    return status
  end
  status.state = (found.status == "ready" or found.status == "stopping") and found.status or "starting"
  status.pid, status.port, status.socket_dir, status.since = found.pid, found.port, found.socket_dir, found.since
  return status
end

--- Waits until a condition gives a value.
local function poll(condition, timeout, pause)
  local deadline = clock.monotonic() + timeout
  repeat
    local value = condition()
    if value then return value end
    clock.sleep(pause)
  until clock.monotonic() > deadline
  return condition()
end

--- Ends a server: first the way that breaks off its sessions and writes everything down, then, if that hangs, the
-- way that leaves the rest to the recovery at the next start. Never SIGKILL, which leaves shared memory behind.
local function terminate(pid, is_gone, timeout)
  for _, signal in ipairs({ SIGINT, SIGQUIT }) do
    local sent, message, code = process.kill(pid, signal)
    if not sent and code ~= ESRCH then
      return nil, ("cannot stop the server, process %d: %s"):format(pid, message), code
    end
    if poll(is_gone, timeout, 0.005) then return true end
  end
  return nil, ("the server, process %d, does not stop"):format(pid), "failed",
    { advice = ("look at what it does; as the last means: kill -QUIT %d"):format(pid) }
end

--- Removes a socket folder outside the data's, unless the next start is on its way already.
local function tidy(path, socket_dir)
  local lock <close> = fs.lock(path:match("^(.+)/[^/]+$") .. "/lock")
  if lock and socket_dir then socket.tidy(socket_dir) end
end

--- Stops the server of a data folder; one that does not run is fine.
-- @tparam string path the data folder
-- @tparam[opt] table options `timeout` in seconds for each of the two ways
-- @treturn bool true when it was stopped, false when there was nothing to stop
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function cluster.stop(path, options)
  local status = cluster.status(path)
  if not status.pid then return false end
  local stopped, message, code, detail = terminate(status.pid, function() return not cluster.status(path).pid end,
    options and options.timeout or STOP_TIMEOUT)
  if not stopped then return nil, message, code, detail end
  tidy(path, status.socket_dir)
  return true
end

--- What the server said about its end, from the part of the log that this start wrote.
local function last_words(log, offset)
  local text = (fs.read(log) or ""):sub(offset + 1)
  local said = {}
  for line in text:gmatch("[^\n]+") do
    local words = line:match("FATAL:%s*(.*)") or line:match("PANIC:%s*(.*)") or line:match("HINT:%s*(.*)")
      or line:match("^postgres: (.*)") or line:match("^sh: (.*)")
    if words then said[#said + 1] = words end
  end
  return #said > 0 and table.concat(said, "; ") or text:match("([^\n]+)%s*$")
end

--- Opens the log: begun anew when it has grown, and writable for the server's user alone.
local function prepare_log(log, user)
  local found = fs.stat(log)
  if found and found.size <= LOG_LIMIT then return found.size end
  local done, message, code = true, nil, nil
  if found then done, message, code = fs.rename(log, log .. ".1") end
  if done then done, message, code = fs.append(log, "", 384) end -- 384: rw-------
  if done and user.drop then done, message, code = fs.chown(log, user.uid, user.gid) end
  if not done then return nil, ("the server's log %s: %s"):format(log, message), code end
  return 0
end

--- The command line of the server.
local function command(options, socket_dir)
  local argv = { "/bin/sh", "-c", LAUNCH, "sh", options.log, options.bindir .. "/postgres", "-D", options.data,
    "-k", socket_dir, "-p", tostring(socket.PORT) }
  local settings = {}
  for name, value in pairs(SETTINGS) do settings[name] = value end
  for name, value in pairs(options.options or {}) do settings[name] = tostring(value) end
  for _, name in ipairs(array.sorted_keys(settings)) do
    argv[#argv + 1] = "-c"
    argv[#argv + 1] = name .. "=" .. settings[name]
  end
  return argv
end

--- Waits until the child says that it is ready, or has died.
local function wait_ready(child, options, offset)
  local deadline = clock.monotonic() + (options.timeout or READY_TIMEOUT)
  repeat
    local found = pidfile.read(fs, options.data)
    if found and found.pid == child:pid() and found.status == "ready" then return found end
    local kind, code = child:wait(0.002)
    if kind then
      local words = last_words(options.log, offset) or ("it ended with %s %d"):format(kind, code)
      return nil, ("PostgreSQL did not start in %s: %s"):format(options.data, words), "failed",
        { advice = "the whole story is in " .. options.log }
    end
  until clock.monotonic() > deadline
  return nil, ("PostgreSQL in %s is not ready after %d s"):format(options.data, options.timeout or READY_TIMEOUT),
    "failed", { advice = "it was stopped; what it was busy with is in " .. options.log }
end

--- Launches the server and waits for it. A wait that is interrupted takes the server with it.
local function launch(options, user, socket_dir)
  local offset, message, code = prepare_log(options.log, user)
  if not offset then return nil, message, code end
  local spawn = data.run_options(user, options.env)
  spawn.stdout, spawn.stderr = "null", "null"
  spawn.detach, spawn.die_with_parent = true, options.die_with_parent or nil
  local child
  local function gone() return child:wait(0) ~= nil end
  local guard <close> = setmetatable({ armed = true }, { __close = function(self)
    if self.armed and child and not gone() then terminate(child:pid(), gone, 5) end
  end })
  interrupt.shield(function() child, message, code = process.spawn(command(options, socket_dir), spawn) end)
  if not child then return nil, "PostgreSQL cannot be started: " .. message, code end
  local found, why, word, detail = wait_ready(child, options, offset)
  if not found then return nil, why, word, detail end
  guard.armed = false
  return {
    socket_dir = socket_dir, port = found.port, pid = found.pid, url = cluster.url(socket_dir, "postgres"),
    data = options.data,
    stop = function()
      if gone() then return true end
      local stopped, problem, errno, more = terminate(found.pid, gone, STOP_TIMEOUT)
      if stopped then tidy(options.data, socket_dir) end
      return stopped, problem, errno, more
    end,
  }
end

--- Makes sure that the server's user can get to its folders.
local function check_reach(options, user)
  for _, path in ipairs({ options.data, options.bindir }) do
    local folder = owner.unreachable(path, user)
    if folder then
      return nil, ("PostgreSQL does not run as root, and %s cannot enter %s on the way to %s"):format(
        user.name, folder, path), "config",
        { advice = ("run tilth as an ordinary user, keep the project elsewhere, or: chmod o+x %s"):format(folder) }
    end
  end
  return true
end

--- Makes the folder that holds data, log and lock, when it is not there.
local function make_base(base)
  if fs.stat(base, "follow") then return true end
  local made, message, code = fs.mkdir(base)
  if made then made, message, code = fs.chmod(base, 493) end -- 493: rwxr-xr-x, for the data inside may be another user's
  if not made then return nil, ("cannot make %s: %s"):format(base, message), code end
  return true
end

--- Takes the lock that keeps two starts of one data folder apart.
local function take_lock(path)
  local message, code
  local lock = poll(function()
    local held
    held, message, code = fs.lock(path)
    return held or code ~= EAGAIN
  end, LOCK_TIMEOUT, 0.02)
  if type(lock) == "userdata" then return lock end
  if code ~= EAGAIN then return nil, ("the lock of the local server: %s"):format(message), code end
  return nil, ("another tilth has been starting this server for %d s (%s): %s"):format(LOCK_TIMEOUT, path, message), code
end

--- The programs for a data folder: those asked for, checked against the version that made the data.
local function choose_programs(options)
  local major = data.major(options.data)
  return binaries.find({ bindir = options.bindir, env = options.env, major = major, root = options.root })
end

--- The steps between the lock and the running server.
local function start_locked(options, user)
  local running = cluster.status(options.data)
  if running.pid then
    return nil, ("a server is running in %s already, process %d"):format(options.data, running.pid), "running"
  end
  local found, message, code, detail = choose_programs(options)
  if not found then return nil, message, code, detail end
  options.bindir = found.bindir
  local ok
  ok, message, code, detail = check_reach(options, user)
  if not ok then return nil, message, code, detail end
  local socket_dir
  socket_dir, message, code, detail = socket.folder(options.socket_dir, user, options.env)
  if not socket_dir then return nil, message, code, detail end
  ok, message, code, detail = data.prepare({ data = options.data, bindir = found.bindir, user = user,
    env = options.env, template = options.template })
  if ok == nil then return nil, message, code, detail end
  -- What is left of a server that was killed keeps the next one from its memory.
  poll(function() return not pidfile.worker(fs, options.data) end, REST_TIMEOUT, 0.01)
  ok, message, code, detail = pidfile.clear_stale(fs, process.kill, options.data, socket_dir)
  if ok == nil then return nil, message, code, detail end
  local server
  server, message, code, detail = launch(options, user, socket_dir)
  -- A start that was killed may have left a server behind that had not written its file yet.
  if not server and cluster.status(options.data).pid then code = "running" end
  if not server then return nil, message, code, detail end
  server.version, server.major, server.bindir = found.version, found.major, found.bindir
  return setmetatable(server, { __close = function() server.stop() end })
end

--- Starts a server, with a new data folder when there is none.
-- The folder above `data` holds the log and a lock as well. The server's only user is `postgres`, let in without a
-- password through a socket that only its own user and root can open.
-- @tparam table options
--   `data` folder, absolute; `bindir` of the server's programs (found when absent); `socket_dir` (a shorter one is taken
--   when it is too long for a socket); `options` server settings, name to value; `die_with_parent` ends the server with
--   this process; `log` file; `template` as of data.prepare; `root` as of binaries.find; `env` (our
--   variables, when they are not those of the process); `timeout` for readiness
-- @treturn table `{ socket_dir, port, pid, url, version, major, bindir, data, stop = function }`, also closed by `<close>`;
-- `stop()` gives true, or nil, message, code, detail
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code "running" when the server runs already
-- @treturn[2] table|nil detail
function cluster.start(options)
  assert(type(options.data) == "string" and options.data:sub(1, 1) == "/", "data must be an absolute path")
  local base = options.data:match("^(.+)/[^/]+$")
  assert(base, "data must be a folder below another one")
  local given = {}
  for name, value in pairs(options) do given[name] = value end
  given.log = options.log or base .. "/log"
  given.env = options.env or env.all()
  given.socket_dir = options.socket_dir or base .. "/socket"
  local user, message, code, detail = owner.choose(options.data)
  if not user then return nil, message, code, detail end
  local made
  made, message, code = make_base(base)
  if not made then return nil, message, code end
  local lock <close>, why, errno = take_lock(base .. "/lock")
  if not lock then return nil, why, errno end
  return start_locked(given, user)
end

return cluster
