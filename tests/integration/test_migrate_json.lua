--- Every command of `tilth migrate` with --json, and status while a deployment is at work.
local lu = require("luaunit")

local clock = require("tilth.clock")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestMigrateJson = {}

local function options(self, ...)
  return { args = { "migrate", ... }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } }
end

local function json(self, status, ...)
  local document, result = program.json(options(self, ...))
  lu.assertEquals(result.status, status, result.text)
  return document
end

function TestMigrateJson:setUp()
  self.database = database.new()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);" }, { "2_b", "CREATE TABLE b (id int);" } } })
end

function TestMigrateJson:tearDown()
  self.database:close()
end

function TestMigrateJson:test_deploy_and_its_plan()
  local planned = json(self, 0, "deploy", "--dry-run")
  lu.assertEquals(planned.plan.actions[2].name, "2_b")
  lu.assertFalse(self.database:has("a"))
  local done = json(self, 0, "deploy")
  lu.assertEquals({ done.ok, #done.outcome.steps, done.outcome.steps[2].name, done.outcome.steps[2].statements }, { true, 2, "2_b", 1 })
end

function TestMigrateJson:test_deploy_that_fails()
  self.project:migration("2_b", "SELECT nosuch;")
  local failed = json(self, 1, "deploy")
  lu.assertFalse(failed.ok)
  lu.assertEquals({ failed.error.code, failed.error.line, failed.error.column, failed.error.sqlstate }, { "P3018", 1, 8, "42703" })
end

function TestMigrateJson:test_status_before_within_and_after()
  local before = json(self, 1, "status")
  lu.assertEquals({ before.state, before.ok, before.history.exists, before.history.rows }, { "pending", false, false, {} })
  lu.assertEquals(before.classes.pending, { "1_a", "2_b" })
  self.database:script("CREATE SCHEMA other")
  lu.assertEquals(json(self, 0, "deploy").ok, true)
  local after = json(self, 0, "status", "--exit-code")
  lu.assertEquals({ after.state, after.ok, after.migrations, #after.history.rows }, { "up to date", true, 2, 2 })
  lu.assertEquals({ after.history.rows[1].migration_name, after.history.rows[1].applied_steps_count }, { "1_a", 1 })
  self.database:script("UPDATE _prisma_migrations SET finished_at = NULL, logs = 'boom' WHERE migration_name = '2_b'")
  local failed = json(self, 3, "status", "--exit-code")
  lu.assertEquals({ failed.state, failed.classes.failed, failed.running }, { "failed", { "2_b" }, nil })
end

function TestMigrateJson:test_lists_without_entries_are_lists()
  local result = program.run(options(self, "status", "--json"))
  lu.assertStrMatches(result.stdout, '.*"rows": ?%[%].*')
  lu.assertStrMatches(result.stdout, '.*"edited": ?%[%].*')
end

function TestMigrateJson:test_status_says_running_while_prisma_applies_a_migration()
  json(self, 0, "deploy")
  local other <close> = self.database:connect({ application_name = "prisma" })
  assert(other:query("SELECT pg_advisory_lock(72707369)"))
  assert(other:script("UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0, started_at = now() WHERE "
    .. "migration_name = '2_b'"))
  local running = json(self, 1, "status", "--exit-code")
  lu.assertEquals({ running.state, running.classes.running, running.running.pid }, { "running", { "2_b" }, other:info().pid })
  lu.assertStrContains(program.run(options(self, "status")).stdout, "Following migration is being applied right now:\n2_b")
  assert(other:script("UPDATE _prisma_migrations SET started_at = now() - interval '1 day' WHERE migration_name = '2_b'"))
  lu.assertEquals(json(self, 1, "status").state, "failed")
end

function TestMigrateJson:test_status_says_running_while_tilth_runs_statements()
  local gate = self.database:gate()
  self.project:migration("2_b", "CREATE TABLE b (id int);\nCREATE INDEX CONCURRENTLY b_id ON b (id);\n" .. gate.sql)
  local child <close> = program.start(options(self, "deploy"))
  child:wait_for("2_b` runs statement by statement")
  local deadline, found = clock.monotonic() + 60
  repeat
    found = program.json(options(self, "status"))
  until found.state == "running" or clock.monotonic() > deadline
  lu.assertEquals({ found.state, found.classes.running }, { "running", { "2_b" } })
  gate.open()
  lu.assertEquals(child:wait().status, 0)
end

function TestMigrateJson:test_resolve_and_baseline()
  self.database:script("CREATE TABLE a (id int)")
  lu.assertEquals(json(self, 0, "baseline", "--up-to", "1_a", "--dry-run"), { ok = true, dry_run = true, migrations = { "1_a" } })
  lu.assertEquals(json(self, 0, "baseline", "--up-to", "1_a"), { ok = true, dry_run = false, migrations = { "1_a" } })
  lu.assertEquals(json(self, 0, "resolve", "--applied", "2_b"), { ok = true, migrations = { "2_b" }, state = "applied" })
  lu.assertEquals(json(self, 1, "resolve", "--applied", "2_b").error.code, "P3008")
  self.database:script("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2_b'")
  lu.assertEquals(json(self, 0, "resolve", "--rolled-back", "2_b").state, "rolled back")
end

function TestMigrateJson:test_new_and_reset_and_the_overview()
  local made = json(self, 0, "new", "add orders")
  lu.assertStrMatches(made.name, "%d+_add_orders")
  lu.assertStrContains(made.path, made.name)
  json(self, 0, "deploy")
  local reset = json(self, 0, "reset", "--force", "--skip-seed")
  lu.assertEquals({ reset.ok, reset.outcome.steps[1].kind, reset.outcome.steps[2].kind }, { true, "reset", "migrate" })
  lu.assertEquals(json(self, 0).commands[1], "deploy")
end

return TestMigrateJson
