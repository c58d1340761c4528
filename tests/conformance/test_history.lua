--- The same folder through real Prisma and through tilth leaves the same history and the same schema.
local TestHistory = {}

local fs = require("tilth.core.fs")
local lu = require("luaunit")
local both = require("conformance.both")
local corpus = require("conformance.corpus")
local project = require("support.project")
local temp = require("support.temp")

local DEPLOY <const> = { "migrate", "deploy" }
local STATUS <const> = { "migrate", "status" }

local function copy(from, to)
  assert(fs.mkdir(to))
  for _, entry in ipairs(assert(fs.list(from))) do
    local source, target = from .. "/" .. entry.name, to .. "/" .. entry.name
    if entry.type == "directory" then
      copy(source, target)
    else
      assert(fs.write(target, assert(fs.read(source))))
    end
  end
end

--- The demo project in a folder of its own.
local function shop()
  local folder = temp.folder("shop")
  local source = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*/[^/]*$")
  copy(source .. "/fixtures/shop", folder:join("shop"))
  return { path = folder:join("shop"), folder = folder }
end

local function deploy_both(made)
  local places = both.places(made)
  both.assert_done(both.prisma(places.prisma, DEPLOY))
  both.assert_done(both.tilth(places.tilth, DEPLOY))
  return places
end

local function remove_migration(made, name)
  assert(fs.remove_tree(made.path .. "/prisma/migrations/" .. name))
end

function TestHistory:test_shop_is_equal_after_deploy()
  local places <close> = deploy_both(shop())
  both.assert_equal(places)
  lu.assertEquals(#both.history(places.tilth.database), 5)
end

function TestHistory:test_broad_folder_is_equal_after_deploy()
  local places <close> = deploy_both(project.new({ migrations = corpus.shared() }))
  both.assert_equal(places)
  lu.assertEquals(#both.history(places.tilth.database), #corpus.shared())
end

function TestHistory:test_irregular_names_are_applied_in_the_same_order()
  local places <close> = deploy_both(project.new({ migrations = corpus.names() }))
  both.assert_equal(places)
  local order = 'select name from "Seen" order by id'
  lu.assertEquals(places.tilth.database:column(order), places.prisma.database:column(order))
end

function TestHistory:test_each_says_up_to_date_on_what_the_other_deployed()
  local places <close> = deploy_both(shop())
  local crossed = { project = places.tilth.project, database = places.prisma.database }
  local tilth = both.tilth(crossed, STATUS)
  both.assert_done(tilth)
  lu.assertStrContains(tilth.stdout, "Database schema is up to date!")
  crossed.database = places.tilth.database
  local prisma = both.prisma(crossed, STATUS)
  both.assert_done(prisma)
  lu.assertStrContains(prisma.stdout, "Database schema is up to date!")
end

function TestHistory:test_deploy_of_one_changes_nothing_after_the_other()
  local places <close> = deploy_both(shop())
  local before = { prisma = both.dump(places.prisma.database), tilth = both.dump(places.tilth.database) }
  local tilth = both.tilth({ project = places.tilth.project, database = places.prisma.database }, DEPLOY)
  local prisma = both.prisma({ project = places.tilth.project, database = places.tilth.database }, DEPLOY)
  for _, result in ipairs({ tilth, prisma }) do
    both.assert_done(result)
    lu.assertStrContains(result.stdout, "No pending migrations to apply.")
  end
  both.assert_equal(places)
  lu.assertEquals({ prisma = both.dump(places.prisma.database), tilth = both.dump(places.tilth.database) }, before)
end

function TestHistory:test_they_take_turns_on_one_history_in_both_orders()
  local whole = shop()
  local part = shop()
  for _, name in ipairs({ "20240308101033_add_reviews", "20240418084508_product_attributes_and_channels", "20240602120455_settings" }) do
    remove_migration(part, name)
  end
  local places <close> = both.places(part)
  both.assert_done(both.prisma(places.prisma, DEPLOY))
  both.assert_done(both.tilth(places.tilth, DEPLOY))
  both.assert_done(both.tilth({ project = whole, database = places.prisma.database }, DEPLOY))
  both.assert_done(both.prisma({ project = whole, database = places.tilth.database }, DEPLOY))
  both.assert_equal(places)
  lu.assertEquals(#both.history(places.tilth.database), 5)
end

for name, case in pairs(corpus.beyond()) do
  TestHistory[("test_%s_fails_in_prisma_and_is_accepted_by_it_from_tilth"):format(name)] = function()
    local places <close> = both.places(project.new({ migrations = case.migrations }))
    local refused = both.prisma(places.prisma, DEPLOY)
    lu.assertEquals({ refused.status, refused.code }, { 1, case.code }, refused.text)
    lu.assertStrContains(refused.stderr, case.why)
    both.assert_done(both.tilth(places.tilth, DEPLOY))
    lu.assertTrue(places.tilth.database:value(case.proof))
    local status = both.prisma(places.tilth, STATUS)
    both.assert_done(status)
    lu.assertStrContains(status.stdout, "Database schema is up to date!")
    both.assert_done(both.prisma(places.tilth, DEPLOY))
  end
end

return TestHistory
