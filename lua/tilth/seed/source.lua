--- Where `db:load` reads from: CSV, JSON, JSON Lines, lists and iterators, row by row.
local source = {}

local csv = require("tilth.csv")
local json = require("tilth.json")
local buffer = require("tilth.seed.buffer")
local operation = require("tilth.seed.operation")
local stream = require("tilth.seed.stream")
local json_items = require("tilth.seed.json_items")
local raw_csv = require("tilth.seed.raw_csv")

local CHUNK <const> = 65536

local Opened = {}
Opened.__index = Opened
Opened.__close = function(self)
  if self.file then
    self.file:close()
  end
  if self.second then
    self.second:close()
  end
end

local function path_of(session, input)
  return input:sub(1, 1) == "/" and input or session.folder .. "/" .. input
end

local function mapped(opened, next_row, map)
  if not map then
    return next_row
  end
  return function()
    while true do
      local row = next_row()
      if row == nil then
        return nil
      end
      local changed = map(row)
      if changed ~= nil then
        return changed
      end
      -- From here on the number of a row is not that of a record.
      opened.line_of = nil
    end
  end
end

local function raise_row(problem)
  error(problem.message, 0)
end

local function open_csv(session, path, options)
  if options.delimiter and not tostring(options.delimiter):find('^[^"\r\n]$') then
    return nil, ("the delimiter %q is not one character, or a quote or line end"):format(tostring(options.delimiter)), "usage"
  end
  local reader, file, code, detail = csv.open(path, { null = session.null, delimiter = options.delimiter, header = options.header })
  if not reader then
    return nil, file, code, detail
  end
  local first = {}
  for _, name in ipairs(reader.header) do
    first[name] = true
  end
  local size = file:seek("end")
  file:seek("set", math.min(CHUNK, size))
  return setmetatable({
    csv = reader, file = file, path = path, total = size, first = first, start = reader:offset(), before = reader:line() - 1,
    line_of = raw_csv.line_of,
    position = function() return file:seek() end,
    next = function()
      local row, problem = reader:row()
      if row == nil and problem then
        raise_row(problem)
      end
      return row
    end,
  }, Opened)
end

local function open_text(path, reader_of, line_of)
  local file, message, code = io.open(path, "rb")
  if not file then
    return nil, "the file cannot be read: " .. message, code
  end
  local size = file:seek("end")
  file:seek("set", 0)
  return setmetatable({
    file = file, path = path, total = size, position = function() return file:seek() end, next = reader_of(file, path), line_of = line_of,
  }, Opened)
end

local function lines_reader(file, path)
  local line = 0
  return function()
    while true do
      local text = file:read("L")
      if not text then
        return nil
      end
      line = line + 1
      if text:find("%S") then
        local row, message = json.decode(text)
        if type(row) ~= "table" or row[1] ~= nil then
          error(("%s:%d: %s"):format(path, line, message or "the line is not a JSON object"), 0)
        end
        return row
      end
    end
  end
end

--- The line of a JSON Lines file that holds a row.
local function line_of_object(opened, number)
  local line = 0
  for text in io.lines(opened.path) do
    line = line + 1
    number = text:find("%S") and number - 1 or number
    if number == 0 then
      return line
    end
  end
end

local function array_reader(file, path)
  return json_items.reader(function() return file:read(CHUNK) end, json.decode, path)
end

local FORMATS <const> = {
  csv = open_csv,
  json = function(_, path) return open_text(path, array_reader) end,
  jsonl = function(_, path) return open_text(path, lines_reader, line_of_object) end,
}
FORMATS.ndjson, FORMATS.tsv = FORMATS.jsonl, function(session, path, options)
  return open_csv(session, path, { delimiter = options.delimiter or "\t", header = options.header })
end

local function open_file(session, input, options)
  local path = path_of(session, input)
  local format = options.format or path:match("%.(%w+)$")
  local open = format and FORMATS[format:lower()]
  if not open then
    return nil, ("%s: not a file that db:load reads"):format(input), "usage",
      { advice = "It reads .csv, .tsv, .json, .jsonl and .ndjson; give another name's kind as { format = \"csv\" }." }
  end
  return open(session, path, options)
end

local function open_rows(input)
  if type(input) == "function" then
    return setmetatable({ next = input }, Opened)
  end
  local position = 0
  return setmetatable({ next = function()
    position = position + 1
    return input[position]
  end }, Opened)
end

--- Where a row stands, for errors: `file:line`.
-- @tparam integer number of the row
-- @treturn string|nil nil where only its number is known
function Opened:where(number)
  local line = self.line_of and self:line_of(number)
  return line and ("%s:%d"):format(self.path, line)
end

--- Opens what rows come from.
-- @param session { folder, null }
-- @param input   a path, function() -> row | nil, or a list
-- @param options `format`, `delimiter`, `header`, `map`
-- @return opened (close it) { next, first (a row, or one with the same fields), pending (the row before those of next),
--   total, position, where(number) } | nil, message, code, detail
function source.open(session, input, options)
  local opened, message, code, detail = operation.check_options(type(options) == "table" and options.verb or "upsert", options, true)
  if not opened then
    return nil, message, code
  elseif type(input) == "string" then
    opened, message, code, detail = open_file(session, input, options)
  elseif type(input) == "function" or type(input) == "table" then
    opened = open_rows(input)
  else
    return nil, ("a %s is no source of rows: give a path, a list or a function"):format(type(input)), "usage"
  end
  if not opened then
    return nil, message, code, detail
  end
  if options.map or not opened.first then
    local next_row = mapped(opened, opened.next, options.map)
    opened.mapped = options.map ~= nil
    opened.first = next_row()
    opened.pending, opened.next = opened.first, next_row
  end
  return opened
end

local function has_relation(op, row)
  for name in pairs(op.binding.relations) do
    if row[name] ~= nil then
      return true
    end
  end
  return false
end

--- Rows with relations: part by part, so that what hangs on them is written by sets.
local function write_parts(session, op, call, opened, write_rows)
  call.base = 0
  local row = opened.pending
  while row ~= nil do
    local rows = {}
    repeat
      rows[#rows + 1] = row
      row = opened.next()
    until row == nil or #rows == buffer.LIMIT
    write_rows(session, op, call, rows)
    call.base = call.base + #rows
    session.on_progress(call.base)
  end
end

--- Writes all rows of an opened source.
-- @tparam table session
-- @tparam table op
-- @tparam table call
-- @tparam table opened of source.open
-- @param write_rows function(session, op, call, rows): writes rows with relations
function source.write(session, op, call, opened, write_rows)
  if opened.first == nil then
    return
  end
  local found = raw_csv.shape(op, opened)
  if found then
    raw_csv.write(session, op, call, opened, found)
  elseif opened.pending ~= nil and has_relation(op, opened.pending) then
    write_parts(session, op, call, opened, write_rows)
  else
    stream.write(session, op, call, opened.next, opened.pending)
  end
end

return source
