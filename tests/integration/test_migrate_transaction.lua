--- tilth.migrate.transaction on a real server: the ways in which a file is sent give the same errors and results.
local lu = require("luaunit")

local database = require("support.database")
local db = require("tilth.db")
local history = require("tilth.migrate.history")
local transaction = require("tilth.migrate.transaction")
local url = require("tilth.url")

local TestMigrateTransaction = {}

local function report(terminal, on_status)
  local made = { terminal = terminal, shown = {} }
  function made:status(text)
    self.shown[#self.shown + 1] = text
    if text and on_status then
      on_status(text)
    end
  end
  function made:is_due()
    return self.terminal
  end
  function made:progress() end
  function made:note() end
  return made
end

-- The session, but the answer to the message that commits is lost: `fate` runs it, or not.
local function cut_at_commit(real, fate)
  local cut = false
  return setmetatable({
    script = function(_, text)
      if cut or not text:find("COMMIT", 1, true) then
        return real:script(text)
      end
      cut = true
      fate(real, text)
      real:close()
      return nil, "server closed the connection unexpectedly", "08006", { lost = true }
    end,
  }, { __index = function(_, name)
    local value = real[name]
    return type(value) == "function" and function(_, ...)
      return value(real, ...)
    end or value
  end })
end

local function run(self, text, parts)
  parts = parts or {}
  local world = { db = parts.db or self.db, report = report(parts.terminal, parts.on_status), state = {}, reconnect_wait = 0 }
  local job = {
    name = "1_a", path = "/p/1_a/migration.sql", root = "/p", text = text, original = text, careful = parts.careful, close_sql = "",
    row = transaction.new_row("1_a", ("0"):rep(64)),
    state = {
      qualified = '"public"."_prisma_migrations"', prelude = history.create_sql('"public"."_prisma_migrations"') .. ";\n",
      prelude_statements = 1, session_sql = self.db:session_sql(),
    },
  }
  local done, message, code, detail = transaction.run(world, job)
  self.shown, self.lock = world.report.shown, world.lock
  return done, message, code, detail
end

local WAYS <const> = { whole = {}, careful = { careful = true }, watched = { terminal = true }, both = { careful = true, terminal = true } }

function TestMigrateTransaction:setUp()
  self.database = database.new()
  self.db = assert(db.connect(url.target(self.database.url)))
end

function TestMigrateTransaction:tearDown()
  self.db:close()
  self.database:close()
end

function TestMigrateTransaction:test_every_way_places_an_error_alike()
  local cases = {
    { "SELECT 1;\n  SELECT é FROM pg_class;", 2, 10, "42703" },
    { "CREATE TABLE x (i int PRIMARY KEY);\nINSERT INTO x VALUES (1), (1);", 2, 1, "23505" },
    { "-- a\nSELECT 1;\n/* b */ SELEC 2;", 3, 9, "42601" },
  }
  for way, parts in pairs(WAYS) do
    for _, case in ipairs(cases) do
      local done, _, code, detail = run(self, case[1], parts)
      lu.assertNil(done)
      lu.assertEquals({ code, detail.line, detail.column_number, detail.sqlstate }, { "P3018", case[2], case[3], case[4] }, way)
      lu.assertEquals(self.db:status(), "idle")
      lu.assertFalse(self.database:has("_prisma_migrations"), way)
    end
  end
end

function TestMigrateTransaction:test_every_way_records_what_it_applies()
  for way, parts in pairs(WAYS) do
    local done, message = run(self, "CREATE TABLE x (i int);\n-- end", parts)
    lu.assertNotNil(done, way .. ": " .. tostring(message))
    lu.assertEquals(self.database:value("SELECT count(*) FROM _prisma_migrations"), 1)
    self.database:script("DROP TABLE x, _prisma_migrations")
  end
end

function TestMigrateTransaction:test_every_way_names_a_failure_at_the_end()
  for way, parts in pairs(WAYS) do
    local done, message, _, detail = run(self, "CREATE TABLE k (i int PRIMARY KEY);\n"
      .. "CREATE TABLE x (i int REFERENCES k DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO x VALUES (1);", parts)
    lu.assertNil(done)
    lu.assertStrContains(message, "the end of its transaction failed")
    lu.assertNil(detail.line, way)
    lu.assertFalse(self.database:has("k"))
  end
end

function TestMigrateTransaction:test_terminal_shows_a_statement_that_runs_for_a_second()
  local gate = self.database:gate()
  local done, message = run(self, "SET statement_timeout = '60s';\n\n" .. gate.sql, { terminal = true, on_status = function(text)
    -- A busy machine may say it of the first statement too.
    if text:find("migration.sql:3 ", 1, true) then
      gate.open()
    end
  end })
  lu.assertNotNil(done, message)
  lu.assertStrMatches(self.shown[#self.shown], "1_a/migration%.sql:3 %(%d+ s%): DO .*")
end

function TestMigrateTransaction:test_open_ends_are_found_in_the_last_of_several_messages()
  for text, line in pairs({ ["SELECT 1;\n\nSELECT pg_typeof(\n  1"] = 4, ["SELECT 1;\nSELECT (2"] = 2 }) do
    local done, _, _, detail = run(self, text)
    lu.assertNil(done)
    lu.assertEquals({ detail.line, detail.sqlstate }, { line, "42601" })
  end
end

function TestMigrateTransaction:test_server_that_wants_statements_outside_is_heard()
  self.database:script("CREATE TYPE e AS ENUM ('a')")
  for _, case in ipairs({
    { "VACUUM;", "25001" }, { "DO $$ BEGIN COMMIT; END $$;", "2D000" },
    { "ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::e;", "55P04" },
  }) do
    local done, _, code, detail = run(self, case[1])
    lu.assertNil(done)
    lu.assertEquals({ code, detail.sqlstate }, { "outside", case[2] })
    lu.assertEquals(self.db:status(), "idle")
  end
end

function TestMigrateTransaction:test_file_that_makes_its_transaction_read_only_gets_its_row()
  for _, text in ipairs({
    "SET TRANSACTION READ ONLY;\nSELECT 1;", "CREATE TABLE x ();\nSET transaction_read_only = on;\nSELECT 1;",
    "DO $$ BEGIN PERFORM set_config('transaction_read_only', 'on', true); END $$;",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY;\nSELECT 1;",
  }) do
    for way, parts in pairs(WAYS) do
      local done, message = run(self, text, parts)
      lu.assertNotNil(done, way .. ": " .. tostring(message))
      lu.assertEquals(self.database:value("SELECT count(*) FROM _prisma_migrations WHERE finished_at >= started_at"), 1)
      lu.assertEquals(self.database:has("x"), text:find("TABLE x", 1, true) ~= nil)
      self.database:script("DROP TABLE _prisma_migrations; DROP TABLE IF EXISTS x")
    end
  end
end

function TestMigrateTransaction:test_write_after_read_only_is_the_failure_of_its_statement()
  for way, parts in pairs(WAYS) do
    local done, message, code, detail = run(self, "SET TRANSACTION READ ONLY;\nSELECT 1;\nCREATE TABLE x ();", parts)
    lu.assertNil(done)
    lu.assertEquals({ code, detail.sqlstate, detail.line }, { "P3018", "25006", 3 }, way)
    lu.assertStrContains(message, "It was rolled back")
    lu.assertFalse(self.database:has("_prisma_migrations"))
  end
end

function TestMigrateTransaction:test_first_file_may_choose_its_isolation_level()
  local done, message = run(self, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n"
    .. "CREATE TABLE x AS SELECT current_setting('transaction_isolation');")
  lu.assertNotNil(done, message)
  lu.assertEquals(self.database:value("SELECT current_setting FROM x"), "serializable")
end

function TestMigrateTransaction:test_file_that_ends_its_transaction_unseen_is_told_as_it_is()
  local done, message, code = run(self, "CREATE TABLE x (); COMMIT;", { careful = true })
  lu.assertNil(done)
  lu.assertEquals(code, "P3018")
  lu.assertStrContains(message, "Look at both before you go on")
end

function TestMigrateTransaction:test_commit_whose_answer_is_lost_is_found_to_be_there()
  local cut = cut_at_commit(self.db, function(real, text)
    assert(real:script(text))
  end)
  local done, message = run(self, "CREATE TABLE x ();", { db = cut })
  lu.assertNotNil(done, message)
  lu.assertEquals(self.database:value("SELECT count(*) FROM _prisma_migrations"), 1)
  lu.assertNotNil(self.lock)
end

function TestMigrateTransaction:test_commit_that_did_not_reach_the_server_is_found_to_be_absent()
  local done, message, code, detail = run(self, "CREATE TABLE x ();", { db = cut_at_commit(self.db, function() end) })
  lu.assertNil(done)
  lu.assertEquals({ code, detail.exit }, { "P1017", 1 })
  lu.assertStrContains(message, "It was rolled back")
  lu.assertFalse(self.database:has("x"))
end

function TestMigrateTransaction:test_server_that_stays_away_leaves_it_open_and_says_so()
  local cut = cut_at_commit(self.db, function() end)
  rawset(cut, "reconnect", function()
    return nil, "P1001: gone", "P1001", {}
  end)
  local done, message, code, detail = run(self, "CREATE TABLE x ();", { db = cut })
  lu.assertNil(done)
  lu.assertEquals({ code, detail.exit }, { "P1017", 4 })
  lu.assertStrContains(message, "both are there, or neither")
end

function TestMigrateTransaction:test_missing_right_to_make_the_history_is_no_fault_of_the_file()
  self.database:script("CREATE SCHEMA other; REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE weak; GRANT weak TO postgres")
  for way, parts in pairs(WAYS) do
    self.db:script("SET ROLE weak")
    local done, _, _, detail = run(self, "SELECT 1;", parts)
    lu.assertNil(done)
    lu.assertEquals(detail.sqlstate, "42501")
    lu.assertNil(detail.line, way)
  end
  self.db:script("RESET ROLE")
  self.database:script("DROP ROLE weak")
end

return TestMigrateTransaction
