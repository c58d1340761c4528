--- Chooses which variables go into a .env file: what is named exactly goes, a pattern never takes flags or secrets. Pure.
local env_export = {}

local array = require("tilth.array")
local suggest = require("tilth.suggest")
local variable = require("tilth.variable")

local function kind_of(name, value)
  if variable.is_flag(name) then
    return "flag", "a flag of database operations"
  end
  local why = variable.secret(name, value)
  if why then
    return "secret", "looks like a secret: " .. why
  end
  return "plain"
end

local function pattern_of(glob)
  return "^" .. glob:gsub("%*", ".*") .. "$"
end

local function take(chosen, name, value, exact)
  if chosen.taken[name] then
    return
  end
  local kind, why = kind_of(name, value)
  if kind ~= "plain" and not exact then
    if not chosen.refused[name] then
      chosen.refused[name] = true
      chosen.left_out[#chosen.left_out + 1] = { name = name, why = why }
    end
    return
  end
  chosen.taken[name] = true
  chosen.variables[#chosen.variables + 1] = { name = name, value = value, kind = kind, why = why,
    public = variable.is_public(name) or nil }
end

local function missing(name, from)
  local detail = { advice = "Set it for this build (in Amplify: App settings, Environment variables), or leave it out of the command." }
  if from.files and from.files[name] then
    detail.advice = ("It stands in %s; what reads .env files finds it there without any export. "
      .. "To export it all the same, set it in the environment."):format(from.files[name])
    return nil, ("the variable %s is not set in the environment"):format(name), "config", detail
  end
  local near = suggest.nearest(name, array.sorted_keys(from.env))
  return nil, ("the variable %s is not set%s"):format(name, near and ("; did you mean " .. near .. "?") or ""), "config", detail
end

local function take_pattern(chosen, glob, from)
  local before, refused, pattern = #chosen.variables, #chosen.left_out, pattern_of(glob)
  local met = false
  for _, name in ipairs(array.sorted_keys(from.env)) do
    if name:find(pattern) and name:find("^[%a_][%w_]*$") then
      met = true
      take(chosen, name, from.env[name], false)
    end
  end
  if not met then
    return nil, ("no variable is called %s"):format(glob), "config",
      { advice = "Set such a variable for this build, or leave the pattern out of the command." }
  elseif #chosen.variables == before and #chosen.left_out > refused then
    local names = {}
    for index = refused + 1, #chosen.left_out do
      names[#names + 1] = chosen.left_out[index].name
    end
    return nil, ("%s matches only variables that a pattern never takes: %s"):format(glob, table.concat(names, ", ")), "unsafe",
      { advice = "What is meant to ship, name exactly: tilth env export " .. names[1] }
  end
  return true
end

--- Chooses variables.
-- @tparam table names what was asked for: names, or patterns with `*`
-- @tparam table from { env = name to value, secrets = name to value (taken by exact name only),
--   files = name to the .env file that has it }
-- @treturn[1] table { variables = list of { name, value, kind = "plain"|"secret"|"flag", why, public },
--   left_out = list of { name, why } }
-- @treturn[2] nil
-- @treturn[2] string message, never holding a value
-- @treturn[2] string "usage", "config" or "unsafe"
-- @treturn[2] table { advice }
function env_export.choose(names, from)
  local chosen = { variables = {}, left_out = {}, taken = {}, refused = {} }
  for _, name in ipairs(names) do
    if not name:find("^[%a_][%w_*]*$") then
      return nil, "a name is made of letters, digits and _, and begins with a letter (a pattern also has *)", "usage",
        { advice = "For example: tilth env export API_URL \"NEXT_PUBLIC_*\". "
          .. "Values are read from the environment, not from the command line." }
    end
    if name:find("*", 1, true) then
      local ok, message, code, detail = take_pattern(chosen, name, from)
      if not ok then
        return nil, message, code, detail
      end
    else
      local value = from.env[name] or (from.secrets or {})[name]
      if not value then
        return missing(name, from)
      end
      take(chosen, name, value, true)
    end
  end
  local left_out = {}
  for _, entry in ipairs(chosen.left_out) do
    if not chosen.taken[entry.name] then
      left_out[#left_out + 1] = entry
    end
  end
  return { variables = chosen.variables, left_out = left_out }
end

return env_export
