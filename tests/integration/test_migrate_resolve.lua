--- tilth migrate resolve, status, baseline and new through the real program.
local lu = require("luaunit")

local database = require("support.database")
local hash = require("tilth.hash")
local program = require("support.program")
local project = require("support.project")

local TestMigrateResolve = {}

local function run(self, ...)
  return program.run({ args = { "migrate", ... }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local function refuses(self, code, text, ...)
  local result = run(self, ...)
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, code)
  lu.assertStrContains(result.stderr, text)
end

local function rows(self)
  return self.database:query("SELECT * FROM _prisma_migrations ORDER BY started_at")
end

function TestMigrateResolve:setUp()
  self.database = database.new()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);" }, { "2_b", "CREATE TABLE b (id int);" } } })
end

function TestMigrateResolve:tearDown()
  self.database:close()
end

function TestMigrateResolve:test_applied_writes_prismas_baseline_row()
  local result = run(self, "resolve", "--applied", "1_a")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Migration 1_a marked as applied.")
  local row = rows(self)[1]
  lu.assertEquals({ row.applied_steps_count, row.logs, row.checksum }, { 0, "", hash.sha256("CREATE TABLE a (id int);") })
  lu.assertEquals(row.started_at, row.finished_at)
  lu.assertFalse(self.database:has("a"))
end

function TestMigrateResolve:test_applied_twice_is_p3008()
  run(self, "resolve", "--applied", "1_a")
  refuses(self, "P3008", "The migration `1_a` is already recorded as applied in the database.", "resolve", "--applied", "1_a")
end

function TestMigrateResolve:test_applied_closes_the_failed_row()
  run(self, "deploy")
  self.database:script("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2_b'")
  lu.assertEquals(run(self, "resolve", "--applied", "2_b").status, 0)
  local found = rows(self)
  lu.assertEquals(#found, 3)
  lu.assertNotNil(found[2].rolled_back_at)
  lu.assertNotNil(found[3].finished_at)
end

function TestMigrateResolve:test_unknown_name_is_p3017_and_near_ones_are_named()
  refuses(self, "P3017", "Did you mean `1_a`?", "resolve", "--applied", "1_aa")
end

function TestMigrateResolve:test_name_that_is_no_text_is_refused_by_all()
  self.project = project.new({ migrations = { { "3_caf\xE9", "CREATE TABLE c (id int);" } } })
  for _, words in ipairs({ { "resolve", "--applied", "3_caf\xE9" }, { "baseline", "--force" }, { "deploy" } }) do
    refuses(self, "`3_caf?` is not UTF-8", "Rename its folder.", table.unpack(words))
  end
  lu.assertFalse(self.database:has("_prisma_migrations"))
end

function TestMigrateResolve:test_rolled_back_without_a_table_fails()
  refuses(self, "markMigrationRolledBack", "There is no table", "resolve", "--rolled-back", "1_a")
end

function TestMigrateResolve:test_rolled_back_that_never_ran_is_p3011()
  run(self, "resolve", "--applied", "1_a")
  refuses(self, "P3011", "was never applied", "resolve", "--rolled-back", "nosuch")
end

function TestMigrateResolve:test_rolled_back_that_did_not_fail_is_p3012()
  run(self, "deploy")
  refuses(self, "P3012", "is not in a failed state", "resolve", "--rolled-back", "1_a")
end

function TestMigrateResolve:test_rolled_back_twice_is_fine()
  run(self, "deploy")
  self.database:script("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2_b'")
  lu.assertStrContains(run(self, "resolve", "--rolled-back", "2_b").stdout, "Migration 2_b marked as rolled back.")
  local before = rows(self)[2].rolled_back_at
  lu.assertEquals(run(self, "resolve", "--rolled-back", "2_b").status, 0)
  lu.assertEquals(rows(self)[2].rolled_back_at, before)
end

function TestMigrateResolve:test_neither_and_both_options_are_errors()
  refuses(self, "--applied or --rolled-back must be part of the command", "example", "resolve")
  refuses(self, "Pass either --applied or --rolled-back, not both.", "", "resolve", "--applied", "1_a", "--rolled-back", "1_a")
end

function TestMigrateResolve:test_status_follows_the_database()
  local result = run(self, "status")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stdout, "2 migrations found in prisma/migrations")
  lu.assertStrContains(result.stdout, "1_a\n2_b")
  lu.assertFalse(self.database:has("_prisma_migrations"))
  run(self, "deploy")
  result = run(self, "status", "--exit-code")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Database schema is up to date!")
  self.project:migration("1_a", "CREATE TABLE a (id bigint);")
  lu.assertEquals(run(self, "status").status, 0)
  result = run(self, "status", "--exit-code")
  lu.assertEquals(result.status, 3)
  lu.assertStrContains(result.stdout, "Edited after they were applied")
end

function TestMigrateResolve:test_status_does_not_make_the_schema()
  self.database.url = self.database.url .. "&schema=nowhere"
  run(self, "status")
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_namespace WHERE nspname = 'nowhere'"), 0)
end

function TestMigrateResolve:test_baseline_of_an_empty_database_is_refused()
  local result = run(self, "baseline")
  lu.assertEquals(result.status, 3, result.text)
  lu.assertFalse(self.database:has("_prisma_migrations"))
  lu.assertEquals(run(self, "baseline", "--force").status, 0)
  lu.assertEquals(#rows(self), 2)
end

function TestMigrateResolve:test_baseline_over_a_history_is_refused()
  run(self, "deploy")
  refuses(self, "P3008", "has a history", "baseline")
end

function TestMigrateResolve:test_baseline_dry_run_changes_nothing()
  self.database:script("CREATE TABLE a (id int)")
  local result = run(self, "baseline", "--dry-run")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "2_b would be marked as applied")
  lu.assertFalse(self.database:has("_prisma_migrations"))
end

function TestMigrateResolve:test_new_makes_a_migration_that_deploys()
  local document = program.json({ args = { "migrate", "new", "Add Orders", "--json" }, cwd = self.project.path })
  lu.assertStrMatches(document.name, "%d%d%d%d%d%d%d%d%d%d%d%d%d%d_add_orders")
  lu.assertEquals(self.project:read(("prisma/migrations/%s/migration.sql"):format(document.name)), "-- This is an empty migration.\n")
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(#rows(self), 3)
end

return TestMigrateResolve
