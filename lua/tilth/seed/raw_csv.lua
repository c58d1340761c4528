--- Large CSV files go to the server as they are, without a detour through Lua tables.
local raw_csv = {}

local csv = require("tilth.csv")
local buffer = require("tilth.seed.buffer")
local stream = require("tilth.seed.stream")

local LEAST_BYTES <const> = 262144
local CHUNK <const> = 65536
local TICK <const> = 16

--- From here on a line of `\.` is a value like any other; before, COPY takes it for the end of the data.
local WITHOUT_MARKER <const> = 180000

--- The shape of a CSV file whose text the server can read as it is, or nil.
-- @tparam table op
-- @param opened of tilth.seed.source
function raw_csv.shape(op, opened)
  if not opened.csv or opened.mapped or opened.total < LEAST_BYTES then
    return nil
  end
  local found = buffer.shape_of(op, opened.first)
  if not found or found.fills then
    return nil
  end
  for index = 1, found.given do
    if not found.loose[index] and found.columns[index].base == "bytea" then
      return nil
    end
    local field = op.binding:field_of(found.columns[index])
    if field.enum_map then
      return nil
    end
  end
  return found
end

--- A second reader of the file's records, from the first one on.
local function records(opened, file)
  if file:seek("set", opened.start) then
    return csv.reader(function() return file:read(CHUNK) end,
      { delimiter = opened.csv.delimiter, header = opened.csv.header, path = opened.path })
  end
end

--- The line at which a record begins: a quoted field may go over several.
-- @param opened of tilth.seed.source
-- @tparam integer number of the record
-- @treturn integer|nil
function raw_csv.line_of(opened, number)
  local file <close> = io.open(opened.path, "rb")
  local reader = file and records(opened, file)
  for at = 1, reader and number or 0 do
    local fields, _, line = reader:fields()
    if not fields then
      return nil
    elseif at == number then
      return opened.before + line
    end
  end
end

--- What is wrong with a file that the server could not take apart, in the words of our own reader.
local function problem_of(opened)
  local file <close> = io.open(opened.path, "rb")
  local reader = file and records(opened, file)
  local problem
  repeat
    local fields, count = nil, nil
    if reader then
      fields, count = reader:fields()
    end
    problem = count
  until not fields
  return type(problem) == "table" and problem.message:match("^.-:%d+: (.*)$"), problem and problem.line and opened.before + problem.line
end

--- Tells whether a record begins at a byte of the text, and not a line within a quoted field; and its line. The bytes come in order.
local function boundaries(opened)
  if opened.second then
    opened.second:close()
  end
  opened.second = io.open(opened.path, "rb")
  local reader = opened.second and records(opened, opened.second)
  return function(byte)
    while reader and reader:offset() < byte do
      if not reader:fields() then
        return true, "?"
      end
    end
    return not reader or reader:offset() == byte, reader and opened.before + reader:line() or "?"
  end
end

--- Passes chunks on, and stops at a record that the server would take for the end of the data: it would ignore the rest in silence.
local function watched(session, op, opened, more)
  if session.db:info().server_version >= WITHOUT_MARKER then
    return more
  end
  local tail, passed, begins_at = "\n", -1, nil
  local function look(text, ending)
    local from = 1
    while true do
      local at = text:find("\\.", from, true)
      if not at then
        return
      end
      local after = text:sub(at + 2, at + 2)
      if text:find("^[\r\n]", at - 1) and (after == "\n" or after == "\r" or after == "" and ending) then
        begins_at = begins_at or boundaries(opened)
        local real, line = begins_at(passed + at - 1)
        if real then
          session.on_error(op, { where = ("%s:%s"):format(opened.path, line) },
            "a line that holds only \\. would end the data, and the rows after it would be lost", "22P04",
            { advice = "If it is a value, write it in quotes: \"\\.\"" })
        end
      end
      from = at + 2
    end
  end
  return function()
    local chunk = more()
    if chunk and not chunk:find("\\", 1, true) and tail:byte(-1) ~= 92 and tail:sub(-2) ~= "\\." then
      passed, tail = passed + #tail + #chunk - 1, chunk:sub(-1)
      return chunk
    end
    local text = tail .. (chunk or "")
    look(text, not chunk)
    local keep = math.min(#text, 3)
    passed, tail = passed + #text - keep, text:sub(-keep)
    return chunk
  end
end

--- The unread text of the file; the second call begins at the same place.
local function texts(session, op, opened)
  local read = 0
  local function chunks(more)
    return watched(session, op, opened, function()
      read = read + 1
      if read % TICK == 0 then
        session.on_progress(0)
      end
      return more()
    end)
  end
  return chunks(opened.csv:rest()), function()
    return opened.file:seek("set", opened.start) and chunks(function() return opened.file:read(CHUNK) end)
  end
end

--- Writes the rows of a file.
-- @tparam table session
-- @tparam table op
-- @tparam table call
-- @param opened of tilth.seed.source
-- @param found  of `shape`
function raw_csv.write(session, op, call, opened, found)
  session.buffer:flush()
  local columns = {}
  for index, name in ipairs(opened.csv.header) do
    columns[index] = op.binding:field(name).column
  end
  local text, again = texts(session, op, opened)
  local function place(line)
    return { where = ("%s:%s"):format(opened.path, line or "?") }
  end
  local inserted, updated, unchanged = stream.copy(session, op, found, {
    columns = columns, source = text, again = again,
    format = (" with (format csv, delimiter %s, null '')"):format(session.db:literal(opened.csv.delimiter)),
    place_of = function(line, code)
      local why, at
      if code == "22P04" then
        why, at = problem_of(opened)
      end
      return place(at or opened.before + line), why
    end,
    place_of_row = function(number) return place(raw_csv.line_of(opened, number)) end,
  })
  session.on_counts(op, call, inserted, updated, unchanged)
end

return raw_csv
