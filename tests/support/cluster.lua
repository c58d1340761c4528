--- The run's private PostgreSQL server, and more of them for tests that break one.
local cluster = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local lu = require("luaunit")
local binaries = require("tilth.local.binaries")
local owner = require("tilth.local.owner")
local private = require("tilth.local.cluster")
local temp = require("support.temp")

-- More than anybody waits for a server of his own: the machine may be ten times slower, and recover what was killed.
local READY_TIMEOUT <const> = 300
-- Data of a test is worth nothing after it, so nothing waits for a disk.
local FAST <const> = {
  fsync = "off", full_page_writes = "off", max_connections = "100", autovacuum = "off", log_min_messages = "warning",
}

--- Settings for a server that forgets everything, with more of them on top.
local function settings(more)
  local all = {}
  for name, value in pairs(FAST) do all[name] = value end
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

--- Where the template of a server's data is kept: outside any project, one for each version and user of the server, since
-- making it takes ten times as long as copying it. Only a folder that is the user's own is trusted.
local function template_folder(version, user)
  return ("%s/tilth-test-template-%d-%s"):format(env.get("TMPDIR") or "/tmp", user.uid, version)
end

--- Starts a server in a folder; it ends with this process.
-- @tparam string folder
-- @tparam[opt] table options server settings
-- @treturn table as of tilth.local.cluster.start
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function cluster.start_in(folder, options)
  local found, message, code, detail = binaries.find({ env = { TILTH_PG_BINDIR = env.get("TILTH_TEST_PG_BINDIR") } })
  if not found then return nil, message, code, detail end
  local place = folder .. "/pg/data"
  local user, why, kind, more = owner.choose(place)
  if not user then return nil, why, kind, more end
  return private.start({
    bindir = found.bindir, data = place, die_with_parent = true, options = settings(options),
    template = template_folder(found.version, user), timeout = READY_TIMEOUT,
  })
end

--- Skips the test when the run has no server. In CI the run has ended before that.
local function require_server()
  local socket_dir = env.get("TILTH_TEST_PG")
  lu.skipIf(not socket_dir, env.get("TILTH_TEST_PG_REASON") or "no PostgreSQL server was started for this run")
  return socket_dir
end

--- The folder of the run's server's socket; skips the test when there is none.
-- @treturn string
function cluster.socket_dir()
  return require_server()
end

--- Connection parameters of a database on the run's server.
-- @tparam[opt] string name default "postgres"
-- @treturn table for pg.connect
function cluster.params(name)
  return { host = require_server(), port = "5432", user = "postgres", dbname = name or "postgres" }
end

--- The URL of a database on the run's server.
-- @tparam[opt] string name default "postgres"
-- @treturn string
function cluster.url(name)
  return private.url(require_server(), name or "postgres")
end

--- The folder of the server's programs (postgres, initdb; Debian's has psql and pg_dump as well).
-- @treturn string
function cluster.bindir()
  require_server()
  return env.get("TILTH_TEST_PG_PROGRAMS")
end

--- Starts one more server, for a test that stops, breaks or fills it. Close it in a `<close>` variable.
-- @tparam[opt] table options server settings
-- @treturn table as of tilth.local.cluster.start
function cluster.another(options)
  require_server()
  local server, message = cluster.start_in(temp.folder("cluster").path, options)
  if not server then error(message, 2) end
  return server
end

--- Whether a program is beside the server's (psql, pg_dump).
-- @tparam string name
-- @treturn string its path
-- @treturn[2] nil
function cluster.program(name)
  local path = cluster.bindir() .. "/" .. name
  return fs.stat(path, "follow") and path or nil
end

return cluster
