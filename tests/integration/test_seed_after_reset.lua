--- Seeds that run once, and resets: what has run in the schema that lies in the bin has not run in the new one.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedAfterReset = {}

local SEED <const> = [[
return require("tilth.seed").define({ once = true, run = function(db) db:exec("insert into items default values") end })
]]

function TestSeedAfterReset:setUp()
  self.database = database.new()
  self.project = project.new({ package = { name = "p" }, seeds = { ["one.lua"] = SEED },
    migrations = { { "20260101000000_init", "create table items (id serial primary key);" } } })
end

function TestSeedAfterReset:tearDown()
  self.database:close()
end

local function flow(self, variables, args)
  variables.DATABASE_URL = self.database.url
  local result = program.run({ args = args or { "flow", "--no-build" }, cwd = self.project.path, env = variables })
  lu.assertEquals(result.status, 0, result.text)
  return result.text, self.database:value("select count(*) from items")
end

function TestSeedAfterReset:test_once_runs_in_the_new_schema_of_the_same_flow()
  lu.assertEquals(select(2, flow(self, { RUN_SEED = "true" })), 1)
  local text, count = flow(self, { RUN_SEED = "true", RESET_DATABASE = "true" })
  lu.assertEquals(count, 1, text)
  lu.assertStrContains(text, "Seeded one")
  text, count = flow(self, { RUN_SEED = "true" })
  lu.assertEquals(count, 1)
  lu.assertStrContains(text, "Seed one: runs once, and has run")
end

function TestSeedAfterReset:test_once_runs_in_a_later_flow_after_the_reset()
  flow(self, { RUN_SEED = "true" })
  lu.assertEquals(select(2, flow(self, { RESET_DATABASE = "true" })), 0)
  lu.assertStrContains(flow(self, {}, { "seed", "status" }), "never ran")
  lu.assertEquals(select(2, flow(self, { RUN_SEED = "true" })), 1)
end

function TestSeedAfterReset:test_an_undone_reset_brings_back_what_had_run()
  flow(self, { RUN_SEED = "true" })
  flow(self, { RESET_DATABASE = "true" })
  flow(self, {}, { "reset", "undo", "--force" })
  local text, count = flow(self, { RUN_SEED = "true" })
  lu.assertEquals(count, 1, text)
  lu.assertStrContains(text, "runs once, and has run")
end

function TestSeedAfterReset:test_what_ran_between_a_reset_and_its_undo_has_not_run()
  flow(self, {})
  flow(self, { RESET_DATABASE = "true", RUN_SEED = "true" })
  flow(self, {}, { "reset", "undo", "--force" })
  lu.assertEquals(self.database:value("select count(*) from items"), 0)
  lu.assertEquals(select(2, flow(self, { RUN_SEED = "true" })), 1)
end

--- Brings back what the newest entry of the bin holds.
local function undo(self)
  flow(self, {}, { "reset", "undo", "--force" })
end

--- Whether the seed counts as run in the tables that are in use, which a run of it must not double.
local function assert_ran(self, ran, count)
  local text = flow(self, {}, { "seed", "status" })
  lu.assertStrContains(text, ran and "ran (once)" or "never ran")
  lu.assertEquals(self.database:value("select count(*) from items"), count)
end

function TestSeedAfterReset:test_undos_of_undos_bring_back_what_had_run_in_either_schema()
  flow(self, {})
  flow(self, { RESET_DATABASE = "true", RUN_SEED = "true" })
  assert_ran(self, true, 1)
  for _ = 1, 2 do
    undo(self)
    assert_ran(self, false, 0)
    undo(self)
    assert_ran(self, true, 1)
  end
  local text, count = flow(self, { RUN_SEED = "true" })
  lu.assertEquals(count, 1, text)
end

function TestSeedAfterReset:test_undos_of_undos_do_not_lend_what_ran_in_the_other_schema()
  flow(self, { RUN_SEED = "true" })
  flow(self, { RESET_DATABASE = "true" })
  undo(self)
  assert_ran(self, true, 1)
  undo(self)
  assert_ran(self, false, 0)
  lu.assertEquals(select(2, flow(self, { RUN_SEED = "true" })), 1)
  assert_ran(self, true, 1)
  flow(self, { RESET_DATABASE = "true" })
  assert_ran(self, false, 0)
  undo(self)
  assert_ran(self, true, 1)
end

function TestSeedAfterReset:test_a_restored_backup_keeps_what_had_run()
  flow(self, { RUN_SEED = "true" })
  local file = self.project:join("saved.dump")
  flow(self, {}, { "backup", "--file", file })
  flow(self, {}, { "restore", file, "--force" })
  local text, count = flow(self, { RUN_SEED = "true" })
  lu.assertEquals(count, 1, text)
  lu.assertStrContains(text, "runs once, and has run")
end

--- As if the seed had run an hour ago: then what comes now is later, however quick the test is.
local function age_the_run(self)
  self.database:query("update tilth.seeds set ran_at = ran_at - interval '1 hour'")
end

function TestSeedAfterReset:test_a_schema_that_another_tool_made_anew_is_told_where_once_is_left_out()
  flow(self, { RUN_SEED = "true" })
  age_the_run(self)
  self.database:script("drop schema public cascade; create schema public")
  local text = flow(self, { RUN_SEED = "true" }, { "flow", "--no-build" })
  lu.assertStrContains(text, "There are no tables now: if another tool has emptied the database since")
  text = flow(self, { RUN_SEED = "true" })
  lu.assertStrContains(text, "The history of migrations begins later, on ")
  local _, count = flow(self, {}, { "reset", "--seed", "--force" })
  lu.assertEquals(count, 1)
  lu.assertNotStrContains(flow(self, { RUN_SEED = "true" }), "another tool")
end

return TestSeedAfterReset
