--- Every error of the migrate commands, provoked in real Prisma and in tilth: both stop with the same code.
local TestErrors = {}

local fs = require("tilth.core.fs")
local lu = require("luaunit")
local both = require("conformance.both")
local project = require("support.project")

local GOOD <const> = { "20240101000000_good", "CREATE TABLE good (id int);" }
local BAD <const> = { "20240102000000_bad", "CREATE TABLE half (id int);\nINSERT INTO nosuch VALUES (1);" }
-- What stands before the failing statement stays: nobody can say that nothing of this file is there.
local HALF <const> = { "20240102000000_half", "BEGIN;\nCREATE TABLE half (id int);\nCOMMIT;\nINSERT INTO nosuch VALUES (1);" }
local MYSQL <const> = "provider = \"mysql\"\n"
local APPLIED <const> = { "migrate", "resolve", "--applied" }
local ROLLED_BACK <const> = { "migrate", "resolve", "--rolled-back" }

local function with(args, name)
  local list = table.move(args, 1, #args, 1, {})
  list[#list + 1] = name
  return list
end

-- Each case: code, args, the project's parts, `before` (what real Prisma is told to do first, whatever comes of it),
-- `sql` (run in both databases first), `after` (run after `before`), `change` (what is done to the project last).
local CASES <const> = {
  database_not_empty = { code = "P3005", args = { "migrate", "deploy" }, migrations = { GOOD }, sql = "create table stranger ()" },
  failing_migration = { code = "P3018", args = { "migrate", "deploy" }, migrations = { GOOD, BAD } },
  failed_row = { code = "P3009", args = { "migrate", "deploy" }, migrations = { GOOD, HALF }, before = { "migrate", "deploy" } },
  failed_row_without_folder = {
    code = "P3009", args = { "migrate", "deploy" }, migrations = { GOOD, HALF }, before = { "migrate", "deploy" },
    change = function(made) assert(fs.remove_tree(made.path .. "/prisma/migrations/" .. HALF[1])) end,
  },
  failed_row_beside_one_that_is_applied = {
    code = "P3009", args = { "migrate", "deploy" }, migrations = { GOOD }, before = { "migrate", "deploy" },
    after = "insert into _prisma_migrations (id, checksum, migration_name) select 'x', checksum, migration_name from _prisma_migrations",
  },
  missing_file = {
    code = "P3015", args = { "migrate", "deploy" }, migrations = { GOOD },
    change = function(made) made:write("prisma/migrations/20240103000000_none/README.md", "no migration here") end,
  },
  missing_file_of_applied = {
    code = "P3015", args = { "migrate", "status" }, migrations = { GOOD }, before = { "migrate", "deploy" },
    change = function(made) assert(fs.remove(made.path .. "/prisma/migrations/" .. GOOD[1] .. "/migration.sql")) end,
  },
  provider_switched_deploy = { code = "P3019", args = { "migrate", "deploy" }, migrations = { GOOD }, lock = MYSQL },
  provider_switched_status = { code = "P3019", args = { "migrate", "status" }, migrations = { GOOD }, lock = MYSQL },
  provider_switched_applied = { code = "P3019", args = with(APPLIED, GOOD[1]), migrations = { GOOD }, lock = MYSQL },
  provider_alias = { code = "P3019", args = { "migrate", "deploy" }, migrations = { GOOD }, lock = "provider = \"postgres\"\n" },
  provider_missing = { code = "P3019", args = { "migrate", "deploy" }, migrations = { GOOD }, lock = "# nothing\n" },
  applied_is_applied = {
    code = "P3008", args = with(APPLIED, GOOD[1]), migrations = { GOOD }, before = { "migrate", "deploy" },
  },
  applied_without_folder = { code = "P3017", args = with(APPLIED, "nosuch"), migrations = { GOOD } },
  rolled_back_never_applied = {
    code = "P3011", args = with(ROLLED_BACK, "nosuch"), migrations = { GOOD }, before = { "migrate", "deploy" },
  },
  rolled_back_not_failed = {
    code = "P3012", args = with(ROLLED_BACK, GOOD[1]), migrations = { GOOD }, before = { "migrate", "deploy" },
  },
  unreachable = {
    code = "P1001", args = { "migrate", "deploy" }, migrations = { GOOD },
    url = function() return "postgresql://postgres@127.0.0.1:1/none?connect_timeout=3" end,
  },
  no_database = {
    code = "P1003", args = { "migrate", "status" }, migrations = { GOOD },
    url = function(place) return (place.database.url:gsub("/" .. place.database.name, "/nosuch", 1)) end,
  },
  unknown_role = {
    code = "P1010", args = { "migrate", "status" }, migrations = { GOOD },
    url = function(place) return (place.database.url:gsub("//postgres@", "//nosuch@", 1)) end,
  },
  empty_url = {
    code = "P1012", args = { "migrate", "deploy" }, migrations = { GOOD }, env = { CI = "true" }, url = function() return "" end,
  },
  foreign_url = {
    code = "P1012", args = { "migrate", "deploy" }, migrations = { GOOD }, url = function() return "mysql://localhost/x" end,
  },
}

local function prepare(case)
  local made = project.new({ migrations = case.migrations, lock = case.lock })
  local places = both.places(made)
  for _, place in pairs({ places.prisma, places.tilth }) do
    if case.sql then place.database:script(case.sql) end
    if case.before then both.prisma(place, case.before) end
    if case.after then place.database:script(case.after) end
    place.url = case.url and case.url(place)
    place.env = case.env
  end
  if case.change then case.change(made) end
  return places
end

for name, case in pairs(CASES) do
  TestErrors[("test_%s_is_%s_in_both"):format(name, case.code)] = function()
    local places <close> = prepare(case)
    local prisma, tilth = both.prisma(places.prisma, case.args), both.tilth(places.tilth, case.args)
    lu.assertEquals({ prisma.code, prisma.status }, { case.code, 1 }, prisma.text)
    lu.assertEquals(tilth.code, case.code, tilth.text)
    lu.assertTrue(tilth.status > 0 and tilth.status < 99, tilth.text)
  end
end

function TestErrors:test_failing_migration_leaves_no_failed_row_so_that_prisma_can_go_on()
  local made = project.new({ migrations = { GOOD, BAD } })
  local places <close> = both.places(made)
  lu.assertEquals(both.tilth(places.tilth, { "migrate", "deploy" }).status, 1)
  lu.assertFalse(places.tilth.database:has("half"))
  made:migration(BAD[1], "CREATE TABLE whole (id int);")
  both.assert_done(both.prisma(places.tilth, { "migrate", "deploy" }))
  lu.assertTrue(places.tilth.database:has("whole"))
end

-- What Prisma takes back whole is never kept in part, though it looks like a file that runs statement by statement.
local TAKEN_BACK <const> = {
  isolation_level_that_comes_too_late = "INSERT INTO good VALUES (1);\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n"
    .. "INSERT INTO good VALUES (2);",
  vacuum_in_a_function = "INSERT INTO good VALUES (1);\nDO $$ BEGIN EXECUTE 'VACUUM good'; END $$;",
  commit_below_a_function = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;\n"
    .. "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CALL p(); RETURN 1; END $$;\n"
    .. "INSERT INTO good VALUES (1);\nSELECT f();",
  typo_behind_a_concurrent_index = "CREATE INDEX CONCURRENTLY good_id ON good (id);\nINSERT INTO good VALUES (1);\nSELEC 2;",
  failure_after_a_begin = "INSERT INTO good VALUES (1);\nBEGIN;\nINSERT INTO nosuch VALUES (2);\nCOMMIT;",
  own_code_of_an_exception = "INSERT INTO good VALUES (1);\nDO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '25001'; END $$;",
}

for name, sql in pairs(TAKEN_BACK) do
  TestErrors[("test_%s_leaves_nothing_in_both"):format(name)] = function()
    local places <close> = both.places(project.new({ migrations = { GOOD, { "20240102000000_bad", sql } } }))
    for run, place in pairs({ [both.prisma] = places.prisma, [both.tilth] = places.tilth }) do
      local result = run(place, { "migrate", "deploy" })
      lu.assertEquals({ result.status, result.code }, { 1, "P3018" }, result.text)
      lu.assertEquals(place.database:value("select count(*) from good"), 0)
    end
    lu.assertEquals(#both.history(places.tilth.database), 1)
  end
end

function TestErrors:test_rolled_back_without_a_history_fails_in_both()
  local places <close> = both.places(project.new({ migrations = { GOOD } }))
  local args = with(ROLLED_BACK, GOOD[1])
  for _, result in ipairs({ both.prisma(places.prisma, args), both.tilth(places.tilth, args) }) do
    lu.assertEquals(result.status, 1, result.text)
  end
  lu.assertFalse(places.tilth.database:has("_prisma_migrations"))
end

return TestErrors
