--- How much memory, time and instructions a script or seed may use: `limits` in tilth.config.lua.
local limits = {}

local array = require("tilth.array")
local core = require("tilth.core.limit")
local duration = require("tilth.duration")
local errors = require("tilth.seed.errors")

local UNITS <const> = {
  B = 1, KB = 1 << 10, MB = 1 << 20, GB = 1 << 30, KIB = 1 << 10, MIB = 1 << 20, GIB = 1 << 30,
}

local function read_size(value)
  if type(value) == "number" then
    return value
  end
  local number, unit = value:match("^%s*([%d.]+)%s*(%a+)%s*$")
  return tonumber(number) and UNITS[unit:upper()] and tonumber(number) * UNITS[unit:upper()]
end

local READERS <const> = {
  memory = { read = read_size, shape = "a size such as \"256MB\"" },
  time = { read = duration.parse, shape = "a duration such as \"10min\"" },
  instructions = { read = tonumber, shape = "a number, such as 1e9" },
}

--- Reads the limits of a configuration.
-- @tparam[opt] table config the table of tilth.config.lua
-- @treturn[1] table { memory = bytes, time = seconds, instructions = n, text = { name = as it was written } }
-- @treturn[2] nil when none is set
-- @treturn[3] nil
-- @treturn[3] string message
-- @treturn[3] string "config"
function limits.read(config)
  local given, found = config and config.limits, nil
  for _, name in ipairs(given and array.sorted_keys(READERS) or {}) do
    local reader, value = READERS[name], given[name]
    if value ~= nil then
      local number = reader.read(value)
      if not number or number <= 0 then
        return nil, ("limits.%s in tilth.config.lua must be %s"):format(name, reader.shape), "config"
      end
      found = found or { text = {} }
      found[name], found.text[name] = number, tostring(math.tointeger(value) or value)
    end
  end
  return found
end

--- What a configuration may take, in instructions: a loop without an end is over in a second or two.
local SETTLED <const> = 100000000

local MESSAGES <const> = {
  memory = "not enough memory: the limit of %s (limits.memory in tilth.config.lua) is used up",
  time = "it took longer than the limit of %s (limits.time in tilth.config.lua)",
  instructions = "it ran more than the limit of %s instructions (limits.instructions in tilth.config.lua)",
}

local ADVICE <const> = {
  memory = "Work through the rows in pieces (db:load takes an iterator, db:copy_out a function), or raise the limit.",
  time = "What was running has been cancelled and rolled back. Make it quicker, or raise the limit.",
  instructions = "Is there a loop without an end? If not, raise the limit.",
}

--- Runs a function within limits. Where limits hold already, those stay in charge.
-- @tparam table|nil limit of `read`; nil for none
-- @tparam function|nil handler of errors, as of xpcall; it sees no error about a limit
-- @tparam function fn
-- @param ... its arguments
-- @treturn[1] boolean true, then what fn returned
-- @treturn[2] boolean false
-- @return[2] what the handler made of the error; or an error object with code "limit"
function limits.call(limit, handler, fn, ...)
  if not limit or core.active() then
    return xpcall(fn, handler or function(raised)
      return raised
    end, ...)
  end
  local results = table.pack(core.call(limit, handler, fn, ...))
  if results[1] then
    return table.unpack(results, 1, results.n)
  end
  local which = results[3]
  if not which then
    return false, results[2]
  end
  return false, errors.new(MESSAGES[which]:format(tostring(limit.text[which])), "limit", { advice = ADVICE[which], limit = which })
end

--- Runs a function of a configuration. It has nothing to wait for, so that one which does not end is an error.
-- @tparam function handler of errors, as of xpcall; it sees no error about the limit
-- @tparam function fn
-- @param ... its arguments
-- @treturn[1] boolean true, then what fn returned
-- @treturn[2] boolean false
-- @return[2] what the handler made of the error, or a text
function limits.settle(handler, fn, ...)
  if core.active() then
    return xpcall(fn, handler, ...)
  end
  -- In somebody's own Lua a coverage tool or a debugger may have set a hook, which the limit takes the place of.
  local hook, mask, step = debug.gethook()
  local results = table.pack(core.call({ instructions = SETTLED }, handler, fn, ...))
  if type(hook) == "function" then
    debug.sethook(hook, mask, step)
  end
  if results[1] then
    return table.unpack(results, 1, results.n)
  end
  return false, results[3] and ("it ran more than %d million instructions: is there a loop without an end?"):format(SETTLED // 1000000)
    or results[2]
end

return limits
