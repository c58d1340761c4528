--- `migrate status` gives the exit status that real Prisma gives, and says the same sentence.
local TestStatus = {}

local fs = require("tilth.core.fs")
local lu = require("luaunit")
local both = require("conformance.both")
local project = require("support.project")

local STATUS <const> = { "migrate", "status" }
local DEPLOY <const> = { "migrate", "deploy" }
local ONE <const> = { "20240101000000_one", "CREATE TABLE one (id int);" }
local TWO <const> = { "20240102000000_two", "CREATE TABLE two (id int);" }
local HALF <const> = { "20240102000000_half", "BEGIN;\nCREATE TABLE half (id int);\nCOMMIT;\nINSERT INTO nosuch VALUES (1);" }

local function remove(name)
  return function(made) assert(fs.remove_tree(made.path .. "/prisma/migrations/" .. name)) end
end

local function add(migration)
  return function(made) made:migration(migration[1], migration[2]) end
end

-- Each case: the migrations, whether Prisma deploys them first, what changes then, exit status, words that both say.
local CASES <const> = {
  up_to_date = { migrations = { ONE }, deploy = true, status = 0, says = "Database schema is up to date!" },
  nothing_applied = { migrations = { ONE, TWO }, status = 1, says = "have not yet been applied:\n" .. ONE[1] .. "\n" .. TWO[1] },
  one_pending = {
    migrations = { ONE }, deploy = true, change = add(TWO), status = 1, says = "Following migration have not yet been applied:\n" .. TWO[1],
  },
  failed = { migrations = { ONE, HALF }, deploy = true, status = 1, says = "Following migration have failed:\n" .. HALF[1] },
  diverged = {
    migrations = { ONE }, deploy = true, change = function(made)
      remove(ONE[1])(made)
      add(TWO)(made)
    end,
    status = 1, says = "Your local migration history and the migrations table from your database are different",
  },
  no_table_and_no_migration = { migrations = {}, status = 1, says = "The current database is not managed by Prisma Migrate." },
}

for name, case in pairs(CASES) do
  TestStatus[("test_%s_is_told_alike"):format(name)] = function()
    local made = project.new({ migrations = case.migrations })
    local places <close> = both.places(made)
    if case.deploy then
      both.prisma(places.prisma, DEPLOY)
      both.prisma(places.tilth, DEPLOY)
    end
    if case.change then case.change(made) end
    local prisma, tilth = both.prisma(places.prisma, STATUS), both.tilth(places.tilth, STATUS)
    lu.assertEquals(prisma.status, case.status, prisma.text)
    lu.assertEquals(tilth.status, case.status, tilth.text)
    lu.assertStrContains(prisma.text, case.says)
    lu.assertStrContains(tilth.text, case.says)
  end
end

function TestStatus:test_tilth_reads_only_where_prisma_makes_the_schema()
  local places <close> = both.places(project.new({ migrations = { ONE } }))
  local found = "select to_regnamespace('later') is not null"
  for _, place in ipairs({ places.prisma, places.tilth }) do
    place.url = place.database.url .. "&schema=later"
  end
  lu.assertEquals(both.tilth(places.tilth, STATUS).status, 1)
  lu.assertFalse(places.tilth.database:value(found))
end

return TestStatus
