--- tilth migrate deploy through the real program, on a real server.
local lu = require("luaunit")

local database = require("support.database")
local hash = require("tilth.hash")
local program = require("support.program")
local project = require("support.project")

local TestMigrateDeploy = {}

local function run(self, ...)
  return program.run({ args = { "migrate", ... }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local function make(self, migrations, parts)
  parts = parts or {}
  parts.migrations = migrations
  self.project = project.new(parts)
end

local function rows(self)
  return self.database:query("SELECT * FROM _prisma_migrations ORDER BY started_at")
end

local function fails_with_p3018(self, sql, ...)
  make(self, { { "1_ok", "CREATE TABLE ok (id int primary key);" }, { "2_bad", sql } })
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 1, result.text)
  for _, part in ipairs({ "P3018", "Migration name: 2_bad", ... }) do
    lu.assertStrContains(result.text, part)
  end
  lu.assertEquals(self.database:column("SELECT migration_name FROM _prisma_migrations"), { "1_ok" })
  return result
end

function TestMigrateDeploy:setUp()
  self.database = database.new()
end

function TestMigrateDeploy:tearDown()
  self.database:close()
end

function TestMigrateDeploy:test_history_rows_are_prismas()
  make(self, { { "20240101000000_a", "CREATE TABLE a (id int);" }, { "20240102000000_b", "ALTER TABLE a ADD b int;\n" } })
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "2 migrations found in prisma/migrations")
  lu.assertStrContains(result.stdout, "Applying migration `20240101000000_a`")
  lu.assertStrContains(result.stdout, "All migrations have been successfully applied.")
  local found = rows(self)
  lu.assertEquals(#found, 2)
  for position, text in ipairs({ "CREATE TABLE a (id int);", "ALTER TABLE a ADD b int;\n" }) do
    local row = found[position]
    lu.assertEquals(row.checksum, hash.sha256(text))
    lu.assertEquals(row.applied_steps_count, 1)
    lu.assertStrMatches(row.id, "%x+%-%x+%-4%x+%-%x+%-%x+")
    lu.assertEquals(#row.id, 36)
    lu.assertNotNil(row.finished_at)
    lu.assertNil(row.logs)
    lu.assertNil(row.rolled_back_at)
  end
end

function TestMigrateDeploy:test_second_run_changes_nothing()
  make(self, { { "1_a", "CREATE TABLE a (id int);" } })
  run(self, "deploy")
  local before = rows(self)
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "No pending migrations to apply.")
  lu.assertEquals(rows(self)[1], before[1])
end

local function deployed(self, parts)
  make(self, { { "20240101000000_a", "CREATE TABLE a (id int);" }, { "20240102000000_b", "CREATE TABLE b (id int);" } }, parts)
  lu.assertEquals(run(self, "deploy").status, 0)
end

function TestMigrateDeploy:test_edited_missing_and_failed_are_seen_in_a_history_of_the_same_length()
  for _, case in ipairs({
    { "UPDATE _prisma_migrations SET checksum = repeat('0', 64) WHERE migration_name LIKE '%a'", 0, "was edited after it was applied" },
    { "UPDATE _prisma_migrations SET migration_name = 'gone' WHERE migration_name LIKE '%a'", 1, "already exists" },
    { "UPDATE _prisma_migrations SET finished_at = NULL, checksum = repeat('0', 64) WHERE migration_name LIKE '%a'", 1, "P3009" },
    { "UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name LIKE '%a'", 1, "already exists" },
  }) do
    deployed(self)
    self.database:query(case[1])
    local result = run(self, "deploy")
    lu.assertEquals(result.status, case[2], case[1] .. result.text)
    lu.assertStrContains(result.text, case[3])
    self.database:query("DROP TABLE a, b, _prisma_migrations")
  end
end

function TestMigrateDeploy:test_rolled_back_rows_beside_applied_ones_are_no_work()
  deployed(self)
  self.database:query("INSERT INTO _prisma_migrations (id, checksum, migration_name, rolled_back_at) "
    .. "SELECT 'old', checksum, migration_name, now() FROM _prisma_migrations WHERE migration_name LIKE '%a'")
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "No pending migrations to apply.")
end

