--- tilth.migrate.status: where a database stands.
local lu = require("luaunit")

local status = require("tilth.migrate.status")

local TestMigrateStatus = {}

local function judge(migrations, rows, exists)
  return status.judge({ migrations = migrations, history = { exists = exists ~= false, rows = rows } })
end

local A <const>, B <const> = { name = "a" }, { name = "b" }
local A_APPLIED <const> = { migration_name = "a", finished_at = "t" }
local X_ROLLED_BACK <const> = { migration_name = "x", rolled_back_at = "t" }

function TestMigrateStatus:test_states_and_exit_statuses()
  local cases = {
    { { A }, { A_APPLIED }, "up to date", 0, 0 },
    { { A, B }, { A_APPLIED }, "pending", 1, 1 },
    { { A }, { { migration_name = "a", rolled_back_at = "t" } }, "pending", 1, 1 },
    { { A }, { { migration_name = "a" } }, "failed", 1, 3 },
    { { A, B }, { { migration_name = "a" } }, "failed", 1, 3 },
    { { A }, { { migration_name = "a", resumable = true } }, "pending", 1, 1 },
    { { A }, { A_APPLIED, { migration_name = "x", finished_at = "t" } }, "up to date", 0, 3 },
    { { A, B }, { A_APPLIED, { migration_name = "x", finished_at = "t" } }, "diverged", 1, 3 },
    { { A }, { A_APPLIED, X_ROLLED_BACK }, "up to date", 0, 0 },
    { { A }, { A_APPLIED, X_ROLLED_BACK, { migration_name = "x", finished_at = "t" } }, "up to date", 0, 3 },
    { { A, B }, { A_APPLIED, X_ROLLED_BACK }, "diverged", 1, 1 },
    { { { name = "a", changed = "edited" } }, { A_APPLIED }, "up to date", 0, 3 },
    { { { name = "a", changed = "line endings" } }, { A_APPLIED }, "up to date", 0, 0 },
  }
  for number, case in ipairs(cases) do
    local judged = judge(case[1], case[2])
    lu.assertEquals({ judged.state, judged.exit, judged.exact }, { case[3], case[4], case[5] }, "case " .. number)
  end
end

function TestMigrateStatus:test_database_without_history_and_migrations_is_not_managed()
  local judged = judge({}, {}, false)
  lu.assertEquals({ judged.state, judged.exit }, { "unmanaged", 1 })
  lu.assertStrContains(judged.text, "The current database is not managed by Prisma Migrate.")
end

function TestMigrateStatus:test_failed_names_the_commands_and_the_rest()
  local text = judge({ A, B }, { { migration_name = "a" } }).text
  lu.assertStrContains(text, 'resolve --rolled-back "a"')
  lu.assertStrContains(text, 'resolve --applied "a"')
  lu.assertStrContains(text, "Not yet applied:\nb")
end

function TestMigrateStatus:test_diverged_names_the_last_common_one()
  local text = judge({ A, B }, { A_APPLIED, { migration_name = "x", finished_at = "t" } }).text
  lu.assertStrContains(text, "The last common migration is: a")
end

function TestMigrateStatus:test_what_was_rolled_back_and_then_deleted_is_no_fault_of_the_checkout()
  local judged = judge({ A }, { A_APPLIED, X_ROLLED_BACK })
  lu.assertStrContains(judged.text, "Rolled back, and not in this checkout (nothing is to be done):\nx")
  lu.assertEquals({ judged.classes.missing, judged.classes.withdrawn }, { {}, { "x" } })
  lu.assertStrContains(judge({ A, B }, { A_APPLIED, X_ROLLED_BACK }).text, "not found locally in prisma/migrations:\nx")
end

function TestMigrateStatus:test_what_was_edited_is_said_in_every_state()
  local edited, endings = { name = "a", changed = "edited" }, { name = "a", changed = "line endings" }
  local missing, failed = { migration_name = "x", finished_at = "t" }, { migration_name = "b" }
  for state, rows in pairs({ ["up to date"] = { missing }, diverged = { missing }, failed = { failed } }) do
    local migrations = { edited, state ~= "up to date" and B or nil }
    local judged = judge(migrations, { A_APPLIED, table.unpack(rows) })
    lu.assertEquals(judged.state, state)
    lu.assertStrContains(judged.text, "Edited after they were applied (the database has what they were):\na")
    migrations[1] = endings
    lu.assertStrContains(judge(migrations, { A_APPLIED, table.unpack(rows) }).text, "nothing else differs:\na")
  end
end

function TestMigrateStatus:test_each_open_row_is_told_once_and_as_what_it_is()
  local cases = {
    { { resumable = true }, "stopped", "Stopped half-way; the next deploy goes on where they stopped:\na" },
    { { nothing_left = true }, "nothing_left", "nothing of it is in the database; the next deploy applies it again by itself:\na" },
    { { rolled_back_at = "t" }, "rolled_back", "Rolled back, and applied again by the next deploy:\na" },
  }
  for _, case in ipairs(cases) do
    case[1].migration_name = "a"
    local judged = judge({ A }, { case[1] })
    lu.assertStrContains(judged.text, case[3])
    for _, class in ipairs({ "stopped", "nothing_left", "rolled_back" }) do
      lu.assertEquals(judged.classes[class], class == case[2] and { "a" } or {}, case[2])
    end
  end
end

function TestMigrateStatus:test_diverged_names_what_is_missing_once()
  local text = judge({ A, B }, { A_APPLIED, { migration_name = "only_there", finished_at = "t" } }).text
  lu.assertEquals(select(2, text:gsub("only_there", "")), 1)
end

function TestMigrateStatus:test_row_of_a_deployment_at_work_is_running_and_not_failed()
  local holder = { pid = 7, text = "pid 7" }
  local judged = status.judge({ migrations = { A, B }, holder = holder,
    history = { exists = true, rows = { A_APPLIED, { migration_name = "b", running = true } } } })
  lu.assertEquals({ judged.state, judged.exit, judged.exact, judged.classes.running }, { "running", 1, 1, { "b" } })
  lu.assertStrContains(judged.text, "Following migration is being applied right now:\nb\n\nA deployment is at work: pid 7.")
  judged = status.judge({ migrations = { A }, holder = holder,
    history = { exists = true, rows = { { migration_name = "x" }, { migration_name = "a", running = true } } } })
  lu.assertEquals(judged.state, "failed")
  judged = status.judge({ migrations = { A, B }, holder = holder, history = { exists = true, rows = { A_APPLIED } } })
  lu.assertEquals(judged.state, "pending")
  lu.assertStrContains(judged.text, "A deployment is at work right now: pid 7.")
end

function TestMigrateStatus:test_line_of_prisma_is_kept()
  lu.assertStrContains(judge({ A }, { A_APPLIED }).text, "Database schema is up to date!")
end

return TestMigrateStatus
