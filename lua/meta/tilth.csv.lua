---@meta tilth.csv

-- Reads comma-separated values (RFC 4180, as PostgreSQL's COPY understands it) with flat memory.
--
-- A field that is empty and not quoted is missing: it becomes `options.null`, by default nil (absent).
-- Options: `delimiter` (one byte, default ","), `header` (list of names, when the file has no header line),
-- `null` (what an empty unquoted field becomes).

---@class tilth.csv
local csv = {}

---@class tilth.CsvReader
local reader = {}

---Reads the next record's fields.
---@return table? # fields
---@return integer|table|nil # count
---@return integer? # line of its first byte
function reader:fields() end

---Reads the next record as a table keyed by the header's names.
---@return table? # row
---@return integer|table|nil # line
function reader:row() end

---The line at which the next record begins.
---@return integer
function reader:line() end

---The bytes of the input before the next record.
---@return integer
function reader:offset() end

---The input that follows the records read so far, for a consumer that parses CSV itself.
---@return function # () -> chunk | nil
function reader:rest() end

---Makes a reader over chunks of text.
---@param source function () -> chunk | nil
---@param options? table see above; `path` names the file in errors
---@return tilth.CsvReader? # reader with `header`
---@return string? # message
---@return string|integer|nil # "csv", or an errno
---@return table? # detail: file, line
function csv.reader(source, options) end

---Opens a file for reading.
---@param path string
---@param options? table see above
---@return tilth.CsvReader? # reader
---@return file*|string # file, to be closed
---@return string|integer|nil # "csv", or an errno
---@return table? # detail: file, line
function csv.open(path, options) end

---Parses a whole text.
---@param text string
---@param options? table see above; `path` names the file in errors
---@return table? # list of rows
---@return table|string # header
---@return string|integer|nil # "csv", or an errno
---@return table? # detail: file, line
function csv.parse(text, options) end

---Reads a whole file.
---@param path string
---@param options? table see above
---@return table? # list of rows
---@return table|string # header
---@return string|integer|nil # "csv", or an errno
---@return table? # detail: file, line
function csv.read(path, options) end

---Iterates over a file's rows, one in memory at a time: `for row, line in csv.rows(path) do`.
---The file closes with the loop.
---@param path string
---@param options? table see above
---@return function # iterator
---@return |nil
---@return |nil
---@return file* # file
function csv.rows(path, options) end

return csv
