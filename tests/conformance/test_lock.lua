--- Real Prisma and tilth keep out of each other's way: both hold the same advisory lock.
local TestLock = {}

local lu = require("luaunit")
local both = require("conformance.both")
local oracle = require("conformance.oracle")
local project = require("support.project")

local DEPLOY <const> = { "migrate", "deploy" }
local SLOW <const> = {
  { "20240101000000_slow", "CREATE TABLE slow (id int);\nSELECT pg_sleep(3);" },
  { "20240102000000_next", "CREATE TABLE next (id int);" },
}

function TestLock:test_prisma_and_tilth_at_once_apply_each_migration_once()
  local places <close> = both.places(project.new({ migrations = SLOW }))
  local place = places.tilth
  local child <close> = oracle.start({ args = DEPLOY, cwd = place.project.path, url = place.database.url })
  local tilth = both.tilth(place, DEPLOY)
  local prisma = child:wait()
  both.assert_done(tilth)
  both.assert_done(prisma)
  local names = {}
  for index, row in ipairs(both.history(place.database)) do
    lu.assertTrue(row.finished)
    names[index] = row.migration_name
  end
  lu.assertEquals(names, { SLOW[1][1], SLOW[2][1] })
end

function TestLock:test_a_held_lock_is_p1002_in_both_and_ends_with_its_holder()
  local places <close> = both.places(project.new({ migrations = SLOW }))
  local place = places.tilth
  local holder = place.database:connect({ application_name = "somebody else" })
  assert(holder:query("select pg_advisory_lock(72707369)"))
  place.env = { TILTH_LOCK_PATIENCE = "1s" }
  local prisma, tilth = both.prisma(place, DEPLOY), both.tilth(place, DEPLOY)
  lu.assertEquals({ prisma.status, prisma.code }, { 1, "P1002" }, prisma.text)
  lu.assertEquals({ tilth.status, tilth.code }, { 1, "P1002" }, tilth.text)
  lu.assertStrContains(tilth.stderr, "somebody else")
  lu.assertFalse(place.database:has("_prisma_migrations"))
  holder:close()
  both.assert_done(both.tilth(place, DEPLOY))
end

return TestLock
