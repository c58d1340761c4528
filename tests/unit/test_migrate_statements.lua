--- tilth.migrate.statements: whole in a transaction, or statement by statement.
local lu = require("luaunit")

local statements = require("tilth.migrate.statements")

local TestMigrateStatements = {}

function TestMigrateStatements:test_files_that_fit_into_one_transaction()
  local cases = {
    "", "-- only a comment", "CREATE TABLE t (id int)", "DO $$ BEGIN PERFORM 1; COMMIT; END $$;",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$; SELECT 1;",
    "SELECT CASE WHEN true THEN 1 ELSE 2 END;", "SELECT 'VACUUM; COMMIT;';", "-- CONCURRENTLY\nSELECT 1;",
    "BEGIN; CREATE TABLE t(); COMMIT;", "SET x.y = 1; BEGIN; SELECT 1; END;", "START TRANSACTION; SELECT 1; COMMIT WORK;",
    "ALTER TYPE e ADD VALUE 'x';", "ALTER DATABASE d SET search_path = a;", "REINDEX TABLE t;", "CLUSTER t;", "ANALYZE t;",
    "CREATE TABLE \"concurrently\" (\"commit\" int);", "BEGIN; SAVEPOINT a; ROLLBACK TO a; COMMIT;",
  }
  for _, text in ipairs(cases) do
    local found = statements.analyse(text)
    lu.assertEquals(found.mode, "transaction", text)
    lu.assertNil(found.error, text)
  end
end

