--- What a deployment says while it takes long: on a terminal each second, in a log each ten seconds.
local lu = require("luaunit")

local database = require("support.database")
local fs = require("tilth.fs")
local program = require("support.program")
local project = require("support.project")

local SCRIPT <const> = "/usr/bin/script"

-- One row a page, and an index that stands still in the middle of them until the test lets it go on.
local SLOW <const> = [[
CREATE TABLE big (id int, pad text);
ALTER TABLE big ALTER pad SET STORAGE PLAIN;
INSERT INTO big SELECT i, repeat('x', 5000) FROM generate_series(1, 60) i;
CREATE FUNCTION slow(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN IF i = 40 THEN %s END IF; RETURN i; END $f$;]]

local TestMigrateProgress = {}

-- On a terminal of its own.
local function start(self, ...)
  lu.skipIf(not fs.exists(SCRIPT), "script is not installed")
  local words = table.concat({ program.path(), "migrate", "deploy", ... }, " ")
  return program.start({
    program = SCRIPT, args = { "-qefc", words, "/dev/null" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url },
  })
end

local function deploy(self)
  return program.run({ args = { "migrate", "deploy" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

function TestMigrateProgress:setUp()
  self.database = database.new()
end

function TestMigrateProgress:tearDown()
  self.database:close()
end

function TestMigrateProgress:test_index_shows_phase_and_part_while_it_builds()
  for name, words in pairs({ plain = "CREATE INDEX", concurrent = "CREATE INDEX CONCURRENTLY" }) do
    local gate = self.database:gate()
    self.project = project.new({ migrations = { { "1_a", SLOW:format(gate.body) },
      { "2_b", "SELECT 1;\n" .. words .. " big_slow ON big (slow(id));" } } })
    local child <close> = start(self)
    child:wait_for("2_b/migration%.sql:2 %(%d+ s; [1-9]%d* %% of blocks, building index: scanning table")
    gate.open()
    local result = child:wait()
    lu.assertEquals(result.status, 0, name .. "\n" .. result.stdout)
    lu.assertStrMatches(result.stdout, ".*Applied migration `2_b`[^\n]*%d%.%d s.*")
    -- A statement is shown only once it has run for a second, which on a busy machine the first file's may do as well.
    if result.stdout:find("Applied migration `1_a`[^\n]* %d+ ms") then
      lu.assertNotStrContains(result.stdout, "1_a/migration.sql")
    end
    self.database:script("DROP TABLE big, _prisma_migrations; DROP FUNCTION slow")
  end
end

function TestMigrateProgress:test_sessions_in_the_way_are_named_while_a_statement_waits()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);" } } })
  lu.assertEquals(deploy(self).status, 0)
  self.project:migration("2_b", "CREATE TABLE b (id int);\nUPDATE a SET id = 1;\nALTER TABLE a ADD x int;")
  local reader <close> = self.database:connect({ application_name = "slow report" })
  assert(reader:script("BEGIN; SELECT * FROM a"))
  local child <close> = start(self, "--lock-timeout", "120s")
  child:wait_for("2_b/migration%.sql:3 %(%d+ s; waits for pid " .. reader:info().pid .. ', "slow report"')
  assert(reader:script("COMMIT"))
  lu.assertEquals(child:wait().status, 0)
end

function TestMigrateProgress:test_second_session_ends_with_the_migration()
  local first, second = self.database:gate(1), self.database:gate(2)
  self.project = project.new({ migrations = { { "1_a", first.sql }, { "2_b", second.sql } } })
  local child <close> = start(self)
  local sessions = "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'tilth progress'"
  self.database:wait_until(sessions)
  local pid = self.database:value("SELECT pid FROM pg_stat_activity WHERE application_name = 'tilth progress'")
  first.open()
  child:wait_for("Applied migration `1_a`")
  -- The second migration takes long as well, and gets a session of its own.
  self.database:wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $1", { pid })
  second.open()
  lu.assertEquals(child:wait().status, 0)
end

function TestMigrateProgress:test_log_gets_a_line_after_ten_seconds_and_the_time_at_the_end()
  local gate = self.database:gate()
  self.project = project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);\nDO $$\nBEGIN\n  " .. gate.body .. "\nEND $$;" } } })
  local child <close> = program.start({ args = { "migrate", "deploy" }, cwd = self.project.path,
    env = { DATABASE_URL = self.database.url } })
  child:wait_for("\n%.%.%. 1_a/migration%.sql:2 %(%d+ s%): DO %$%$\n")
  gate.open()
  local result = child:wait()
  lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
  local said, took = result.stdout:match("\n%.%.%. 1_a/migration%.sql:2 %((%d+) s%): .*\nApplied migration `1_a` %((%d+%.%d) s%)\n")
  lu.assertTrue(tonumber(said) >= 10 and tonumber(took) >= tonumber(said), result.stdout)
end

return TestMigrateProgress
