--- Many deployments at once, and readers who go on reading while a change waits for its table.
local lu = require("luaunit")

local clock = require("tilth.clock")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local LOCK_TIMEOUT <const> = 1
-- Without a lock timeout a read would wait until the holder's end, for ever here; a busy machine may add to the timeout.
local FAR_TOO_LONG <const> = 20
local PATIENCE <const> = 120

local TestMigrateCrowd = {}

local function start(self, ...)
  return program.start({ args = { "migrate", "deploy", ... }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

-- Starts many, and asserts that one of them did the work and all ended well.
local function all_at_once(self, count)
  local children, appliers, waited = {}, 0, 0
  for number = 1, count do
    children[number] = start(self)
  end
  for _, child in ipairs(children) do
    local result = child:wait()
    lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
    appliers = appliers + (result.stdout:find("All migrations have been", 1, true) and 1 or 0)
    waited = waited + (result.stdout:find("No pending migrations to apply.", 1, true) and 1 or 0)
  end
  lu.assertEquals({ appliers, waited }, { 1, count - 1 })
  lu.assertEquals(self.database:value("SELECT string_agg(n::text, ',' ORDER BY n) FROM log"), "1,2,3,4")
  lu.assertEquals(self.database:value("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL AND logs IS NULL"), 4)
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0)
end

function TestMigrateCrowd:setUp()
  self.database = database.new()
  self.project = project.new({ migrations = {
    { "1_a", "CREATE TABLE log (n int); INSERT INTO log VALUES (1);" },
    { "2_b", "SELECT pg_sleep(0.2); INSERT INTO log VALUES (2);" },
    { "3_c", "CREATE INDEX CONCURRENTLY log_n ON log (n);\nINSERT INTO log VALUES (3);" },
    { "4_d", "BEGIN; INSERT INTO log VALUES (4); COMMIT;" },
  } })
end

function TestMigrateCrowd:tearDown()
  self.database:close()
end

function TestMigrateCrowd:test_two_at_once_end_well()
  all_at_once(self, 2)
end

function TestMigrateCrowd:test_twenty_at_once_end_well()
  all_at_once(self, 20)
end

function TestMigrateCrowd:test_readers_wait_no_longer_than_the_lock_timeout_while_a_change_is_tried_again()
  start(self):wait()
  self.project:migration("5_e", "ALTER TABLE log ADD x int;")
  local holder <close> = self.database:connect({ application_name = "slow report" })
  assert(holder:script("BEGIN; SELECT * FROM log"))
  local reader <close> = self.database:connect({ application_name = "page view" })
  assert(reader:query(("SET statement_timeout = '%ds'"):format(FAR_TOO_LONG)))
  local child <close> = start(self, "--lock-timeout", LOCK_TIMEOUT .. "s", "--lock-budget", PATIENCE * 2 .. "s")
  local give_up, longest, reads = clock.monotonic() + PATIENCE, 0, 0
  repeat
    local began = clock.monotonic()
    assert(reader:query("SELECT count(*) FROM log"))
    longest, reads = math.max(longest, clock.monotonic() - began), reads + 1
    child.handle:wait(0.005)
  until child.stdout:find("try 4 in", 1, true) and reads > 20 or clock.monotonic() > give_up
  assert(holder:script("COMMIT"))
  local result = child:wait()
  lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
  lu.assertStrContains(result.stdout, '"slow report"')
  -- The change did stand in the queue, or this test shows nothing.
  lu.assertTrue(longest > LOCK_TIMEOUT / 2, ("no read waited: %.2f s"):format(longest))
  lu.assertTrue(reads > 20)
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'log'::regclass AND attname = 'x'"), 1)
end

return TestMigrateCrowd
