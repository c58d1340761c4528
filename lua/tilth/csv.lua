--- Reads comma-separated values (RFC 4180, as PostgreSQL's COPY understands it) with flat memory.
--
-- A field that is empty and not quoted is missing: it becomes `options.null`, by default nil (absent).
-- Options: `delimiter` (one byte, default ","), `header` (list of names, when the file has no header line),
-- `null` (what an empty unquoted field becomes).
local csv = {}

local core = require("tilth.core.csv")
local option_names = require("tilth.option_names")

local CHUNK <const> = 65536
local BOM <const> = "\u{FEFF}"

-- A mistyped delimiter must not read a file in another way.
local OPTIONS <const> = { "delimiter", "header", "null", "path" }

local function failure(path, line, text)
  local where = path and ("%s:%d: "):format(path, line) or ("line %d: "):format(line)
  return { message = where .. text, code = "csv", file = path, line = line }
end

local reader = {}
reader.__index = reader

-- Calls a method of the parser, and gives it text until it has a whole record.
local function read(self, method, argument)
  local parser = self.parser
  while true do
    local value, second, third = method(parser, argument)
    if value then
      return value, second, third
    elseif value == nil then
      return nil, second and failure(self.path, third, second)
    end
    local chunk = self.source()
    parser:feed(chunk ~= "" and chunk or nil)
  end
end

--- Reads the next record's fields.
-- @treturn[1] table fields
-- @treturn[1] integer count
-- @treturn[1] integer line of its first byte
-- @treturn[2] nil at the end of the input
-- @treturn[3] nil
-- @treturn[3] table error: message, code, file, line
function reader:fields()
  return read(self, self.parser.fields, self.width)
end

local function read_header(self, header)
  if not header then
    local count, problem
    header, count = self:fields()
    if not header then
      problem = count
      return nil, problem or failure(self.path, 1, "the file is empty; its first line must name the columns")
    end
    for index = 1, count do
      if type(header[index]) ~= "string" then
        return nil, failure(self.path, 1, ("column %d has no name in the header line"):format(index))
      end
    end
  end
  local seen = {}
  for index, name in ipairs(header) do
    if seen[name] then
      return nil, failure(self.path, 1, ("column %q stands twice in the header line (%d and %d)"):format(name, seen[name], index))
    end
    seen[name] = index
  end
  self.header, self.width = header, #header
  self.parser:header(header)
  return header
end

--- Reads the next record as a table keyed by the header's names.
-- @treturn[1] table row
-- @treturn[1] integer line
-- @treturn[2] nil at the end of the input
-- @treturn[3] nil
-- @treturn[3] table error: message, code, file, line
function reader:row()
  return read(self, self.parser.row)
end

--- The line at which the next record begins.
-- @treturn integer
function reader:line()
  return self.parser:line()
end

--- The bytes of the input before the next record.
-- @treturn integer
function reader:offset()
  return self.parser:offset()
end

--- The input that follows the records read so far, for a consumer that parses CSV itself.
-- @treturn function () -> chunk | nil
function reader:rest()
  local first = self.parser:rest()
  return function()
    local chunk = first ~= "" and first or self.source()
    first = ""
    return chunk
  end
end

--- Makes a reader over chunks of text.
-- @tparam function source () -> chunk | nil
-- @tparam[opt] table options see above; `path` names the file in errors
-- @treturn[1] Reader reader with `header`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer "csv", or an errno
-- @treturn[2] table detail: file, line
function csv.reader(source, options)
  options = options or {}
  option_names.check("csv", options, OPTIONS)
  local delimiter = options.delimiter or ","
  local first = source() or ""
  while #first < #BOM do
    local more = source()
    if not more or more == "" then
      break
    end
    first = first .. more
  end
  local self = setmetatable({
    source = source, parser = core.parser(delimiter, options.null), path = options.path, delimiter = delimiter,
  }, reader)
  self.parser:feed(first)
  self.parser:skip(first:sub(1, #BOM) == BOM and #BOM or 0)
  local header, problem = read_header(self, options.header)
  if not header then
    return nil, problem.message, problem.code, problem
  end
  return self
end

--- Opens a file for reading.
-- @tparam string path
-- @tparam[opt] table options see above
-- @treturn[1] Reader reader
-- @treturn[1] file* file, to be closed
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer "csv", or an errno
-- @treturn[2] table detail: file, line
function csv.open(path, options)
  local file, message, code = io.open(path, "rb")
  if not file then
    return nil, ("the CSV file cannot be read: %s"):format(message), code
  end
  local settings = { path = path }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  local self, problem, word, detail = csv.reader(function() return file:read(CHUNK) end, settings)
  if not self then
    file:close()
    return nil, problem, word, detail
  end
  return self, file
end

local function all_rows(self)
  local rows = {}
  while true do
    local row, problem = self:row()
    if row then
      rows[#rows + 1] = row
    elseif problem then
      return nil, problem.message, problem.code, problem
    else
      return rows, self.header
    end
  end
end

--- Parses a whole text.
-- @tparam string text
-- @tparam[opt] table options see above; `path` names the file in errors
-- @treturn[1] table list of rows
-- @treturn[1] table header
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer "csv", or an errno
-- @treturn[2] table detail: file, line
function csv.parse(text, options)
  local sent = false
  local self, message, code, detail = csv.reader(function()
    if not sent then
      sent = true
      return text
    end
  end, options)
  if not self then
    return nil, message, code, detail
  end
  return all_rows(self)
end

--- Reads a whole file.
-- @tparam string path
-- @tparam[opt] table options see above
-- @treturn[1] table list of rows
-- @treturn[1] table header
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer "csv", or an errno
-- @treturn[2] table detail: file, line
function csv.read(path, options)
  local self, file, code, detail = csv.open(path, options)
  if not self then
    return nil, file, code, detail
  end
  local rows, header, word, problem = all_rows(self)
  file:close()
  return rows, header, word, problem
end

--- Iterates over a file's rows, one in memory at a time: `for row, line in csv.rows(path) do`.
-- The file closes with the loop.
-- @tparam string path
-- @tparam[opt] table options see above
-- @treturn function iterator
-- @treturn nil
-- @treturn nil
-- @treturn file* file
-- @raise a message when the file cannot be read or is malformed, as io.lines does
function csv.rows(path, options)
  local self, file = csv.open(path, options)
  if not self then
    error(file, 2)
  end
  return function()
    local row, line = self:row()
    if not row and line then
      error(line.message, 0)
    end
    return row, line
  end, nil, nil, file
end

return csv
