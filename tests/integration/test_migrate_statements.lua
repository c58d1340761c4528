--- Files that need to leave the transaction, on a real server: progress, resumption, invalid indexes.
local lu = require("luaunit")

local database = require("support.database")
local hash = require("tilth.hash")
local history = require("tilth.migrate.history")
local program = require("support.program")
local project = require("support.project")

local TestMigrateStatements = {}

local function deploy(self)
  return program.run({ args = { "migrate", "deploy" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local function make(self, sql)
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1);" }, { "2_b", sql } } })
end

local function row(self)
  return self.database:query("SELECT * FROM _prisma_migrations WHERE migration_name = '2_b'")[1]
end

local function succeeds(self, sql)
  make(self, sql)
  local result = deploy(self)
  lu.assertEquals(result.status, 0, result.text)
  local found = row(self)
  lu.assertEquals({ found.applied_steps_count, found.logs, found.rolled_back_at }, { 1, nil, nil })
  lu.assertNotNil(found.finished_at)
  return result
end

function TestMigrateStatements:setUp()
  self.database = database.new()
end

function TestMigrateStatements:tearDown()
  self.database:close()
end

function TestMigrateStatements:test_concurrent_index_among_others()
  succeeds(self, "ALTER TABLE t ADD b int;\nCREATE INDEX CONCURRENTLY t_b ON t (b);\nALTER TABLE t ADD c int;")
  lu.assertTrue(self.database:value("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_b'::regclass"))
  lu.assertEquals(self.database:value("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"), 3)
end

function TestMigrateStatements:test_enum_value_that_is_used_at_once()
  -- PostgreSQL 17 and later let a value be used at once where the type is as new as itself.
  self.database:script("CREATE TYPE e AS ENUM ('x')")
  local result = succeeds(self, "ALTER TYPE e ADD VALUE 'y';\nCREATE TABLE u (v e DEFAULT 'y');")
  lu.assertStrContains(result.text, "55P04")
  lu.assertTrue(self.database:has("u"))
end

function TestMigrateStatements:test_enum_value_that_is_not_used_stays_in_the_transaction()
  local result = succeeds(self, "CREATE TYPE e AS ENUM ('x'); ALTER TYPE e ADD VALUE 'y';")
  lu.assertNotStrContains(result.text, "statement by statement")
end

function TestMigrateStatements:test_block_that_commits()
  local result = succeeds(self, "CREATE TABLE u (a int);\nDO $$ BEGIN INSERT INTO u VALUES (1); COMMIT; INSERT INTO u VALUES (2); END $$;")
  lu.assertStrContains(result.text, "2D000")
  lu.assertEquals(self.database:value("SELECT sum(a) FROM u"), 3)
end

function TestMigrateStatements:test_own_transactions()
  succeeds(self, "BEGIN; CREATE TABLE u (); COMMIT; BEGIN; CREATE TABLE v (); ROLLBACK; CREATE TABLE w (); VACUUM t;")
  lu.assertTrue(self.database:has("u"))
  lu.assertFalse(self.database:has("v"))
  lu.assertTrue(self.database:has("w"))
end

function TestMigrateStatements:test_role_of_the_file_does_not_stop_its_own_progress()
  succeeds(self, "SET ROLE pg_monitor; SELECT 1; VACUUM; RESET ROLE; CREATE TABLE u ();")
  lu.assertTrue(self.database:has("u"))
end

local PARTITION <const> = "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);\n"
  .. "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;"

function TestMigrateStatements:test_partition_is_detached()
  if self.database:connect():info().server_version < 140000 then
    make(self, PARTITION)
    local result = deploy(self)
    lu.assertStrContains(result.text, "42601")
    lu.assertStrContains(result.text, "migration.sql:2:")
    return
  end
  succeeds(self, PARTITION)
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'p'::regclass"), 0)
end

function TestMigrateStatements:test_first_statement_that_fails_leaves_nothing()
  make(self, "CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);")
  local result = deploy(self)
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "23505")
  lu.assertStrContains(result.text, "the history is as before it")
  lu.assertNil(row(self))
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0)
end

function TestMigrateStatements:test_own_transactions_that_only_read()
  succeeds(self, "BEGIN; CREATE TABLE u (a int); COMMIT;\n-- c\nSTART TRANSACTION  READ ONLY;\nSELECT 1;\nCOMMIT;\n"
    .. "BEGIN; SET TRANSACTION READ\nONLY; SELECT 2; COMMIT; CREATE TABLE v (a int);")
  lu.assertTrue(self.database:has("u"))
  lu.assertTrue(self.database:has("v"))
