--- Shows Lua values as people read them: tables with their keys in order, texts in quotes. Pure.
local inspect = {}

local array = require("tilth.array")

local DEEPEST <const>, MOST <const> = 4, 60
local WORDS <const> = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
  until while]]):gmatch("%a+") do
  WORDS[word] = true
end

--- The keys beside those of the list.
local function named_keys(value)
  return array.sorted_keys(value, function(key)
    return math.type(key) ~= "integer" or key < 1 or key > #value
  end)
end

local show

local function key_text(key, depth, seen)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") and not WORDS[key] then
    return key
  end
  return "[" .. show(key, depth, seen) .. "]"
end

local function parts_of(value, depth, seen)
  local parts = {}
  for index = 1, math.min(#value, MOST) do
    parts[index] = show(value[index], depth + 1, seen)
  end
  local left = #value - #parts
  for _, key in ipairs(named_keys(value)) do
    if #parts >= MOST then
      left = left + 1
    else
      parts[#parts + 1] = key_text(key, depth + 1, seen) .. " = " .. show(value[key], depth + 1, seen)
    end
  end
  if left > 0 then
    parts[#parts + 1] = ("... %d more"):format(left)
  end
  return parts
end

local function show_table(value, depth, seen)
  local meta = getmetatable(value)
  if type(meta) == "table" and meta.__tostring then
    return tostring(value)
  elseif seen[value] then
    return "{ itself }"
  elseif depth >= DEEPEST then
    return next(value) == nil and "{}" or "{ ... }"
  end
  seen[value] = true
  local parts = parts_of(value, depth, seen)
  seen[value] = nil
  if #parts == 0 then
    return "{}"
  end
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #line <= 90 - depth * 2 and not line:find("\n", 1, true) then
    return line
  end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(parts, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

function show(value, depth, seen)
  if type(value) == "string" then
    return (("%q"):format(value):gsub("\\\n", "\\n"):gsub("\27", "\\27"))
  elseif type(value) == "table" then
    return show_table(value, depth, seen)
  end
  return tostring(value)
end

--- A value as text.
-- @param value anything
-- @treturn string
function inspect.text(value)
  if type(value) == "string" then
    -- What comes out of a database must not steer the terminal.
    return (value:gsub("[%c\127]", function(character)
      return character:find("[\n\t]") and character or ("\\x%02x"):format(character:byte())
    end))
  end
  return show(value, 0, {})
end

return inspect
