--- Finds the test files and the tests in them.
local collect = {}

local fs = require("tilth.core.fs")

--- The kinds of tests, each a folder, in the order in which they run.
collect.KINDS = { "unit", "core", "integration", "fault", "conformance" }

--- Kinds that run only when they are named: they need a release that has been built.
collect.ON_REQUEST = { "portable" }

--- A class whose only test says why a file could not be loaded.
local function broken(message)
  return { test_file_loads = function() error(message, 0) end }
end

--- Loads one file; what is wrong with it becomes a failing test.
local function load_file(path)
  local chunk, message = loadfile(path)
  if not chunk then return broken(message) end
  local ok, class = xpcall(chunk, debug.traceback)
  if not ok then return broken(class) end
  if type(class) ~= "table" then return broken(path .. " does not return its table of test methods") end
  return class
end

--- Whether one of the patterns is in a test's name; no pattern means every test.
local function matches(name, patterns)
  for _, pattern in ipairs(patterns) do
    if name:find(pattern, 1, true) then return true end
  end
  return #patterns == 0
end

--- The part of a class that was asked for; set-up methods always stay.
local function select(class, name, patterns)
  local selected, count = {}, 0
  for key, value in pairs(class) do
    local is_test = type(key) == "string" and key:find("^test") and type(value) == "function"
    if not is_test or matches(name .. "." .. key, patterns) then
      selected[key] = value
      if is_test then count = count + 1 end
    end
  end
  return setmetatable(selected, getmetatable(class)), count
end

--- Collects tests.
-- @tparam string root the folder `tests`
-- @tparam table kinds names out of `KINDS`
-- @tparam table patterns plain text to look for in `kind/test_file.test_name`
-- @treturn table list of `{ "kind/test_file", class }`, those without a test left out
function collect.classes(root, kinds, patterns)
  local classes = {}
  for _, kind in ipairs(kinds) do
    for _, entry in ipairs(fs.list(root .. "/" .. kind) or {}) do
      local file = entry.name:match("^(test_[%w_]+)%.lua$")
      if file then
        local name = kind .. "/" .. file
        local class, count = select(load_file(("%s/%s.lua"):format(root, name)), name, patterns)
        if count > 0 then classes[#classes + 1] = { name, class } end
      end
    end
  end
  return classes
end

return collect
