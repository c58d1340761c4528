--- Tests scripts/flow.lua as a team's script: a copy does what `tilth flow` does, with steps of its own in between.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestFlowSteps = {}

function TestFlowSteps:setUp()
  self.database = database.new()
  self.project = project.new({
    migrations = { { "20240101000000_a", "create table a (id int primary key);" } },
    seeds = { ["first.lua"] = [[return require("tilth.seed").define({ run = function(db) db:upsert("a", { { id = 1 } }) end })]] },
    config = [[return { build = { "sh", "-c", "echo built" } }]],
  })
  self.standard = assert(fs.read(env.get("TILTH_SOURCE") .. "/scripts/flow.lua"))
end

function TestFlowSteps:tearDown()
  self.database:close()
end

--- Runs a copy of the standard script with more lines behind the plan.
function TestFlowSteps:run(steps, options)
  options = options or {}
  local text, count = self.standard:gsub("\nflow%.plan%(world%)\n", "\nflow.plan(world)\n" .. (steps or ""):gsub("%%", "%%%%") .. "\n")
  assert(count == 1)
  self.project:write("deploy.lua", text)
  local args = { "run" }
  table.move(options.before or {}, 1, #(options.before or {}), #args + 1, args)
  args[#args + 1] = "deploy.lua"
  table.move(options.args or {}, 1, #(options.args or {}), #args + 1, args)
  local variables = { DATABASE_URL = self.database.url, RUN_SEED = "true" }
  for name, value in pairs(options.env or {}) do variables[name] = value end
  return program.run({ args = args, cwd = self.project.path, env = variables })
end

function TestFlowSteps:test_the_script_is_short()
  local _, lines = self.standard:gsub("\n", "")
  lu.assertTrue(lines < 60)
end

function TestFlowSteps:test_a_copy_says_what_tilth_flow_says()
  local options = { cwd = self.project.path, env = { DATABASE_URL = self.database.url, RUN_SEED = "true" }, args = { "flow" } }
  local function plain(text) return (text:gsub("%d+%.?%d* m?s", "TIME")) end
  local by_command = program.run(options)
  lu.assertEquals(by_command.status, 0, by_command.text)
  self.database:close()
  self.database = database.new()
  local by_copy = self:run()
  lu.assertEquals(by_copy.status, 0, by_copy.text)
  lu.assertEquals(plain(by_copy.stdout):gsub("t_%x+", "DB"), plain(by_command.stdout):gsub("t_%x+", "DB"))
end

function TestFlowSteps:test_steps_run_in_their_places()
  local result = self:run([[
    local function say(text) return function(db) print(text, db:value("select to_regclass('a') is not null")) end end
    flow.step(world, "after", "build", "last", say("after build"))
    flow.step(world, "before", "build", "packed", say("before build"))
    flow.step(world, "after", "migrate", "views", function(db) print("rows", db:value("select count(*) from a")) end)
    flow.step(world, "before", "migrate", "early", say("before migrate"))
    flow.step(world, "after", "seed", "seeded", function(db) print("rows", db:value("select count(*) from a")) end)]])
  lu.assertEquals(result.status, 0, result.text)
  local order = {}
  for line in result.stdout:gmatch("[^\n]+") do
    order[#order + 1] = line:match("^before migrate.*") or line:match("^rows.*") or line:match("^before build.*")
      or line:match("^built$") or line:match("^after build.*")
  end
  lu.assertEquals(order, { "before migrate\tfalse", "rows\t0", "rows\t1", "before build\ttrue", "built", "after build\ttrue" })
  lu.assertStrContains(result.stdout, "Step views (")
end

function TestFlowSteps:test_a_step_is_in_the_document_and_in_the_ledger()
  local result = self:run([[flow.step(world, "after", "migrate", "views", function(db) db:exec("create view v as select 1") end)]],
    { before = { "--json" } })
  lu.assertEquals(result.status, 0, result.text)
  local document = assert(json.decode(result.stdout), result.text)
  lu.assertEquals(document.outcome.steps[2].kind, "step")
  lu.assertEquals(document.outcome.steps[2].name, "views")
  lu.assertTrue(self.database:has("v"))
  lu.assertEquals(self.database:value("select count(*) from tilth.builds where outcome::text like '%views%'"), 1)
  local told = program.run({ args = { "history" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
  lu.assertStrContains(told.stdout, "1 migration, 1 seed, 1 step, 1 build")
end

function TestFlowSteps:test_a_failing_step_ends_the_flow_with_its_line()
  local result = self:run([[flow.step(world, "after", "migrate", "views", function(db) db:exec("create view v as select nosuch") end)]])
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "step views: deploy.lua:")
  lu.assertStrContains(result.stderr, 'column "nosuch" does not exist')
  lu.assertNotStrContains(result.stdout, "Seeded")
  lu.assertNotStrContains(result.stdout, "built")
end

function TestFlowSteps:test_a_failing_step_before_the_migrations_takes_the_reset_back()
  lu.assertEquals(self:run().status, 0)
  self.database:query("insert into a values (77)")
  local result = self:run([[flow.step(world, "before", "migrate", "early", function() error("no", 0) end)]],
    { env = { RESET_DATABASE = "true" } })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertTrue(self.database:has("a"), result.text)
  lu.assertEquals(self.database:value("select count(*) from a where id = 77"), 1)
end

function TestFlowSteps:test_an_open_transaction_is_rolled_back_and_told()
  local result = self:run([[flow.step(world, "after", "migrate", "views", function(db)
    db:begin() db:exec("insert into a values (9)") end)]])
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "left a transaction open")
  lu.assertEquals(self.database:value("select count(*) from a"), 0)
end

function TestFlowSteps:test_a_dry_run_names_the_step_and_does_not_run_it()
  local result = self:run([[flow.step(world, "after", "migrate", "views", function() print("ran") end)]], { args = { "--dry-run" } })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "would run the step views")
  lu.assertNotStrContains(result.stdout, "ran\n")
  lu.assertFalse(self.database:has("a"))
end

function TestFlowSteps:test_a_mistyped_option_does_nothing()
  local result = self:run("", { args = { "--dryrun" } })
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, "unknown argument --dryrun. Did you mean")
  lu.assertFalse(self.database:has("a"))
end

function TestFlowSteps:test_wrong_use_of_step_is_an_error_of_the_script()
  for _, case in ipairs({
    { [[flow.step(world, "behind", "migrate", "x", print)]], '"before" or "after"' },
    { [[flow.step(world, "after", "deploy", "x", print)]], '"reset", "migrate", "seed" or "build"' },
    { [[flow.step(world, "after", "migrate", "x")]], "is a function" },
    { [[flow.step(world, "after", "migrate", "x", print) flow.step(world, "after", "seed", "x", print)]], 'a step "x" already' },
  }) do
    local result = self:run(case[1])
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.stderr, case[2])
    lu.assertStrContains(result.stderr, "deploy.lua:")
    lu.assertFalse(self.database:has("a"))
  end
end

return TestFlowSteps