end

function TestMigrateStatements:test_part_of_a_chain_that_was_committed_is_recorded()
  make(self, "BEGIN ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE u (a int);\nCOMMIT AND CHAIN;\nCREATE TABLE v AS SELECT nosuch;\nCOMMIT;")
  local result = deploy(self)
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "Statements 1 to 3 of 5 are done and recorded")
  lu.assertStrContains(result.text, "migration.sql:4:26 (statement 4 of 5)")
  lu.assertTrue(self.database:has("u"))
  lu.assertEquals(row(self).applied_steps_count, 3)
  self.project:migration("2_b", "BEGIN ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE u (a int);\nCOMMIT AND CHAIN;\n"
    .. "CREATE TABLE v AS SELECT current_setting('transaction_isolation') AS level;\nCOMMIT;")
  result = deploy(self)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.database:value("SELECT level FROM v"), "serializable")
end

function TestMigrateStatements:test_rollback_takes_back_what_stands_before_it()
  succeeds(self, "INSERT INTO t VALUES (2); ROLLBACK; INSERT INTO t VALUES (3); BEGIN; INSERT INTO t VALUES (4); ROLLBACK;\n"
    .. "INSERT INTO t VALUES (5);")
  lu.assertEquals(self.database:column("SELECT a FROM t ORDER BY a"), { 1, 1, 5 })
end

function TestMigrateStatements:test_failure_in_an_own_transaction_takes_back_what_stands_before_it()
  make(self, "INSERT INTO t VALUES (2);\nBEGIN;\nINSERT INTO nosuch VALUES (3);\nCOMMIT;\nSELECT 1;")
  local result = deploy(self)
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "migration.sql:3:13 (statement 3 of 5)")
  lu.assertEquals(self.database:value("SELECT count(*) FROM t"), 2)
  lu.assertNil(row(self))
end

function TestMigrateStatements:test_enum_value_that_an_own_transaction_uses_is_committed_before_it()
  self.database:script("CREATE TYPE e AS ENUM ('x')")
  succeeds(self, "ALTER TYPE e ADD VALUE 'y';\nBEGIN;\nCREATE TABLE u (v e DEFAULT 'y');\nCOMMIT;\nSELECT 1;")
  lu.assertTrue(self.database:has("u"))
end

function TestMigrateStatements:test_read_only_part_beside_others_is_recorded()
  succeeds(self, "VACUUM t;\nSET TRANSACTION READ ONLY;\nSELECT 1;\nVACUUM t;\nINSERT INTO t VALUES (2);")
  lu.assertEquals(self.database:value("SELECT count(*) FROM t"), 3)
end

function TestMigrateStatements:test_syntax_is_asked_for_before_anything_runs()
  for text, place in pairs({
    ["CREATE TABLE u ();\nVACUUM t;\nSELEC 'é' 1;"] = "migration.sql:3:1",
    ["VACUUM t; CREATE TABLE u ();\n\nSELECT (1;\nSELECT 2;"] = "migration.sql:3:10",
    ["CREATE TABLE u ();\nVACUUM t;\nCOPY t FROM stdin;\n1\n\\."] = "migration.sql:4:1",
  }) do
    make(self, text)
    local result = deploy(self)
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.text, "42601")
    lu.assertStrContains(result.text, place)
    lu.assertStrContains(result.text, "Nothing of it was run")
    lu.assertFalse(self.database:has("u"))
    lu.assertNil(row(self))
  end
end

function TestMigrateStatements:test_syntax_that_a_mended_rest_lacks_leaves_the_record_as_it_was()
  make(self, "CREATE TABLE u ();\nVACUUM nosuch;")
  deploy(self)
  local before = row(self)
  lu.assertEquals(before.applied_steps_count, 1)
  self.project:migration("2_b", "CREATE TABLE u ();\nVACUUM t;\nSELEC 1;")
  local result = deploy(self)
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "Nothing more of it was run")
  lu.assertEquals(row(self), before)
  self.project:migration("2_b", "CREATE TABLE u ();\nVACUUM t;\nSELECT 1;")
  lu.assertEquals(deploy(self).status, 0)
end

function TestMigrateStatements:test_one_statement_that_is_done_is_told_as_one()
  make(self, "CREATE TABLE u (a int);\nVACUUM nosuch;\nSELECT 1;")
  local result = deploy(self)
  lu.assertStrContains(result.text, "Statement 1 of 3 is done and recorded; the next deploy goes on with statement 2 (line 2).")
