--- tilth.config.lua: the one table of known keys, and the file's loading in an environment without the world.
local config = {}

local array = require("tilth.array")
local duration = require("tilth.duration")
local limits = require("tilth.limits")
local suggest = require("tilth.suggest")

-- A type is a word, or a table of keys for a nested table.
local KEYS <const> = {
  schema = "string",
  migrations = "string",
  seeds = "string",
  build = "command",
  protected = "boolean",
  branches = "map",
  environments = "map",
  reset = { stale = "stale", keep = "count", ties = "ties" },
  backup = { dir = "string", keep = "count", automatic = "boolean" },
  seed = { check = "boolean", timeout = "duration" },
  migrate = {
    lock_timeout = "duration", lock_patience = "duration", budget = "duration", statement_timeout = "duration",
    idle_timeout = "duration",
  },
  checks = "functions",
  severities = "severities",
  limits = {
    memory = "size", time = "duration", instructions = "number", reset_rows = "number", reset_bytes = "number",
    reset_quiet_days = "number", backup_scratch_bytes = "number",
  },
}

local STALE <const> = { refuse = true, skip = true, reset = true }
local TIES <const> = { refuse = true, keep = true }
local SEVERITIES <const> = { block = true, warn = true, note = true, off = true }

-- What a configuration may call: nothing that reaches files, processes, the clock or other modules' state.
local SAFE <const> = {
  "assert", "error", "ipairs", "next", "pairs", "select", "tonumber", "tostring", "type", "rawequal", "rawget", "rawlen",
}

