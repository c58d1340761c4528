--- tilth.migrate.plan: which migrations are pending.
local lu = require("luaunit")

local plan = require("tilth.migrate.plan")

local TestMigratePlan = {}

local function observed(names, rows)
  local migrations = {}
  for position, name in ipairs(names) do
    migrations[position] = { name = name, path = "/m/" .. name .. "/migration.sql", sha256 = "s" .. position }
  end
  return { migrations = migrations, history = { exists = true, rows = rows } }
end

local function names_of(actions)
  local names = {}
  for position, action in ipairs(actions) do
    names[position] = action.name
  end
  return names
end

function TestMigratePlan:test_pending_by_history()
  local applied = { migration_name = "a", finished_at = "t" }
  local cases = {
    { {}, { "a", "b" } },
    { { applied }, { "b" } },
    { { { migration_name = "a", rolled_back_at = "t" } }, { "a", "b" } },
    { { { migration_name = "a", rolled_back_at = "t" }, applied }, { "b" } },
    { { { migration_name = "a" } }, { "b" } },
    { { { migration_name = "a", finished_at = "t", rolled_back_at = "t" } }, { "a", "b" } },
    { { { migration_name = "gone", finished_at = "t" } }, { "a", "b" } },
    { { { migration_name = "a", resumable = true, id = "x" } }, { "a", "b" } },
    { { { migration_name = "a", nothing_left = true, id = "x" } }, { "a", "b" } },
  }
  for number, case in ipairs(cases) do
    lu.assertEquals(names_of((plan.actions(observed({ "a", "b" }, case[1])))), case[2], "case " .. number)
  end
end

function TestMigratePlan:test_action_carries_what_the_file_is()
  local action = plan.actions(observed({ "a" }, { { migration_name = "a", resumable = true, id = "x" } }))[1]
  lu.assertEquals(action, { kind = "migrate", name = "a", path = "/m/a/migration.sql", sha256 = "s1", resume = "x" })
end

function TestMigratePlan:test_prismas_lines_are_kept()
  local _, skipped = plan.actions(observed({}, {}))
  lu.assertEquals(skipped[1].why, "No migration found in prisma/migrations")
  lu.assertEquals(skipped[2].why, "No pending migrations to apply.")
  _, skipped = plan.actions(observed({ "a" }, {}))
  lu.assertEquals(skipped[1].why, "1 migration found in prisma/migrations")
  lu.assertNil(skipped[2])
  _, skipped = plan.actions(observed({ "a", "b" }, {}))
  lu.assertEquals(skipped[1].why, "2 migrations found in prisma/migrations")
end

return TestMigratePlan
