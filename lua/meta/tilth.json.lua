---@meta tilth.json

-- JSON text to Lua values and back.
--
-- 64-bit integers are kept, and a float stays a float (1.0 is written as 1.0). JSON's null is `json.null`, the same value
-- as the database's `pg.null`. A list that was read is marked as one, so that an empty list is written as `[]` again.

---@class tilth.json
local json = {}

---The value of JSON's null.
---@type any
json.null = nil

---Reads JSON text. Integers beyond 64 bits and zero characters (\u0000) are errors.
---@param text string UTF-8; a byte order mark is skipped
---@return any # value
---@return string? # message that begins with line and column
---@return string? # "json"
---@return table? # detail: `line`, `column_number` (in characters), `position` (in bytes, from 1)
function json.decode(text) end

---Writes a value as JSON text. An empty table is an object unless marked by `json.array`.
---Raises, with the path to the value, on what JSON has no form for: functions, tables that are both list and object,
---lists with holes, NaN, text that is not UTF-8 or holds a zero byte, tables that hold themselves.
---@param value any
---@param options? table `indent` (spaces a level; absent: one line), `sort` (object keys in byte order), `replace` (U+FFFD for bytes that are not text, "NaN", "Infinity" and "-Infinity" for numbers that are none, as PostgreSQL's to_json writes them, where the value comes from outside, such as a program's output)
---@return string # text
function json.encode(value, options) end

---Marks a table as a list.
---@param list? table a new one when absent
---@return table # the same table
function json.array(list) end

---Is a value a table that is marked as a list?
---@param value any
---@return boolean
function json.is_array(value) end

---A copy of a value in which the fields that were null are absent; lists in it are not marked.
---@param value any
---@return any
function json.without_nulls(value) end

return json
