--- Tests that seeds keep to the limits of tilth.config.lua, and are rolled back when they don't.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedLimits = {}

local SEED <const> = [[
return require("tilth.seed").define({ run = function(db)
  db:upsert("a", { { id = 1 } })
  db:query("select 1")
  %s
end })]]

--- Runs one seed under limits, twice: then without its greed, to see that nothing is left.
local function run(limits, body)
  local db <close> = database.new()
  db:query("create table a (id int primary key)")
  local made = project.new({ seeds = { ["greedy.lua"] = SEED:format(body) }, config = ("return { limits = { %s } }"):format(limits) })
  local result = program.run({ args = { "seed" }, cwd = made.path, env = { DATABASE_URL = db.url } })
  return result, db:value("select count(*) from a")
end

function TestSeedLimits:test_each_limit_fails_the_seed_and_rolls_it_back()
  for _, case in ipairs({
    { [[memory = "32MB"]], "local t = {} for i = 1, 1e9 do t[i] = { i } end", "the limit of 32MB" },
    { [[time = "300ms"]], "while true do end", "the limit of 300ms" },
    { [[time = "300ms"]], [[db:query("select pg_sleep(60)")]], "the limit of 300ms" },
    { [[instructions = 1000000]], "while true do end", "the limit of 1000000 instructions" },
  }) do
    local result, rows = run(case[1], case[2])
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.stderr, "seed greedy: ")
    lu.assertStrContains(result.stderr, case[3])
    lu.assertTrue(result.seconds < 50)
    lu.assertEquals(rows, 0)
  end
end

function TestSeedLimits:test_a_seed_within_its_limits_is_kept()
  local result, rows = run([[memory = "256MB", time = "10min", instructions = 1e9]], "")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(rows, 1)
end

function TestSeedLimits:test_a_limit_that_cannot_be_read_is_a_wrong_configuration()
  local result, rows = run([[time = "soon"]], "")
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, [["limits.time" must be a duration]])
  lu.assertEquals(rows, 0)
end

return TestSeedLimits
