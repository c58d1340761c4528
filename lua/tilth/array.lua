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

return array