local function is_list(value)
  return type(value) == "table" and (next(value) == nil or #value > 0)
end

local function all_strings(list)
  for _, item in ipairs(list) do
    if type(item) ~= "string" then
      return false
    end
  end
  return true
end

local function check_map(value)
  if type(value) ~= "table" then
    return "must be a table of branch name to environment"
  end
  for key, name in pairs(value) do
    if type(key) ~= "string" or type(name) ~= "string" then
      return "must map branch names to names of environments, both strings"
    end
  end
end

local function check_severities(value)
  local shape = "must map check ids to { severity = \"block\" | \"warn\" | \"note\" | \"off\", reason = \"why\" }"
  if type(value) ~= "table" then
    return shape
  end
  for _, id in ipairs(array.sorted_keys(value)) do
    local change = value[id]
    if type(id) ~= "string" or type(change) ~= "table" or not SEVERITIES[change.severity] then
      return shape
    end
    if type(change.reason) ~= "string" or change.reason:match("^%s*$") then
      return ("[\"%s\"] needs a reason that the report can show"):format(id)
    end
  end
end

local CHECKS <const> = {
  string = function(value)
    return (type(value) ~= "string" or value == "") and "must be a string that is not empty" or nil
  end,
  boolean = function(value)
    return type(value) ~= "boolean" and "must be true or false" or nil
  end,
  count = function(value)
    return (math.type(value) ~= "integer" or value < 0) and "must be a whole number, 0 or more" or nil
  end,
  duration = function(value)
    local known = (type(value) == "string" or type(value) == "number") and duration.parse(value)
    return not known and "must be a duration such as \"5s\", \"500ms\" or \"2min\"" or nil
  end,
  stale = function(value)
    return not STALE[value] and "must be \"refuse\", \"skip\" or \"reset\"" or nil
  end,
  ties = function(value)
    return not TIES[value] and "must be \"refuse\" or \"keep\"" or nil
  end,
  command = function(value)
    local good = (type(value) == "string" and value ~= "") or (is_list(value) and #value > 0 and all_strings(value))
    return not good and "must be a command (a string, or a list of its words)" or nil
  end,
  functions = function(value)
    if not is_list(value) then
      return "must be a list of functions"
    end
    for index, item in ipairs(value) do
      if type(item) ~= "function" then
        return ("[%d] must be a function(observed, plan)"):format(index)
      end
    end
  end,
  map = check_map,
  number = function(value)
    return (type(value) ~= "number" or value < 0) and "must be a number, 0 or more" or nil
  end,
  size = function(value)
    local good = type(value) == "number" or type(value) == "string" and value:find("^%s*%d[%d.]*%s*%a+%s*$")
    return not good and "must be a size such as \"256MB\", or a number of bytes" or nil
  end,
  severities = check_severities,
}

local function check_table(value, keys, prefix)
  for _, key in ipairs(array.sorted_keys(value)) do
    local item = value[key]
    local known = type(key) == "string" and keys[key]
    local name = prefix .. tostring(key)
    if not known then
      return ("unknown key \"%s\".%s"):format(name, suggest.hint(tostring(key), array.sorted_keys(keys)))
    end
    local problem
    if type(known) == "table" then
      if type(item) ~= "table" then
        return ("\"%s\" must be a table"):format(name)
      end
      problem = check_table(item, known, name .. ".")
      if problem then
        return problem
      end
    else
      problem = CHECKS[known](item)
      if problem then
        return ("\"%s\" %s"):format(name, problem)
      end
    end
  end
end

-- Library tables are copies, so that a configuration can't change what the program calls.
local function safe_environment()
  local env = {}
  for _, name in ipairs(SAFE) do
    env[name] = _G[name]
  end
  for _, name in ipairs({ "string", "table", "math", "utf8" }) do
    env[name] = {}
    for key, value in pairs(_G[name]) do
      env[name][key] = value
    end
  end
  return setmetatable({}, {
    __index = function(_, name)
      local value = env[name]
      if value == nil then
        error(("\"%s\" is not there for a configuration file"):format(tostring(name)), 2)
      end
      return value
    end,
    __newindex = function(_, name)
      error(("a configuration file may not set the global \"%s\"; use a local"):format(tostring(name)), 2)
    end,
    __metatable = false,
  })
end

local function at_line(message, file)
  local line, rest = message:match("^%[string \".-\"%]:(%d+): (.*)$")
  if not line then
    line, rest = message:match(":(%d+): (.*)$")
  end
  if line then
    return ("%s:%s: %s"):format(file, line, rest), math.tointeger(tonumber(line))
  end
  return file .. ": " .. message, nil
end

local function add_keys(keys, prefix, list)
  for _, name in ipairs(array.sorted_keys(keys)) do
    if type(keys[name]) == "table" then
      add_keys(keys[name], prefix .. name .. ".", list)
    else
      list[#list + 1] = { name = prefix .. name, type = keys[name] }
    end
  end
  return list
end

--- The keys that a configuration may have, for help texts and checks.
-- @treturn table list of { name = "migrate.lock_timeout", type = "duration" }, by name
function config.keys()
  return add_keys(KEYS, "", {})
end

--- Checks a configuration table.
-- @tparam table value what the file returned
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string what is wrong, with the key
-- @treturn[2] string "config"
function config.check(value)
  local problem = check_table(value, KEYS, "")
  if not problem and value.branches and value.environments then
    problem = "\"branches\" and \"environments\" mean the same; keep one"
  end
  if problem then
    return nil, problem, "config"
  end
  return true
end

--- Loads the text of a tilth.config.lua.
-- The file runs with the pure parts of Lua's library only, and must return a table of known keys.
-- @tparam string text the file
-- @tparam string file its name for messages
-- @treturn[1] table the configuration
-- @treturn[2] nil
-- @treturn[2] string message with file and line where known
-- @treturn[2] string "config"
-- @treturn[2] table { file, line, advice }
function config.load(text, file)
  -- As lua does with a file: some editors put a byte order mark in front.
  text = text:gsub("^\u{FEFF}", "")
  local chunk, syntax = load(text, "=" .. file, "t", safe_environment())
  if not chunk then
    local message, line = at_line(syntax, file)
    return nil, message, "config", { file = file, line = line, advice = "Correct the Lua in this file." }
  end
  local ok, value = limits.settle(tostring, chunk)
  if not ok then
    local message, line = at_line(value, file)
    return nil, message, "config", { file = file, line = line, advice = "Correct the Lua in this file." }
  end
  if type(value) ~= "table" then
    return nil, ("%s: the file must return a table, not %s"):format(file, type(value)), "config",
      { file = file, advice = "End the file with `return { ... }`." }
  end
  local good, problem = config.check(value)
  if not good then
    return nil, ("%s: %s"):format(file, problem), "config", { file = file, advice = "Correct the key in this file." }
  end
  return value
end

return config