function TestMigrateStatements:test_statements_that_must_stay_outside()
  local cases = {
    ["CREATE INDEX CONCURRENTLY i ON t (a)"] = "CREATE INDEX CONCURRENTLY",
    ["/* a */ create unique index concurrently on t (a)"] = "CREATE INDEX CONCURRENTLY",
    ["DROP INDEX CONCURRENTLY IF EXISTS i"] = "DROP INDEX CONCURRENTLY",
    ["REINDEX (VERBOSE, CONCURRENTLY) TABLE t"] = "REINDEX CONCURRENTLY",
    ["REINDEX INDEX CONCURRENTLY i"] = "REINDEX CONCURRENTLY",
    ["REINDEX SCHEMA s"] = "REINDEX",
    ["ALTER TABLE p DETACH PARTITION q CONCURRENTLY"] = "DETACH PARTITION CONCURRENTLY",
    ["VACUUM"] = "VACUUM", ["VACUUM ANALYZE t"] = "VACUUM", ["CLUSTER"] = "CLUSTER",
    ["ALTER SYSTEM SET work_mem = '1MB'"] = "ALTER SYSTEM", ["CREATE DATABASE d"] = "CREATE DATABASE",
    ["DROP DATABASE d"] = "DROP DATABASE",
    ["CREATE TABLESPACE x LOCATION '/x'"] = "CREATE TABLESPACE", ["COMMIT PREPARED 'x'"] = "COMMIT PREPARED",
    ["DISCARD ALL"] = "DISCARD ALL",
    ["CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p"] = "CREATE SUBSCRIPTION",
  }
  for text, what in pairs(cases) do
    local found = statements.analyse("SELECT 1;\n" .. text .. ";\nSELECT 2;")
    lu.assertEquals(found.mode, "statements", text)
    lu.assertEquals(found.statements[2].what, what, text)
    lu.assertStrContains(found.why, what .. " (line 2)")
    lu.assertEquals(#found.units, 3, text)
  end
end

function TestMigrateStatements:test_own_block_is_taken_out_in_place()
  local found = statements.analyse("-- é\nBEGIN /* é */;\nCREATE TABLE t();\nCOMMIT;\n")
  lu.assertTrue(found.own_block)
  lu.assertEquals(found.text, "-- é\n             ;\nCREATE TABLE t();\n      ;\n")
end

function TestMigrateStatements:test_own_transactions_that_do_not_fit_run_by_themselves()
  local cases = {
    { "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;", { "own", "own" } },
    { "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", { "own" } },
    { "CREATE TABLE a(); BEGIN; SELECT 1; COMMIT;", { "own" } },
    { "CREATE TABLE a(); BEGIN; SELECT 1; ROLLBACK; SELECT 2;", { "own", "transaction" } },
    { "CREATE TABLE a(); BEGIN READ ONLY; SELECT 1; COMMIT;", { "transaction", "own" } },
    { "CREATE TABLE a(); BEGIN; SET TRANSACTION\nREAD ONLY; COMMIT;", { "transaction", "own" } },
    { "SELECT 1; ROLLBACK; SELECT 2;", { "own", "transaction" } },
    { "VACUUM; ROLLBACK; SELECT 2;", { "alone", "stray", "transaction" } },
    { "SELECT 1; COMMIT; SELECT 2;", { "transaction", "stray", "transaction" } },
    { "BEGIN; SELECT 1; ROLLBACK;", { "own" } },
    { "BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; ROLLBACK AND CHAIN; COMMIT;", { "own", "own", "own" } },
    { "SELECT 1; SELECT 2; CREATE INDEX CONCURRENTLY i ON t(a); VACUUM; SELECT 3", { "transaction", "alone", "alone", "transaction" } },
  }
  for _, case in ipairs(cases) do
    local found, kinds = statements.analyse(case[1]), {}
    lu.assertEquals(found.mode, "statements", case[1])
    for position, unit in ipairs(found.units) do
      kinds[position] = unit.kind
    end
    lu.assertEquals(kinds, case[2], case[1])
  end
end

function TestMigrateStatements:test_own_transaction_is_parted_from_what_stands_before_it()
  local units = statements.split("SELECT 1; SELECT 2; BEGIN; SELECT 3; COMMIT; SELECT 4;").units
  lu.assertEquals({ units[1].first, units[1].begin, units[1].last }, { 1, 3, 5 })
  lu.assertTrue(statements.part(units, 1))
  lu.assertEquals({ units[1].kind, units[1].first, units[1].last }, { "transaction", 1, 2 })
  lu.assertEquals({ units[2].kind, units[2].first, units[2].last }, { "own", 3, 5 })
  lu.assertFalse(statements.part(units, 2))
end

function TestMigrateStatements:test_chained_transaction_knows_how_it_began()
  local units = statements.split("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT;").units
  lu.assertEquals({ units[2].begin, units[2].first, units[2].last, units[2].ends }, { 1, 4, 5, "end" })
end

function TestMigrateStatements:test_chain_without_an_end_is_an_error()
  lu.assertEquals(statements.analyse("BEGIN; SELECT 1; COMMIT AND CHAIN;").error.line, 1)
end

function TestMigrateStatements:test_begin_without_an_end_is_an_error_with_its_line()
  local found = statements.analyse("SELECT 1;\n\n-- here\nBEGIN;\nSELECT 2;")
  lu.assertEquals(found.error.line, 4)
  lu.assertEquals(found.error.position, #"SELECT 1;\n\n-- here\n" + 1)
end

function TestMigrateStatements:test_what_the_parser_cannot_read_is_judged_by_its_words()
  local found = statements.analyse("DROP INDEX CONCURRENTLY i WITH NEW SYNTAX;")
  lu.assertEquals(found.mode, "statements")
  lu.assertEquals(found.unread.line, 1)
  found = statements.analyse("ALTER SUBSCRIPTION s WITH NEW SYNTAX;")
  lu.assertEquals(found.mode, "statements")
  found = statements.analyse("CREATE TABLE t (a int GENERATED ALWAYS AS (\"database\") VIRTUAL);")
  lu.assertEquals(found.mode, "transaction")
end

function TestMigrateStatements:test_an_open_quote_is_left_to_the_server()
  lu.assertEquals(statements.analyse("BEGIN; SELECT 'x").mode, "transaction")
end

return TestMigrateStatements
