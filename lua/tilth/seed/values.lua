--- Turns Lua values into what PostgreSQL reads, by the type of the column.
local values = {}

local json = require("tilth.json")
local suggest = require("tilth.suggest")

local INTEGERS <const> = { int2 = true, int4 = true, int8 = true, oid = true }
local FLOATS <const> = { float4 = true, float8 = true }
local TIMES <const> = { timestamp = true, timestamptz = true, date = true }

--- Seconds from 1970 beyond which PostgreSQL has no timestamp (the year 294276).
local FARTHEST <const> = 9300000000000

--- The shortest decimal text that reads back as the same number.
-- @param number a float
-- @return text
function values.decimal(number)
  if number ~= number then
    return "NaN"
  elseif number == math.huge or number == -math.huge then
    return number > 0 and "Infinity" or "-Infinity"
  end
  local text = ("%.15g"):format(number)
  if tonumber(text) ~= number then
    text = ("%.17g"):format(number)
  end
  return text
end

local function plain(value, what)
  local kind = math.type(value) or type(value)
  if kind == "string" or kind == "integer" or kind == "boolean" then
    return value
  elseif kind == "float" then
    return values.decimal(value)
  end
  return nil, ("a %s cannot be %s; give it as text"):format(type(value), what)
end

local function integer(value, what)
  local whole = math.type(value) == "float" and math.tointeger(value)
  if whole then
    return whole
  elseif math.type(value) == "float" and value == math.floor(value) then
    return nil, ("%s is out of range for %s"):format(values.decimal(value), what)
  elseif math.type(value) == "float" then
    return nil, ("%s is not a whole number, as %s must be"):format(values.decimal(value), what)
  end
  return plain(value, what)
end

local function float(value, what)
  if math.type(value) == "float" then
    return value
  end
  return plain(value, what)
end

--- The date of a time in seconds. Years before 1 have their own names, and there is no year 0.
local function day_text(parts)
  local year = parts.year > 0 and parts.year or 1 - parts.year
  return ("%04d-%02d-%02d"):format(year, parts.month, parts.day), parts.year > 0 and "" or " BC"
end

local function epoch_text(value, kind)
  if value == math.huge or value == -math.huge then
    return value > 0 and "infinity" or "-infinity"
  elseif not (value > -FARTHEST and value < FARTHEST) then
    return nil, ("%s is no time in seconds since 1970"):format(values.decimal(value))
  end
  local seconds = math.floor(value)
  local parts = os.date("!*t", seconds)
  local day, era = day_text(parts)
  local millis = math.floor((value - seconds) * 1000 + 0.5)
  if kind == "date" then
    return day .. era
  end
  return ("%s %02d:%02d:%02d.%03d%s%s"):format(day, parts.hour, parts.min, parts.sec, math.min(millis, 999),
    kind == "timestamptz" and "+00" or "", era)
end

local function time_of(kind)
  return function(value, what)
    if type(value) == "number" then
      return epoch_text(value, kind)
    end
    return plain(value, what)
  end
end

local function bytes(value)
  if type(value) ~= "string" then
    return nil, ("a %s cannot be bytes; give a string"):format(type(value))
  end
  return "\\x" .. value:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end)
end

local function document(value)
  if type(value) == "string" then
    return value
  end
  local ok, text = pcall(json.encode, value)
  if not ok or not text then
    return nil, "the value cannot be written as JSON: " .. tostring(text)
  end
  return text
end

--- A function that accepts an enum's labels, and the names that the schema gives them; and the table of what it accepts.
local function enum(column, mapped)
  local labels, known = {}, {}
  for _, label in ipairs(column.enum.labels) do
    labels[label] = label
    known[#known + 1] = label
  end
  for name, label in pairs(mapped or {}) do
    if labels[label] and not labels[name] then
      labels[name] = label
      known[#known + 1] = name
    end
  end
  table.sort(known)
  return function(value)
    local label = labels[value]
    if label then
      return label
    end
    if type(value) ~= "string" then
      return nil, ("a %s cannot be a value of enum %s"):format(type(value), column.enum.name)
    end
    return nil, ("%q is no value of enum %s."):format(value, column.enum.name) .. suggest.hint(value, known)
  end, labels
end

local function scalar(base, kind, column, mapped)
  if kind == "e" and column.enum then
    return enum(column, mapped)
  elseif base == "json" or base == "jsonb" then
    return document
  elseif base == "bytea" then
    return bytes
  elseif INTEGERS[base] then
    return integer
  elseif FLOATS[base] then
    return float
  elseif TIMES[base] then
    return time_of(base)
  end
  return plain
end

local function array_item(convert, value, what)
  if value == nil or value == json.null then
    return "NULL"
  end
  local item, message = convert(value, what)
  if item == nil then
    return nil, message
  end
  if type(item) == "boolean" then
    return item and "t" or "f"
  elseif math.type(item) == "float" then
    return values.decimal(item)
  elseif type(item) == "number" then
    return tostring(item)
  end
  return '"' .. item:gsub('[\\"]', "\\%0") .. '"'
end

--- Why a table with other keys than those of its list is none.
local function no_list(value)
  for _, key in ipairs(require("tilth.array").sorted_keys(value)) do
    if math.type(key) ~= "integer" then
      return ("a table with the key %q cannot be a list"):format(tostring(key))
    elseif key < 1 or key > #value then
      return ("a table with the key %d and not all before it cannot be a list; db.null stands for NULL"):format(key)
    end
  end
end

local function array(convert)
  local function encode(value, what)
    if type(value) ~= "table" then
      return plain(value, what)
    end
    local parts = {}
    for index = 1, #value do
      local part, message
      if type(value[index]) == "table" and convert ~= document then
        part, message = encode(value[index], what)
      else
        part, message = array_item(convert, value[index], what)
      end
      if not part then
        return nil, ("element %d: %s"):format(index, message)
      end
      parts[index] = part
    end
    for key in pairs(value) do
      if math.type(key) ~= "integer" or key < 1 or key > #value then
        return nil, no_list(value)
      end
    end
    return "{" .. table.concat(parts, ",") .. "}"
  end
  return encode
end

--- What COPY writes right by itself: `pass` names the types by their first letters (string, integer, float, boolean).
local function stream_of(column, convert, is_enum, labels)
  if column.array then
    return { pass = (convert == bytes or is_enum) and "" or "s" }
  elseif is_enum then
    return { pass = "", labels = labels }
  elseif convert == bytes then
    return { pass = "", bytes = true }
  elseif convert == document then
    return { pass = "s" }
  elseif TIMES[column.base] then
    return { pass = "sb" }
  elseif convert == integer then
    return { pass = "sib" }
  end
  return { pass = "sifb" }
end

--- The function that converts a column's values: function(value) -> text | integer | float | boolean, or nil, message.
-- @param column a column of the catalog
-- @param mapped names of enum values in the schema -> labels in the database, or nil
-- @return function
-- @return true when text passes as it is
-- @return { pass, labels, bytes }: the values of a stream that need no call of the function
function values.converter(column, mapped)
  local convert, labels = scalar(column.array and column.element or column.base,
    column.array and column.element_kind or column.kind, column, mapped)
  local is_enum = column.kind == "e" or column.element_kind == "e"
  local stream = stream_of(column, convert, is_enum, labels)
  local loose = convert ~= bytes and not is_enum
  if column.array then
    convert = array(convert)
  end
  local what = "a value of type " .. column.type
  return function(value)
    return convert(value, what)
  end, loose, stream
end

return values
