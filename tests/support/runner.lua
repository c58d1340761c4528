--- Runs LuaUnit classes, with a temporary folder for each test and a search for what it left behind.
local runner = {}

local clock = require("tilth.core.clock")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local lu = require("luaunit")
local leaks = require("support.leaks")
local PATIENCE <const> = require("support.patience")

local Output = setmetatable({}, { __index = lu.genericOutput })
Output.__index = Output

--- An outputter of LuaUnit: a line for a file, and everything about a test that did not pass.
local function new_output(unit)
  local output = lu.genericOutput.new(unit)
  output.say = unit.say
  return setmetatable(output, Output)
end

function Output:startClass(name)
  self.class = { name = name, started = clock.monotonic(), passed = 0, failed = 0, skipped = {} }
end

function Output:endTest(node)
  local class = self.class
  if node:isSkipped() then
    local reason = node.msg or "no reason given"
    class.skipped[reason] = (class.skipped[reason] or 0) + 1
  elseif node:isNotSuccess() then
    class.failed = class.failed + 1
    self.say(("FAILED %s\n    %s\n    %s"):format(node.testName, (tostring(node.msg):gsub("\n", "\n    ")),
      (tostring(node.stackTrace or ""):gsub("\n", "\n    "))))
  else
    class.passed = class.passed + 1
  end
end

function Output:endClass()
  local class = self.class
  local parts = { ("%d passed"):format(class.passed) }
  if class.failed > 0 then parts[#parts + 1] = ("%d failed"):format(class.failed) end
  for reason, count in pairs(class.skipped) do parts[#parts + 1] = ("%d skipped: %s"):format(count, reason) end
  self.say(("%s: %s (%.2f s)"):format(class.name, table.concat(parts, ", "), clock.monotonic() - class.started))
end

function Output.endSuite() end

--- Gives the coming test a folder of its own.
local function enter(unit, name)
  unit.folder = ("%s/%s"):format(unit.home, name:gsub("[^%w_]+", "-"))
  assert(fs.mkdir(unit.folder))
  assert(fs.chmod(unit.folder, 493)) -- 493: rwxr-xr-x, for servers under another user
  env.set("TILTH_TEST_TMP", unit.folder)
  unit.before = leaks.snapshot(unit.watch)
end

--- Removes a folder, in which somebody who is ending may still write for a moment.
local function remove(path)
  local deadline = clock.monotonic() + PATIENCE
  local removed, message = fs.remove_tree(path)
  while not removed and clock.monotonic() < deadline do
    clock.sleep(0.05)
    removed, message = fs.remove_tree(path)
  end
  return removed, message
end

--- Turns what a test left behind into its failure, and cleans up.
local function leave(unit)
  local node = unit.result.currentNode
  local found = leaks.check(unit.before)
  if #found > 0 then
    unit:updateStatus({ status = "FAIL", msg = "the test left something behind:\n  " .. table.concat(found, "\n  ") })
  end
  if node:isSuccess() or node:isSkipped() then
    local removed, message = remove(unit.folder)
    if not removed then unit:updateStatus({ status = "FAIL", msg = "its folder cannot be removed: " .. message }) end
  elseif #(fs.list(unit.folder) or {}) > 0 then
    node.msg = ("%s\nits files are kept in %s"):format(tostring(node.msg), unit.folder)
    unit.kept = true
  else
    fs.remove_tree(unit.folder)
  end
end

--- Makes a LuaUnit runner.
-- @tparam table options `home` (a folder for the tests' folders), `watch` (a connection to the run's server, or nil),
-- `say` (takes a line of text)
-- @treturn table the runner
local function new_unit(options)
  local unit = lu.LuaUnit.new()
  unit.home, unit.watch, unit.say = options.home, options.watch, options.say
  unit.outputType = { new = new_output }
  -- LuaUnit looks these two up among the globals.
  unit.setupSuite, unit.teardownSuite = function() end, function() end
  function unit:startTest(name)
    enter(self, name)
    lu.LuaUnit.startTest(self, name)
  end
  function unit:endTest()
    leave(self)
    lu.LuaUnit.endTest(self)
  end
  return unit
end

--- Runs classes.
-- @tparam table classes list of `{ name, table of test methods }`
-- @tparam table options `home`, `watch`, `say`
-- @treturn table `{ passed, failed, skipped, kept = bool, names = list of the failed tests }`
function runner.run(classes, options)
  local unit = new_unit(options)
  unit:internalRunSuiteByInstances(classes)
  local result, names = unit.result, {}
  for _, list in ipairs({ result.failedTests, result.errorTests }) do
    for _, node in ipairs(list) do names[#names + 1] = node.testName end
  end
  return {
    passed = result.successCount, failed = result.notSuccessCount, skipped = result.skippedCount,
    kept = unit.kept or false, names = names,
  }
end

return runner
