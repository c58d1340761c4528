--- The names of a call's options, where a slip would do something else than was asked.
local option_names = {}

--- Raises an error at the caller's line for options that are no table, and for a name that is not known.
-- @tparam string of what takes the options, such as "migrate.deploy"
-- @tparam table options
-- @tparam table known list of names
-- @tparam[opt] integer level of the call to blame: 1, the default, is whoever called the function that asks
function option_names.check(of, options, known, level)
  level = (level or 1) + 2
  if type(options) ~= "table" then
    error(("%s: the options are a table, not a %s"):format(of, type(options)), level)
  end
  local is_known = {}
  for _, name in ipairs(known) do
    is_known[name] = true
  end
  for _, name in ipairs(require("tilth.array").sorted_keys(options)) do
    if not is_known[name] then
      local hint = require("tilth.suggest").hint(tostring(name), known)
      error(("%s: there is no option %q.%s"):format(of, tostring(name), hint), level)
    end
  end
end

return option_names
