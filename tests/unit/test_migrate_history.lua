--- tilth.migrate.history: what rows mean, and the mark of a file that stopped half-way.
local lu = require("luaunit")

local history = require("tilth.migrate.history")

local TestMigrateHistory = {}

function TestMigrateHistory:test_state_of_a_row()
  lu.assertEquals(history.state({ finished_at = "t" }), "applied")
  lu.assertEquals(history.state({}), "failed")
  lu.assertEquals(history.state({ rolled_back_at = "t" }), "rolled back")
  lu.assertEquals(history.state({ rolled_back_at = "t", finished_at = "t" }), "rolled back")
end

function TestMigrateHistory:test_rows_are_sorted_by_name_and_state()
  local rows = {
    { migration_name = "a", rolled_back_at = "t", id = 1 }, { migration_name = "a", finished_at = "t", id = 2 },
    { migration_name = "b", id = 3 },
  }
  local found = history.by_name(rows)
  lu.assertEquals(found.a.applied.id, 2)
  lu.assertEquals(found.a.rolled_back.id, 1)
  lu.assertEquals(found.b.failed.id, 3)
  lu.assertNil(found.c)
end

function TestMigrateHistory:test_in_step_means_the_same_rows_and_nothing_else()
  local migrations = { { name = "1_a" }, { name = "2_b" }, listing = "aa/1_a/bb/2_b/" }
  for _, case in ipairs({
    { { rows = 2, unclear = 0, listing = "aa/1_a/bb/2_b/" }, true },
    { { rows = 2, unclear = 1, listing = "aa/1_a/bb/2_b/" }, false },
    { { rows = 3, unclear = 0, listing = "aa/1_a/bb/2_b/" }, false },
    { { rows = 1, unclear = 0, listing = "aa/1_a/bb/2_b/" }, false },
    { { rows = 2, unclear = 0, listing = "aa/1_a/cc/2_b/" }, false },
    { { rows = 0, unclear = 0 }, false },
  }) do
    lu.assertEquals(history.in_step(migrations, case[1]), case[2])
  end
  lu.assertTrue(history.in_step({ listing = "" }, { rows = 0, unclear = 0 }))
  lu.assertFalse(history.in_step({ { name = "1_a" } }, { rows = 1, unclear = 0, listing = "aa/1_a/" }), "a file that can't be read")
end

function TestMigrateHistory:test_rows_in_step_are_those_of_the_folder()
  lu.assertEquals(history.rows_in_step({ { name = "1_a", sha256 = "aa" } }),
    { { migration_name = "1_a", checksum = "aa", finished_at = true } })
end

function TestMigrateHistory:test_mark_is_read_back()
  local cases = {
    { {}, "", {} }, { { running = true }, "", { running = true } }, { { indexes = 3 }, "", { indexes = 3 } },
    { { already = true }, "", { already = true } }, { {}, history.STOPPED .. "1: x", { stopped = true } },
    { { running = true }, history.STOPPED .. "7: 9 of 9 done, 4 indexes before, text ff", { running = true, stopped = true } },
  }
  for number, case in ipairs(cases) do
    local progress = { done = 2, total = 5, prefix = "abc123", line = 7, running = case[1].running, indexes = case[1].indexes,
      already = case[1].already }
    local mark, expected = history.mark(progress), case[3]
    lu.assertStrContains(mark, "line 7")
    lu.assertEquals(history.read_mark(mark .. case[2]), {
      done = 2, total = 5, prefix = "abc123", running = expected.running or false, already = expected.already or false,
      stopped = expected.stopped or false, indexes = expected.indexes,
    }, "case " .. number)
  end
end

function TestMigrateHistory:test_logs_of_prisma_are_no_mark()
  lu.assertNil(history.read_mark(nil))
  lu.assertNil(history.read_mark(""))
  lu.assertNil(history.read_mark("A migration failed to apply. New migrations cannot be applied"))
end

function TestMigrateHistory:test_table_is_prismas()
  local sql = history.create_sql('"public"."_prisma_migrations"')
  lu.assertStrContains(sql, "applied_steps_count     INTEGER NOT NULL DEFAULT 0")
  lu.assertStrContains(sql, "id                      VARCHAR(36) PRIMARY KEY NOT NULL")
end

return TestMigrateHistory
