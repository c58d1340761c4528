--- Reads comma-separated values (RFC 4180, as PostgreSQL's COPY understands it) with flat memory.
--
-- A field that is empty and not quoted is missing: it becomes `options.null`, by default nil (absent).
-- Options: `delimiter` (one byte, default ","), `header` (list of names, when the file has no header line),
-- `null` (what an empty unquoted field becomes).
local csv = {}

local CHUNK <const> = 65536
local BOM <const> = "\u{FEFF}"
local QUOTE <const> = 34

local function failure(path, line, text)
  local where = path and ("%s:%d: "):format(path, line) or ("line %d: "):format(line)
  return { message = where .. text, code = "csv", file = path, line = line }
end

local reader = {}
reader.__index = reader

-- Appends the next chunk to what is not yet parsed; false at the end of the input.
local function fill(self, position)
  if self.ended then
    return false
  end
  local chunk = self.source()
  if not chunk or chunk == "" then
    self.ended = true
    return false
  end
  self.buffer = self.buffer:sub(position) .. chunk
  return true
end

-- The quoted field that begins at `position`: value, position after the closing quote, or nil when the buffer ends inside.
local function quoted(buffer, position)
  local from, doubled = position + 1, false
  while true do
    local close = buffer:find('"', from, true)
    if not close then
      return nil
    end
    if buffer:byte(close + 1) ~= QUOTE then
      local value = buffer:sub(position + 1, close - 1)
      return doubled and value:gsub('""', '"') or value, close + 1
    end
    doubled, from = true, close + 2
  end
end

-- One record from the buffer's start position into `fields`: next position, count, whether a field was quoted;
-- or nil, error (false: needs more input).
local function record(self, fields, start)
  local buffer, position, count, find, sub = self.buffer, start, 0, string.find, string.sub
  local last, any_quoted = #buffer, false
  while true do
    local stop
    count = count + 1
    if buffer:byte(position) == QUOTE then
      local value, after = quoted(buffer, position)
      if not value or (after > last and not self.ended) then
        return nil, self.ended and "a quoted field is never closed" or false
      end
      stop = find(buffer, self.pattern, after)
      if (stop or last + 1) ~= after then
        return nil, ("text follows the closing quote of field %d; a quote inside a field is written twice"):format(count)
      end
      fields[count], any_quoted = value, true
    else
      stop = find(buffer, self.pattern, position)
      if not stop and not self.ended then
        return nil, false
      end
      local value = sub(buffer, position, (stop or last + 1) - 1)
      if find(value, '"', 1, true) then
        return nil, ("a quote stands inside field %d, which is not quoted; put the whole field in quotes"):format(count)
      end
      if value == "" then
        fields[count] = self.null
      else
        fields[count] = value
      end
    end
    if not stop then
      return last + 1, count, any_quoted
    end
    local byte = buffer:byte(stop)
    if byte == 10 then
      return stop + 1, count, any_quoted
    elseif byte == 13 then
      if stop == last and not self.ended then
        return nil, false
      end
      return buffer:byte(stop + 1) == 10 and stop + 2 or stop + 1, count, any_quoted
    end
    position = stop + 1
  end
end

local function count_lines(text, from, to)
  local lines, position = 0, from
  while true do
    position = text:find("\n", position, true)
    if not position or position > to then
      return lines
    end
    lines, position = lines + 1, position + 1
  end
end

--- Reads the next record's fields.
-- @return fields, count, line of its first byte; or nil at the end of the input, or nil, error
function reader:fields()
  local fields = {}
  while true do
    if self.position > #self.buffer then
      local from = self.position
      if not fill(self, from) then
        return nil
      end
      self.position = 1
    end
    local after, count, any_quoted = record(self, fields, self.position)
    if after then
      local line = self.line
      self.line = line + (any_quoted and math.max(count_lines(self.buffer, self.position, after - 1), 1) or 1)
      local blank = count == 1 and self.buffer:sub(self.position, after - 1):find("^[\r\n]*$")
      self.position = after
      if not (blank and self.width ~= 1) then
        return fields, count, line
      end
    elseif count then
      return nil, failure(self.path, self.line, count)
    elseif fill(self, self.position) then
      self.position = 1
    end
    -- At the end of the input `ended` is now set, and the record is parsed again as the last one.
  end
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
  return header
end

--- Reads the next record as a table keyed by the header's names.
-- @return row, line; or nil at the end of the input, or nil, error
function reader:row()
  local fields, count, line = self:fields()
  if not fields then
    return nil, count
  end
  local header = self.header
  if count ~= self.width then
    return nil, failure(self.path, line, ("%d fields where the header names %d columns"):format(count, self.width))
  end
  local row = {}
  for index = 1, count do
    row[header[index]] = fields[index]
  end
  return row, line
end

--- The input that follows the records read so far, for a consumer that parses CSV itself.
-- @return function() -> chunk | nil
function reader:rest()
  local first = self.buffer:sub(self.position)
  self.buffer, self.position = "", 1
  return function()
    if first and first ~= "" then
      local chunk = first
      first = nil
      return chunk
    end
    first = nil
    return self.source()
  end
end

--- Makes a reader over chunks of text.
-- @param source function() -> chunk | nil
-- @param options see the top of this file; `path` names the file in errors
-- @return reader with `header`; or nil, message, "csv", detail
function csv.reader(source, options)
  options = options or {}
  local delimiter = options.delimiter or ","
  assert(#delimiter == 1 and not delimiter:find('["\r\n]'), "the delimiter must be one byte, and no quote or line end")
  local self = setmetatable({
    source = source, buffer = source() or "", position = 1, line = 1, path = options.path, null = options.null,
    delimiter = delimiter, pattern = "[" .. (delimiter:find("%w") and delimiter or "%" .. delimiter) .. "\r\n]",
  }, reader)
  while #self.buffer < #BOM and fill(self, 1) do end
  if self.buffer:sub(1, #BOM) == BOM then
    self.position = #BOM + 1
  end
  local header, problem = read_header(self, options.header)
  if not header then
    return nil, problem.message, problem.code, problem
  end
  return self
end

--- Opens a file for reading.
-- @return reader, file (close it); or nil, message, errno | "csv", detail
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
-- @return list of rows, header; or nil, message, "csv", detail
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
-- @return list of rows, header; or nil, message, errno | "csv", detail
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
-- The file closes with the loop. Raises when the file cannot be read or is malformed, as `io.lines` does.
-- @return iterator, nil, nil, file
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
