--- Migrations through pgbouncer: session mode works, transaction mode is refused.
local lu = require("luaunit")

local clock = require("tilth.clock")
local cluster = require("support.cluster")
local database = require("support.database")
local fs = require("tilth.fs")
local pg = require("tilth.core.pg")
local process = require("tilth.core.proc")
local program = require("support.program")
local project = require("support.project")

local PGBOUNCER <const> = "/usr/sbin/pgbouncer"

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

local TestMigratePooler = {}

-- As the user who owns the server's socket: pgbouncer refuses to be root.
local function start(self, mode)
  lu.skipIf(not fs.exists(PGBOUNCER), "pgbouncer is not installed")
  local owner = fs.stat(cluster.socket_dir())
  self.folder = assert(fs.temporary("pooler"))
  assert(fs.write(self.folder .. "/pgbouncer.ini", CONFIG:format(cluster.socket_dir(), self.folder, mode)))
  assert(fs.chown(self.folder, owner.uid, owner.gid))
  assert(fs.chmod(self.folder .. "/pgbouncer.ini", 420))
  local me = process.self()
  local other = me.euid == 0 and owner.uid ~= 0
  self.pooler = assert(process.spawn({ PGBOUNCER, "-q", self.folder .. "/pgbouncer.ini" }, {
    stdout = "null", stderr = "null", die_with_parent = true, uid = other and owner.uid or nil, gid = other and owner.gid or nil,
  }))
  local deadline = clock.monotonic() + 60
  repeat
    clock.sleep(0.02)
    local conn = pg.connect({ host = self.folder, port = "6432", user = "postgres", dbname = self.database.name })
    if conn then
      conn:close()
      return
    end
  until clock.monotonic() > deadline
  error("pgbouncer did not start")
end

local function deploy(self)
  local url = ("postgresql://postgres@localhost:6432/%s?host=%s"):format(self.database.name, self.folder)
  return program.run({ args = { "migrate", "deploy" }, cwd = self.project.path, env = { DATABASE_URL = url } })
end

function TestMigratePooler:setUp()
  self.database = database.new()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);" } } })
end

function TestMigratePooler:tearDown()
  if self.pooler then
    self.pooler:kill(15)
    self.pooler:wait(60)
    self.pooler:close()
    fs.remove_tree(self.folder)
  end
  self.database:close()
end

function TestMigratePooler:test_session_mode_works()
  start(self, "session")
  local result = deploy(self)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertTrue(self.database:has("a"))
end

function TestMigratePooler:test_transaction_mode_is_refused_with_the_way_out_and_holds_no_lock()
  start(self, "transaction")
  local result = deploy(self)
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, "pooler in transaction mode")
  lu.assertStrContains(result.stderr, "DIRECT_URL")
  lu.assertFalse(self.database:has("a"))
  -- pgbouncer gives its connection up a moment after its client.
  self.database:wait_until("SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND objid = 72707369")
end

return TestMigratePooler
