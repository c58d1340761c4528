--- Arrays: tables of values 1 to n. Pure.
local array = {}

--- Tells whether a value is in an array.
-- @tparam table values
-- @tparam any wanted
-- @treturn boolean
function array.has(values, wanted)
  for _, value in ipairs(values) do
    if value == wanted then
      return true
    end
  end
  return false
end

--- The keys of any table in an order that is the same in every run, which that of `pairs` is not: by type, then by value.
-- @tparam table map
-- @tparam[opt] function is_wanted(key) -> boolean: all by default
-- @treturn table list
function array.sorted_keys(map, is_wanted)
  local keys = {}
  for key in pairs(map) do
    if not is_wanted or is_wanted(key) then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, function(a, b)
    local kind, other = type(a), type(b)
    if kind ~= other then
      return kind < other
    elseif kind == "number" or kind == "string" then
      return a < b
    end
    return tostring(a) < tostring(b)
  end)
  return keys
end

return array
