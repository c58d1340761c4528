--- Durations as people write them: "5s", "500ms", "2min", "1h30min".
local duration = {}

local UNITS <const> = { ms = 0.001, s = 1, sec = 1, m = 60, min = 60, h = 3600, d = 86400 }

--- Reads a duration.
-- @tparam string|number value "5s", "500ms", "2min", "1h30min", or plain seconds
-- @treturn[1] number seconds
-- @treturn[2] nil when it is not a duration
function duration.parse(value)
  if type(value) == "number" then
    return value >= 0 and value == value and value < math.huge and value or nil
  end
  if type(value) ~= "string" then
    return nil
  end
  local text = value:match("^%s*(.-)%s*$")
  if text:find("^%d+%.?%d*$") then
    return tonumber(text)
  end
  local total, at = 0, 1
  while at <= #text do
    local first, last, number, unit = text:find("^(%d+%.?%d*)%s*(%a+)%s*", at)
    if not first or not UNITS[unit] then
      return nil
    end
    total, at = total + tonumber(number) * UNITS[unit], last + 1
  end
  return #text > 0 and total or nil
end

return duration
