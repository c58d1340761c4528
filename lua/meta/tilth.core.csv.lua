---@meta tilth.core.csv

-- comma-separated values (RFC 4180), record by record out of chunks of text. A record that is not complete yet is gone on with, not begun again.

---@class tilth.core.csv
local csv = {}

---@class tilth.CsvParser: userdata
local parser = {}

---The next chunk; without one the input has ended
---@param text? string
function parser:feed(text) end

---The next record as a list; false: feed me; nil alone: the input is over
---@param width? integer
---@return any|false|nil # fields
---@return integer|string|nil # count
---@return string? # line
function parser:fields(width) end

---The keys of the rows
---@param names table
function parser:header(names) end

---The line at which the next record begins
---@return integer
function parser:line() end

---The bytes before the next record
---@return integer
function parser:offset() end

---What has been fed and not been read; the parser forgets it
---@return string # text
function parser:rest() end

---The next record, keyed by the header; false: feed me; nil alone: the input is over
---@return any|false|nil # row
---@return string? # line
---@return string? # line
function parser:row() end

---Passes over bytes at the start of a record
---@param count integer
function parser:skip(count) end

---Empty is what an empty unquoted field becomes
---@param delimiter string
---@param empty? any
---@return tilth.CsvParser # parser
function csv.parser(delimiter, empty) end

return csv
