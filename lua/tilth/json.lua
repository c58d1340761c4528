--- JSON text to Lua values and back.
--
-- 64-bit integers are kept, and a float stays a float (1.0 is written as 1.0). JSON's null is `json.null`, the same value
-- as the database's `pg.null`. A list that was read is marked as one, so that an empty list is written as `[]` again.
local json = {}

local core = require("tilth.core.json")

--- The value of JSON's null.
json.null = core.null

--- Reads JSON text. Integers beyond 64 bits and zero characters (\u0000) are errors.
-- @function decode
-- @tparam string text UTF-8; a byte order mark is skipped
-- @treturn any value
-- @treturn[2] nil
-- @treturn[2] string message that begins with line and column
-- @treturn[2] string "json"
-- @treturn[2] table detail: `line`, `column_number` (in characters), `position` (in bytes, from 1)
json.decode = core.decode

--- Writes a value as JSON text. An empty table is an object unless marked by `json.array`.
-- Raises, with the path to the value, on what JSON has no form for: functions, tables that are both list and object,
-- lists with holes, NaN, text that is not UTF-8 or holds a zero byte, tables that hold themselves.
-- @function encode
-- @tparam any value
-- @tparam[opt] table options `indent` (spaces a level; absent: one line), `sort` (object keys in byte order),
--   `replace` (U+FFFD for bytes that are not text, "NaN", "Infinity" and "-Infinity" for numbers that are none, as PostgreSQL's
--   to_json writes them, where the value comes from outside, such as a program's output)
-- @treturn string text
json.encode = core.encode

--- Marks a table as a list.
-- @function array
-- @tparam[opt] table list a new one when absent
-- @treturn table the same table
json.array = core.array

--- Is a value a table that is marked as a list?
-- @function is_array
-- @tparam any value
-- @treturn bool
json.is_array = core.is_array

--- A copy of a value in which the fields that were null are absent; lists in it are not marked.
-- @tparam any value
-- @treturn any
function json.without_nulls(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for key, entry in pairs(value) do
    if entry ~= json.null then
      copy[key] = json.without_nulls(entry)
    end
  end
  return copy
end

return json