end

function TestMigrateStatements:test_later_failure_is_recorded_and_resumed_after_the_file_is_mended()
  make(self, "CREATE TABLE u (a int);\nSET search_path = public;\nCREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);\nCREATE TABLE v ();")
  local result = deploy(self)
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "Statements 1 to 2 of 4 are done and recorded")
  lu.assertStrContains(result.text, "mend what comes after it and deploy again")
  lu.assertNotStrContains(result.text, "has not been recorded")
  local found = row(self)
  lu.assertNil(found.finished_at)
  lu.assertEquals(found.applied_steps_count, 2)
  lu.assertTrue(self.database:has("u"))
  self.project:migration("2_b", "CREATE TABLE u (a int);\nSET search_path = public;\nCREATE INDEX CONCURRENTLY t_a ON t (a);\n"
    .. "CREATE TABLE v ();")
  result = deploy(self)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.text, "goes on after statement 2 of 4")
  local after = row(self)
  lu.assertEquals(after.id, found.id)
  lu.assertEquals({ after.applied_steps_count, after.logs }, { 1, nil })
  lu.assertNotEquals(after.checksum, found.checksum)
  lu.assertTrue(self.database:has("v"))
end

function TestMigrateStatements:test_edited_part_that_was_done_is_p3009()
  make(self, "CREATE TABLE u (a int);\nCREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);")
  lu.assertEquals(deploy(self).status, 1)
  self.project:migration("2_b", "CREATE TABLE u (a bigint);\nCREATE INDEX CONCURRENTLY t_a ON t (a);")
  local result = deploy(self)
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "P3009")
  lu.assertStrContains(result.text, "edited since")
end

-- As a crash between a statement and its record leaves it: the history says one less than is there.
local function crash_before_record(self, sql, done)
  make(self, sql .. "\nSELECT nosuch;")
  lu.assertEquals(deploy(self).status, 1)
  self.database:query([[UPDATE _prisma_migrations SET applied_steps_count = $1::int, logs = $2 WHERE migration_name = '2_b']], { done,
    history.mark({ done = done, total = 3, line = 1, prefix = hash.sha256(sql:match("^(.-);")), indexes = 0 }) })
  self.project:migration("2_b", sql .. "\nSELECT 1;")
  return deploy(self)
end

function TestMigrateStatements:test_statement_that_ended_before_a_crash_is_not_run_again()
  for _, sql in ipairs({
    "CREATE TABLE u (a int);\nCREATE INDEX CONCURRENTLY u_a ON u (a);", "CREATE TABLE u (a int);\nCREATE INDEX CONCURRENTLY ON u (a);",
    "CREATE TABLE u (a int);\nCREATE DATABASE " .. self.database.name .. "_made;",
  }) do
    local result = crash_before_record(self, sql, 1)
    lu.assertEquals(result.status, 0, result.text)
    lu.assertTrue(self.database:value("SELECT count(*) FROM pg_index WHERE indrelid = 'u'::regclass") <= 1)
    self.database:script("DROP TABLE u, t, _prisma_migrations")
  end
  self.database:query("DROP DATABASE " .. self.database.name .. "_made")
end

function TestMigrateStatements:test_index_that_was_there_before_is_never_taken_for_the_work_of_a_file()
  make(self, "CREATE TABLE u (a int, b int);\nCREATE INDEX u_i ON u (b);\nCREATE INDEX CONCURRENTLY u_i ON u (a);")
  for _ = 1, 3 do
    local result = deploy(self)
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.text, "42P07")
  end
  self.database:script("UPDATE _prisma_migrations SET logs = split_part(logs, E'\\n\\nstopped', 1) WHERE migration_name = '2_b'")
  self.database:script("DROP INDEX u_i")
  lu.assertEquals(deploy(self).status, 0)
  lu.assertStrContains(self.database:value("SELECT pg_get_indexdef('u_i'::regclass)"), "(a)")
end

function TestMigrateStatements:test_invalid_index_of_an_earlier_build_is_built_again()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE t (a int);" },
    { "2_b", "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);" } } })
  self.database:script("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)")
  pcall(self.database.query, self.database, "CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)")
  lu.assertEquals(self.database:value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 1)
  local baseline = program.run({ args = { "migrate", "baseline", "--up-to", "1_a" }, cwd = self.project.path,
    env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(baseline.status, 0, baseline.text)
  local result = deploy(self)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.text, "dropped the invalid index")
  lu.assertTrue(self.database:value("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass"))
end

return TestMigrateStatements
