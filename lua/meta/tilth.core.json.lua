---@meta tilth.core.json

-- JSON text to Lua values and back, 64-bit integers kept.

---@class tilth.core.json
local json = {}

---Detail has line, column_number and position
---@param text string
---@return any # value
---@return string? # message
---@return string?
---@return table? # detail
function json.decode(text) end

---Options are indent (spaces a level), sort (keys in byte order) and replace (U+FFFD for bytes that are not text, "NaN", "Infinity" and "-Infinity" for numbers that are none). Raises on what JSON has no form for.
---@param value any
---@param options? table
---@return string # text
function json.encode(value, options) end

---Marks a table as a list, so that an empty one becomes []
---@param table? table
---@return table
function json.array(table) end

---Is it a table that is marked as a list?
---@param value any
---@return boolean
function json.is_array(value) end

return json
