--- The four scenarios of the guide, end to end, on the shop.
local lu = require("luaunit")
local shop = require("support.shop")

local TestFlowScenarios = {}

local SEEDED = {
  _prisma_migrations = 5, categories = 7, products = 14, users = 5, addresses = 4, orders = 5, order_items = 7, reviews = 3, settings = 3,
}

function TestFlowScenarios:setUp()
  self.shop = shop.new()
end

function TestFlowScenarios:tearDown()
  self.shop:close()
end

function TestFlowScenarios:test_first_deployment_migrates_seeds_and_builds()
  local result = self.shop:run({ "flow" }, { RUN_SEED = "true" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.shop:counts(), SEEDED)
  lu.assertStrContains(self.shop.folder:read("dist/index.html"), "<")
  for _, fragment in ipairs({ "Applying migration `20240105093012_init`", "All migrations have been successfully applied.",
    "Seeded categories: Category: 7 inserted", "dist/index.html: 14 products", "5 migrations applied, 5 seeds run, built." }) do
    lu.assertStrContains(result.stdout, fragment)
  end
end

function TestFlowScenarios:test_without_flags_it_migrates_and_builds_only()
  local result = self.shop:run({ "flow" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.shop:counts().categories, 0)
end

function TestFlowScenarios:test_schema_change_keeps_the_data()
  lu.assertEquals(self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" }).status, 0)
  self.shop:migration("20250101000000_notes", 'ALTER TABLE "orders" ADD COLUMN "note" TEXT;\n')
  local result = self.shop:run({ "flow", "--no-build" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "1 migration applied")
  local counts = self.shop:counts()
  lu.assertEquals({ counts.orders, counts._prisma_migrations }, { 5, 6 })
  lu.assertEquals(self.shop.database:value([[select count(*) from information_schema.columns
    where table_name = 'orders' and column_name = 'note']]), 1)
  lu.assertStrContains(self.shop:run({ "flow", "--no-build" }).stdout, "No pending migrations to apply.")
end

function TestFlowScenarios:test_complete_reset_starts_afresh_and_keeps_what_was()
  lu.assertEquals(self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" }).status, 0)
  self.shop.database:query([[insert into users (id, email, name, updated_at)
    values ('mine', 'mine@example.com', 'Mine', now())]])
  local result = self.shop:run({ "flow" }, { RESET_DATABASE = "true", RUN_SEED = "true" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.shop:counts(), SEEDED)
  local undo = self.shop:run({ "reset", "undo", "--force" })
  lu.assertEquals(undo.status, 0, undo.text)
  lu.assertEquals(self.shop.database:value("select count(*) from public.users where id = 'mine'"), 1)
end

function TestFlowScenarios:test_seeding_again_changes_nothing()
  lu.assertEquals(self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" }).status, 0)
  local before = self.shop:content()
  local result = self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.shop:content(), before)
  lu.assertStrContains(result.stdout, "Category: 7 unchanged")
  lu.assertNotStrContains(result.stdout, "inserted")
  lu.assertNotStrContains(result.stdout, "updated")
end

function TestFlowScenarios:test_history_is_what_prisma_writes()
  lu.assertEquals(self.shop:run({ "migrate", "deploy" }).status, 0)
  local rows = self.shop.database:query([[select migration_name, checksum, finished_at is not null as finished,
    rolled_back_at is null as kept,
    applied_steps_count as steps, logs is null as quiet,
    id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' as uuid
    from _prisma_migrations order by started_at]])
  lu.assertEquals(#rows, 5)
  local hash = require("tilth.core.hash")
  for _, row in ipairs(rows) do
    local text = self.shop.folder:read(("prisma/migrations/%s/migration.sql"):format(row.migration_name))
    lu.assertEquals(row, {
      migration_name = row.migration_name, checksum = hash.sha256(text), finished = true, kept = true, steps = 1, quiet = true,
      uuid = true,
    })
  end
  lu.assertEquals(self.shop:run({ "migrate", "deploy" }).status, 0)
  lu.assertEquals(self.shop:counts()._prisma_migrations, 5)
end

return TestFlowScenarios
