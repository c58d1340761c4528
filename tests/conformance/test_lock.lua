--- Real Prisma and tilth keep out of each other's way: both hold the same advisory lock.
local TestLock = {}

local lu = require("luaunit")
local both = require("conformance.both")
local oracle = require("conformance.oracle")
local project = require("support.project")

local SLOW <const> = {
  { "20240101000000_slow", "CREATE TABLE slow (id int);\nSELECT pg_sleep(3);" },
  { "20240102000000_next", "CREATE TABLE next (id int);" },
}

function TestLock:test_prisma_and_tilth_at_once_apply_each_migration_once()
  local places <close> = both.places(project.new({ migrations = SLOW }))
  local place = places.tilth
  local child <close> = oracle.start({ args = { "migrate", "deploy" }, cwd = place.project.path, url = place.database.url })
  local tilth = both.tilth(place, { "migrate", "deploy" })
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

function TestLock:test_prisma_deploys_after_the_holder_of_the_lock_has_gone()
  local places <close> = both.places(project.new({ migrations = SLOW }))
  local holder = places.prisma.database:connect()
  assert(holder:query("select pg_advisory_lock(72707369)"))
  local blocked = both.prisma(places.prisma, { "migrate", "deploy" })
  lu.assertEquals(blocked.status, 1)
  lu.assertStrContains(blocked.stderr, "Timed out trying to acquire a postgres advisory lock")
  holder:close()
  both.assert_done(both.tilth(places.prisma, { "migrate", "deploy" }))
end

return TestLock
