--- Deployments that meet others: at once, behind locks, killed, cut off.
local lu = require("luaunit")

local clock = require("tilth.clock")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local SIGKILL <const> = 9

local TestMigrateTogether = {}

local function options(self, ...)
  return { args = { "migrate", ... }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } }
end

local function one_of_many(number)
  return ("2024%010d_m"):format(number), ("CREATE TABLE t%d (id int); SELECT pg_sleep(0.01);"):format(number)
end

local function many(count)
  local migrations = {}
  for number = 1, count do
    migrations[number] = { one_of_many(number) }
  end
  return migrations
end

-- The names in the history are the first ones, in order, once each, and exactly their tables are there.
local function assert_whole(self, at_least)
  local names = self.database:column("SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY started_at")
  lu.assertEquals(self.database:value("SELECT count(*) FROM _prisma_migrations"), #names)
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$' AND relkind = 'r'"), #names)
  for number, name in ipairs(names) do
    lu.assertEquals(name, ("2024%010d_m"):format(number))
  end
  lu.assertTrue(#names >= at_least)
  return #names
end

function TestMigrateTogether:setUp()
  self.database = database.new()
end

function TestMigrateTogether:tearDown()
  self.database:close()
end

function TestMigrateTogether:test_deployments_at_once_all_end_well()
  self.project = project.new({ migrations = many(5) })
  local children = {}
  for number = 1, 5 do
    children[number] = program.start(options(self, "deploy"))
  end
  local appliers = 0
  for _, child in ipairs(children) do
    local result = child:wait()
    lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
    appliers = appliers + (result.stdout:find("All migrations have been", 1, true) and 1 or 0)
  end
  lu.assertEquals(appliers, 1)
  lu.assertEquals(assert_whole(self, 5), 5)
end

function TestMigrateTogether:test_holder_of_the_lock_is_named_when_the_patience_ends()
  self.project = project.new({ migrations = many(1) })
  local holder <close> = self.database:connect({ application_name = "tilth migrate deploy other build" })
  assert(holder:query("SELECT pg_advisory_lock(72707369)"))
  local result = program.run(options(self, "deploy", "--lock-patience", "200ms"))
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.text, "P1002")
  lu.assertStrContains(result.text, "advisory lock")
  lu.assertStrContains(result.text, "pid " .. holder:info().pid)
  lu.assertStrContains(result.text, '"tilth migrate deploy other build"')
end

function TestMigrateTogether:test_reader_does_not_stop_the_deploy_and_ddl_does_not_stop_readers()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);" } } })
  program.run(options(self, "deploy"))
  self.project:migration("2_b", "CREATE TABLE b (id int);\nALTER TABLE a ADD x int;")
  local reader <close> = self.database:connect({ application_name = "slow report" })
  assert(reader:script("BEGIN; SELECT * FROM a"))
  local child = program.start(options(self, "deploy", "--lock-timeout", "200ms", "--lock-budget", "120s"))
  child:wait_for("try 2 in")
  lu.assertStrContains(child.stdout, '"slow report"')
  local started = clock.monotonic()
  self.database:query("SELECT * FROM a")
  -- The change waits for its table as long as it is read, which a reader must not.
  lu.assertTrue(clock.monotonic() - started < 30)
  assert(reader:script("COMMIT"))
  local result = child:wait()
  lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
  lu.assertTrue(self.database:has("b"))
end

function TestMigrateTogether:test_budget_that_is_spent_names_who_is_in_the_way()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);" } } })
  program.run(options(self, "deploy"))
  self.project:migration("2_b", "ALTER TABLE a ADD x int;")
  local reader <close> = self.database:connect({ application_name = "slow report" })
  assert(reader:script("BEGIN; SELECT * FROM a"))
  local result = program.run(options(self, "deploy", "--lock-timeout", "50ms", "--lock-budget", "500ms"))
  lu.assertEquals(result.status, 1)
  for _, part in ipairs({ "P3018", "55P03", "In the way: pid " .. reader:info().pid, "2_b/migration.sql:1:1" }) do
    lu.assertStrContains(result.text, part)
  end
  lu.assertEquals(self.database:column("SELECT migration_name FROM _prisma_migrations"), { "1_a" })
end

function TestMigrateTogether:test_killed_program_leaves_whole_migrations_and_the_next_run_goes_on()
  self.project = project.new({ migrations = {} })
  for round = 1, 4 do
    -- On a busy machine the kill may come when all is done: each round has migrations of its own.
    for number = 10 * round - 9, 10 * round do
      self.project:migration(one_of_many(number))
    end
    local child <close> = program.start(options(self, "deploy"))
    child:wait_for("Applying migration")
    clock.sleep(0.03 * round)
    child:signal(SIGKILL)
    child:wait()
  end
  local result = program.run(options(self, "deploy"))
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(assert_whole(self, 40), 40)
end

function TestMigrateTogether:test_terminated_session_is_looked_at_and_the_next_run_goes_on()
  self.project = project.new({ migrations = many(10) })
  self.project:migration("20240000000011_m", "CREATE TABLE t11 (id int); SELECT pg_sleep(60);")
  local child = program.start(options(self, "deploy"))
  child:wait_for("20240000000011_m")
  self.database:wait_for_query("pg_sleep(60)")
  self.database:query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tilth migrate%'")
  local result = child:wait()
  lu.assertEquals(result.status, 1, result.stdout .. result.stderr)
  lu.assertStrContains(result.stderr, "P1017")
  lu.assertStrContains(result.stderr, "It was rolled back")
  lu.assertEquals(assert_whole(self, 10), 10)
  self.project:migration("20240000000011_m", "CREATE TABLE t11 (id int);")
  lu.assertEquals(program.run(options(self, "deploy")).status, 0)
  lu.assertEquals(assert_whole(self, 11), 11)
end

function TestMigrateTogether:test_kill_between_statements_resumes_without_a_manual_step()
  self.project = project.new({ migrations = {} })
  for round = 1, 4 do
    -- On a busy machine the kill may come when all is done: each round has a file of its own.
    local sql = {}
    for number = 4 * round - 3, 4 * round do
      sql[#sql + 1] = ("CREATE TABLE t%d (id int);\nCREATE INDEX CONCURRENTLY i%d ON t%d (id);\nSELECT pg_sleep(0.01);"):format(number,
        number, number)
    end
    self.project:migration(round .. "_steps", table.concat(sql, "\n"))
    local child <close> = program.start(options(self, "deploy"))
    child:wait_for("Applying migration")
    clock.sleep(0.02 * round)
    child:signal(SIGKILL)
    child:wait()
  end
  local result = program.run(options(self, "deploy"))
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$' AND relkind = 'r'"), 16)
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE relname ~ '^i[0-9]+$' "
    .. "AND indisvalid"), 16)
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0)
  lu.assertEquals(self.database:column("SELECT migration_name FROM _prisma_migrations WHERE applied_steps_count = 1 AND logs IS NULL "
    .. "ORDER BY started_at"), { "1_steps", "2_steps", "3_steps", "4_steps" })
  lu.assertEquals(self.database:value("SELECT count(*) FROM _prisma_migrations"), 4)
end

return TestMigrateTogether
