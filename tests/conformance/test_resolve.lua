--- `migrate resolve` leaves the history that real Prisma leaves.
local TestResolve = {}

local lu = require("luaunit")
local both = require("conformance.both")
local project = require("support.project")

local DEPLOY <const> = { "migrate", "deploy" }
local ONE <const> = { "20240101000000_one", "CREATE TABLE one (id int);" }
local HALF <const> = { "20240102000000_half", "BEGIN;\nCREATE TABLE half (id int);\nCOMMIT;\nINSERT INTO nosuch VALUES (1);" }

local function applied(name)
  return { "migrate", "resolve", "--applied", name }
end

local function rolled_back(name)
  return { "migrate", "resolve", "--rolled-back", name }
end

--- Both databases with the failed row that real Prisma leaves.
local function failed()
  local places = both.places(project.new({ migrations = { ONE, HALF } }))
  lu.assertEquals(both.prisma(places.prisma, DEPLOY).status, 1)
  lu.assertEquals(both.prisma(places.tilth, DEPLOY).status, 1)
  return places
end

--- Runs the same command in each and compares.
local function resolve(places, args)
  local prisma, tilth = both.prisma(places.prisma, args), both.tilth(places.tilth, args)
  both.assert_done(prisma)
  both.assert_done(tilth)
  both.assert_equal(places)
  return prisma, tilth
end

function TestResolve:test_applied_on_a_new_history_is_a_baseline()
  local places <close> = both.places(project.new({ migrations = { ONE } }))
  for _, place in ipairs({ places.prisma, places.tilth }) do
    place.database:script("create table one (id int)")
  end
  local _, tilth = resolve(places, applied(ONE[1]))
  lu.assertStrContains(tilth.stdout, ("Migration %s marked as applied."):format(ONE[1]))
  local row = both.history(places.tilth.database)[1]
  lu.assertEquals({ row.applied_steps_count, row.logs }, { 0, "" })
end

function TestResolve:test_applied_after_a_failure_keeps_the_failed_row()
  local places <close> = failed()
  resolve(places, applied(HALF[1]))
  lu.assertEquals(#both.history(places.tilth.database), 3)
end

function TestResolve:test_rolled_back_marks_the_failed_row()
  local places <close> = failed()
  local _, tilth = resolve(places, rolled_back(HALF[1]))
  lu.assertStrContains(tilth.stdout, ("Migration %s marked as rolled back."):format(HALF[1]))
end

function TestResolve:test_rolled_back_twice_succeeds_and_changes_nothing()
  local places <close> = failed()
  resolve(places, rolled_back(HALF[1]))
  local before = both.history(places.tilth.database)
  resolve(places, rolled_back(HALF[1]))
  lu.assertEquals(both.history(places.tilth.database), before)
end

function TestResolve:test_row_that_ended_before_it_was_rolled_back_is_not_failed()
  local places <close> = both.places(project.new({ migrations = { ONE } }))
  for _, place in ipairs({ places.prisma, places.tilth }) do
    both.assert_done(both.prisma(place, DEPLOY))
    place.database:script("update _prisma_migrations set rolled_back_at = now()")
    local result = (place == places.prisma and both.prisma or both.tilth)(place, rolled_back(ONE[1]))
    lu.assertEquals({ result.status, result.code }, { 1, "P3012" }, result.text)
  end
end

function TestResolve:test_mended_file_is_applied_after_rolled_back()
  local places <close> = failed()
  resolve(places, rolled_back(HALF[1]))
  places.tilth.project:migration(HALF[1], "CREATE TABLE IF NOT EXISTS half (id int);")
  both.assert_done(both.prisma(places.prisma, DEPLOY))
  both.assert_done(both.tilth(places.tilth, DEPLOY))
  both.assert_equal(places)
end

return TestResolve
