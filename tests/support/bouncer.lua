--- pgbouncer in front of the run's server.
local bouncer = {}

local clock = require("tilth.core.clock")
local fs = require("tilth.core.fs")
local lu = require("luaunit")
local pg = require("tilth.core.pg")
local proc = require("tilth.core.proc")
local cluster = require("support.cluster")

local PROGRAM <const> = "/usr/sbin/pgbouncer"
local PATIENCE <const> = 60

local CONFIG <const> = [[
[databases]
* = host=%s port=5432 user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = %s
listen_port = 6432
auth_type = any
pool_mode = %s
]]

local Bouncer = {}
Bouncer.__index = Bouncer

--- The URL of a database through the pooler.
-- @tparam string name of the database
-- @treturn string
function Bouncer:url(name)
  return ("postgresql://postgres@localhost:6432/%s?host=%s"):format(name, self.folder)
end

--- Ends the pooler.
function Bouncer:close()
  self.child:kill(15)
  self.child:wait(PATIENCE)
  self.child:close()
  fs.remove_tree(self.folder)
end

Bouncer.__close = Bouncer.close

--- Waits until a database can be reached.
local function wait_ready(made, name)
  local deadline = clock.monotonic() + PATIENCE
  repeat
    clock.sleep(0.02)
    local conn = pg.connect({ host = made.folder, port = "6432", user = "postgres", dbname = name })
    if conn then
      conn:close()
      return made
    end
  until clock.monotonic() > deadline
  made:close()
  error("pgbouncer did not start", 3)
end

--- Starts a pooler; skips the test where there is no pgbouncer.
-- @tparam string mode "session" or "transaction"
-- @tparam string name of a database to wait for
-- @treturn table with `url(name)` and `close`
function bouncer.start(mode, name)
  lu.skipIf(not fs.stat(PROGRAM, "follow"), "pgbouncer is not installed")
  local owner = fs.stat(cluster.socket_dir())
  -- Not in TMPDIR, which may be too long for a socket.
  local folder = assert(fs.temporary("/tmp/pooler"))
  assert(fs.write(folder .. "/pgbouncer.ini", CONFIG:format(cluster.socket_dir(), folder, mode), 420)) -- 420: rw-r--r--
  assert(fs.chown(folder, owner.uid, owner.gid))
  -- As the user who owns the server's socket: pgbouncer refuses to be root.
  local other = proc.self().euid == 0 and owner.uid ~= 0
  local child = assert(proc.spawn({ PROGRAM, "-q", folder .. "/pgbouncer.ini" }, {
    stdout = "null", stderr = "null", die_with_parent = true, uid = other and owner.uid or nil, gid = other and owner.gid or nil,
  }))
  return wait_ready(setmetatable({ folder = folder, child = child }, Bouncer), name)
end

return bouncer