function TestMigrateDeploy:test_checks_of_a_team_see_files_and_rows_of_a_history_in_step()
  deployed(self, { config = [[return { checks = { function(observed)
    local row, file = observed.history.rows[2] or {}, observed.migrations[2]
    return { severity = "note", message = ("row %s %s, file %s %s, %d of %d"):format(row.migration_name, row.finished_at, file.name,
      file.sha256 == row.checksum, #observed.history.rows, #observed.migrations) }
  end } }]] })
  lu.assertStrContains(run(self, "deploy").text, "row 20240102000000_b true, file 20240102000000_b true, 2 of 2")
end

function TestMigrateDeploy:test_a_prisma_config_that_needs_javascript_is_read_as_far_as_it_goes()
  make(self, { { "1_a", "CREATE TABLE a (id int);" } }, { files = { ["prisma.config.ts"] = [[
    import { defineConfig } from "prisma/config";
    export default defineConfig({
      earlyAccess: true,
      ...shared,
      migrations: { path: "prisma/migrations", seed: command() },
      adapter: async () => new PrismaPg({ connectionString: env("URL") }),
    });
  ]] } })
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertTrue(self.database:has("a"))
  lu.assertStrContains(result.stdout, "prisma.config.ts:4: ... cannot be read without running JavaScript\n")
  lu.assertStrContains(result.stdout, "prisma.config.ts:5: migrations.seed cannot be read without running JavaScript\n")
  lu.assertNotStrContains(result.stdout, "earlyAccess")
end

function TestMigrateDeploy:test_dry_run_changes_nothing()
  make(self, { { "1_a", "CREATE TABLE a (id int);" } })
  local result = run(self, "deploy", "--dry-run")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "1_a")
  lu.assertFalse(self.database:has("_prisma_migrations"))
end

function TestMigrateDeploy:test_failure_is_rolled_back_and_names_the_place()
  local result = fails_with_p3018(self, "CREATE TABLE x ();\n-- é\n  INSERT INTO ünknown VALUES (1);", "42P01",
    "prisma/migrations/2_bad/migration.sql:3:15 (statement 2 of 2)", 'relation "ünknown" does not exist',
    "It was rolled back: database and history are as before it.")
  lu.assertStrContains(result.text, "    3 |   INSERT INTO ünknown VALUES (1);\n      |               ^")
  lu.assertFalse(self.database:has("x"))
end

function TestMigrateDeploy:test_failure_without_a_position_names_the_statement()
  fails_with_p3018(self, "INSERT INTO ok VALUES (1);\n\nINSERT INTO ok VALUES (1);", "23505", "migration.sql:3:1 (statement 2 of 2)",
    "DETAIL: Key (id)=(1) already exists.")
  lu.assertEquals(self.database:value("SELECT count(*) FROM ok"), 0)
end

function TestMigrateDeploy:test_failure_at_commit_says_so()
  fails_with_p3018(self, "CREATE TABLE q (i int REFERENCES ok DEFERRABLE INITIALLY DEFERRED); INSERT INTO q VALUES (9);", "23503",
    "the end of its transaction failed")
  lu.assertFalse(self.database:has("q"))
end

function TestMigrateDeploy:test_unclosed_parenthesis_is_found_at_the_end_of_the_file()
  fails_with_p3018(self, "CREATE TABLE x (\n  a int\n", "42601", "migration.sql:2:7")
end

function TestMigrateDeploy:test_begin_without_commit_is_an_error()
  fails_with_p3018(self, "SELECT 1;\nBEGIN;\nCREATE TABLE x ();", "never ends it", "migration.sql:2:1")
  lu.assertFalse(self.database:has("x"))
end

function TestMigrateDeploy:test_copy_from_stdin_is_explained()
  fails_with_p3018(self, "COPY ok FROM stdin;\n1\n\\.\n", "migration.sql:1:1", "are written for psql", "pg_dump --inserts")
end

function TestMigrateDeploy:test_mended_file_is_applied_by_the_next_run()
  fails_with_p3018(self, "CREATE TABLE x (a nosuch);")
  self.project:migration("2_bad", "CREATE TABLE x (a int);")
  lu.assertEquals(run(self, "deploy").status, 0)
  lu.assertEquals(#rows(self), 2)
end

function TestMigrateDeploy:test_session_settings_do_not_reach_the_next_file()
  make(self, {
    { "1_a", "SELECT set_config('search_path', '', false); SET ROLE pg_monitor; SET lock_timeout = '1ms';" },
    { "2_b", "CREATE TABLE b AS SELECT current_user::text AS u, current_setting('lock_timeout') AS l;" },
  })
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.database:value("SELECT u FROM b"), "postgres")
  lu.assertEquals(self.database:value("SELECT l FROM b"), "5s")
end

function TestMigrateDeploy:test_odd_files_are_applied()
  make(self, {
    { "1 with space", "\xEF\xBB\xBFCREATE TABLE bom (a int);" }, { "2_crlf", "CREATE TABLE crlf (\r\n a int\r\n);\r\n" }, { "3_empty", "" },
    { "4_comment", "-- nothing" }, { "5_body", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT ';--'::text; $$; SELECT f();" },
    { "6_own", "BEGIN;\nCREATE TABLE own (a int);\nCOMMIT;" }, { "7_quote", "INSERT INTO own SELECT length('it''s; /* ok') ;" },
  })
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(#rows(self), 7)
  lu.assertEquals(rows(self)[1].checksum, hash.sha256("\xEF\xBB\xBFCREATE TABLE bom (a int);"))
  lu.assertEquals(self.database:value("SELECT a FROM own"), 11)
end

function TestMigrateDeploy:test_schema_of_the_url_holds_tables_and_history()
  make(self, { { "1_a", "CREATE TABLE a (id int);" } })
  self.database.url = self.database.url .. (self.database.url:find("?", 1, true) and "&" or "?") .. "schema=my%20%22app"
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertTrue(self.database:has('"my ""app".a'))
  lu.assertTrue(self.database:has('"my ""app"._prisma_migrations'))
  lu.assertStrContains(run(self, "deploy").stdout, "No pending migrations to apply.")
end

function TestMigrateDeploy:test_schema_named_like_the_role_does_not_hide_the_history()
  make(self, { { "1_a", "CREATE TABLE public.a (id int);" } })
  self.database:script("CREATE SCHEMA postgres")
  lu.assertEquals(run(self, "deploy").status, 0)
  lu.assertTrue(self.database:has("public._prisma_migrations"))
  lu.assertStrContains(run(self, "deploy").stdout, "No pending migrations to apply.")
end

function TestMigrateDeploy:test_database_with_tables_is_p3005_until_it_is_baselined()
  make(self, { { "1_a", "CREATE TABLE a (id int);" }, { "2_b", "CREATE TABLE b (id int);" } })
  self.database:script("CREATE TABLE a (id int)")
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "P3005")
  lu.assertStrContains(result.text, "public.a")
  result = run(self, "baseline", "--up-to", "1_a")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Migration 1_a marked as applied.")
  lu.assertEquals(run(self, "deploy").status, 0)
  local found = rows(self)
  lu.assertEquals({ found[1].applied_steps_count, found[1].logs, found[2].applied_steps_count }, { 0, "", 1 })
  lu.assertTrue(self.database:has("b"))
end

function TestMigrateDeploy:test_failed_row_of_prisma_is_p3009_until_it_is_resolved()
  make(self, { { "1_a", "CREATE TABLE a (id int); INSERT INTO a VALUES (1);" } })
  run(self, "deploy")
  self.database:script("UPDATE _prisma_migrations SET finished_at = NULL, logs = 'ERROR: boom'; DROP TABLE a")
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "P3009")
  lu.assertStrContains(result.text, "ERROR: boom")
  lu.assertStrContains(result.text, "1 migration found in prisma/migrations")
  lu.assertNotStrContains(result.text, "No pending migrations")
  lu.assertNotStrContains(result.text, "\n\n\n")
  lu.assertEquals(run(self, "resolve", "--rolled-back", "1_a").status, 0)
  lu.assertEquals(run(self, "deploy").status, 0)
  lu.assertTrue(self.database:has("a"))
end

local CREATES <const> = "CREATE TYPE e AS ENUM ('a');\nCREATE TABLE a (id int, v e);\nCREATE INDEX ai ON a (id);\n"
  .. "ALTER TABLE base ADD COLUMN x int, ADD CONSTRAINT c CHECK (x > 0);"

local function leave_failed(self, sql)
  make(self, { { "1_base", "CREATE TABLE base (id int);" }, { "2_a", CREATES } })
  run(self, "deploy")
  self.database:script("UPDATE _prisma_migrations SET finished_at = NULL, logs = 'ERROR: boom' WHERE migration_name = '2_a';" .. sql)
  return run(self, "deploy")
end

function TestMigrateDeploy:test_failed_row_is_closed_by_itself_when_nothing_of_it_is_there()
  local result = leave_failed(self, "DROP TABLE a; DROP TYPE e; ALTER TABLE base DROP COLUMN x")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.text, "nothing that it makes is in the database")
  local found = rows(self)
  lu.assertEquals(#found, 3)
  lu.assertNotNil(found[2].rolled_back_at)
  lu.assertNotNil(found[3].finished_at)
  lu.assertTrue(self.database:has("ai"))
end

function TestMigrateDeploy:test_failed_row_blocks_when_any_part_of_it_is_there()
  local result = leave_failed(self, "DROP TABLE a; ALTER TABLE base DROP COLUMN x")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "P3009")
  lu.assertEquals(#rows(self), 2)
end

function TestMigrateDeploy:test_files_that_cannot_run_stop_everything_before_the_first()
  make(self, { { "1_a", "CREATE TABLE a (id int);" }, { "2_b", "SELECT 'caf\xE9';" } })
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "2_b/migration.sql:1: byte 0xE9 is not UTF-8")
  lu.assertFalse(self.database:has("a"))
end

function TestMigrateDeploy:test_wrong_provider_is_p3019()
  make(self, { { "1_a", "SELECT 1" } }, { lock = 'provider = "mysql"\n' })
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "P3019")
end

function TestMigrateDeploy:test_edited_file_is_said_and_does_not_stop_the_deploy()
  make(self, { { "1_a", "CREATE TABLE a (id int);" } })
  run(self, "deploy")
  self.project:migration("1_a", "CREATE TABLE a (id bigint);")
  self.project:migration("2_b", "CREATE TABLE b (id int);")
  local result = run(self, "deploy")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.text, hash.sha256("CREATE TABLE a (id int);"))
  lu.assertStrContains(result.text, hash.sha256("CREATE TABLE a (id bigint);"))
end

function TestMigrateDeploy:test_json_is_one_document_with_the_steps()
  make(self, { { "1_a", "CREATE TABLE a (id int);" } })
  local document = program.json({
    args = { "migrate", "deploy", "--json" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url },
  })
  lu.assertTrue(document.ok)
  lu.assertEquals(document.outcome.steps[1].name, "1_a")
  lu.assertEquals(document.outcome.steps[1].mode, "transaction")
end

return TestMigrateDeploy
