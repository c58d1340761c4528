--- Deployments that are killed, cut off and lose their server at random moments: a rerun always ends right.
-- FAULT_SEED makes the random choices repeat, FAULT_COUNT changes how many faults there are.
local lu = require("luaunit")

local clock = require("tilth.clock")
local cluster = require("support.cluster")
local database = require("support.database")
local env = require("tilth.env")
local mixture = require("fault.mixture")
local pg = require("tilth.core.pg")
local process = require("tilth.process")
local program = require("support.program")
local project = require("support.project")
local temp = require("support.temp")

local MIGRATIONS <const> = 50
local FAULTS <const> = 200
local SIGKILL <const>, SIGQUIT <const> = 9, 3
-- A commit that was answered must be there after the restart: the comparison with what was said needs it.
local SETTINGS <const> = { synchronous_commit = "on", max_connections = "30" }
-- What a run may say that was hit: the connection is lost, cannot be made, or the server goes down or comes up.
local EXCUSES <const> = { "P1017", "P1001", "57P0", "starting up", "shutting down", "recovery mode", "08006", "08001" }

local TestMigrateFaults = {}

local function administer(self, sql)
  local conn <close> = assert(pg.connect({ host = self.server.socket_dir, port = "5432", user = "postgres", dbname = "postgres" }))
  return assert(conn:query(sql))
end

local function query(self, sql)
  local conn <close> = assert(pg.connect(self.database.params))
  local result = assert(conn:query(sql))
  return result[1] and result[1][result.columns[1]]
end

local HIT = {}

function HIT.kill(_, child)
  child:signal(SIGKILL)
end

function HIT.terminate(self)
  administer(self, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tilth%'")
end

-- What `pg_ctl restart -m immediate` does: no goodbye, and recovery at the start.
function HIT.restart(self)
  assert(process.kill(self.server.pid, SIGQUIT))
  local deadline = clock.monotonic() + 60
  while process.kill(self.server.pid, 0) and clock.monotonic() < deadline and not self.server.stop() do
    clock.sleep(0.005)
  end
  self.server = assert(cluster.start_in(self.folder.path, SETTINGS))
end

local function start(self)
  return program.start({
    args = { "migrate", "deploy", "--lock-patience", "60s" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url },
  })
end

local function excused(text)
  for _, excuse in ipairs(EXCUSES) do
    if text:find(excuse, 1, true) then
      return true
    end
  end
  return false
end

-- Ends the test with all that is needed to see what happened.
local function fail(self, what, result)
  error(("seed %d, fault %d: %s\n%s%s"):format(self.seed, self.count, what, result.stdout, result.stderr), 0)
end

-- No step twice, at any time.
local function assert_nothing_twice(self, result)
  if query(self, "SELECT to_regclass('log') IS NULL") then
    return
  end
  local twice = query(self, "SELECT string_agg(m, ', ') FROM (SELECT format('%s step %s', migration, step) AS m FROM log "
    .. "GROUP BY migration, step HAVING count(*) > 1) found")
  if twice then
    fail(self, "ran twice: migration " .. twice, result)
  end
end

-- One deployment that is hit at a random moment; true when it ended well all the same.
local function hit(self, kind)
  self.count = self.count + 1
  local child <close> = start(self)
  clock.sleep(math.random() * self.reach)
  HIT[kind](self, child)
  local result = child:wait()
  if result.status ~= 0 and result.signal ~= SIGKILL and not excused(result.stderr) then
    fail(self, kind .. " ended with an error of another kind", result)
  end
  assert_nothing_twice(self, result)
  return result.status == 0
end

-- The lines that only one of two texts has.
local function difference(expected, found)
  local lines, left = {}, {}
  for line in expected:gmatch("[^\n]+") do
    left[line] = (left[line] or 0) + 1
  end
  for line in found:gmatch("[^\n]+") do
    left[line] = (left[line] or 0) - 1
  end
  for line, count in pairs(left) do
    if count ~= 0 then
      lines[#lines + 1] = (count > 0 and "missing: " or "too much: ") .. line
    end
  end
  return table.concat(lines, "\n")
end

local function finish(self)
  local child <close> = start(self)
  local result = child:wait()
  if result.status ~= 0 then
    fail(self, "the rerun failed", result)
  end
  local digest = query(self, mixture.DIGEST)
  if digest ~= self.expected then
    fail(self, "the database is not as it should be\n" .. difference(self.expected, digest), result)
  end
end

local function choose()
  local dice = math.random()
  return dice < 0.45 and "kill" or dice < 0.8 and "terminate" or "restart"
end

-- What is right is what an undisturbed deployment leaves.
local function measure(self)
  self.database = database.new({ server = self.server })
  local child <close> = start(self)
  local result = child:wait()
  lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
  self.expected = query(self, mixture.DIGEST)
  self.reach = result.seconds * 0.6
  self.database:close()
end

function TestMigrateFaults:setUp()
  cluster.socket_dir()
  self.seed = math.tointeger(tonumber(env.get("FAULT_SEED") or math.floor(clock.now())))
  self.total = tonumber(env.get("FAULT_COUNT") or FAULTS)
  math.randomseed(self.seed)
  self.count = 0
  self.folder = temp.folder("faults")
  self.server = assert(cluster.start_in(self.folder.path, SETTINGS))
  self.project = project.new({ migrations = mixture.make(MIGRATIONS) })
end

function TestMigrateFaults:tearDown()
  self.server.stop()
end

function TestMigrateFaults:test_deployment_hit_at_random_moments_is_right_after_a_rerun()
  measure(self)
  io.stdout:write(("fault/test_migrate_faults: FAULT_SEED=%d, %d faults\n"):format(self.seed, self.total))
  while self.count < self.total do
    self.database = database.new({ server = self.server })
    repeat
      local ended = hit(self, choose())
    until ended or self.count >= self.total
    finish(self)
    self.database:close()
  end
end

return TestMigrateFaults
