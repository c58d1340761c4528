--- Gathers the rows of verbs, call after call, and writes them set by set: never a query a row.
local buffer = {}

local culprit = require("tilth.seed.culprit")
local merge = require("tilth.seed.merge")
local shape = require("tilth.seed.shape")

--- Up to here one statement with array parameters is quicker than COPY into a temporary table.
buffer.LIMIT = 5000

local Buffer = {}
Buffer.__index = Buffer

--- Makes a buffer.
-- @param db   Db
-- @param null the value that stands for NULL
-- @param on_counts function(op, call, inserted, updated, unchanged)
-- @param on_error  function(op, place, message, code, detail): raises
-- @return Buffer
function buffer.new(db, null, on_counts, on_error)
  return setmetatable({
    db = db, null = null, on_counts = on_counts, on_error = on_error, count = 0, keys = {}, groups = {}, calls = {},
  }, Buffer)
end

local function clear(self)
  self.op, self.count, self.keys, self.groups, self.calls = nil, 0, {}, {}, {}
end

--- A value as the message of an error shows it.
local function shown(value, null)
  if value == nil or value == null then
    return "NULL"
  elseif type(value) == "string" then
    return #value > 60 and ("%q..."):format(value:sub(1, 57)) or ('"' .. value .. '"')
  end
  return tostring(value)
end

--- "email = \"a@b\"" for a row, for messages.
-- @param op  { binding, key }
-- @param get function(column name) -> value
-- @tparam any null
function buffer.key_text(op, get, null)
  local parts = {}
  for index, name in ipairs(op.key) do
    parts[index] = op.binding:field_of(op.binding.table.columns[name]).name .. " = " .. shown(get(name), null)
  end
  return table.concat(parts, ", ")
end

--- The shape of a row under an operation, cached there.
-- @tparam table op
-- @tparam table row
-- @return shape | nil, message, detail
function buffer.shape_of(op, row)
  local signature = shape.signature(row)
  local found = op.shapes[signature]
  if not found then
    local message, detail
    found, message, detail = shape.new(op, row)
    if not found then
      return nil, message, detail
    end
    op.shapes[signature] = found
  end
  return found
end

local function convert(self, op, found, row, number)
  local out, null = {}, self.null
  for index = 1, found.given do
    local value = row[found.keys[index]]
    if value ~= null and not (found.loose[index] and type(value) == "string") then
      local converted, message = found.convert[index](value)
      if converted == nil then
        self.on_error(op, { row = number, source = row }, ("%s: %s"):format(found.keys[index], message), "22023",
          { column = found.columns[index].name })
      end
      value = converted
    end
    out[index] = value
  end
  for index = found.given + 1, #found.columns do
    out[index] = found.convert[index]()
  end
  return out
end

--- One text for the values of a row's key. "1" and 1 are the same key to the server.
local function key_of(self, op, found, out, number)
  local parts = {}
  for index, position in ipairs(found.key_positions) do
    local value = out[position]
    if value == self.null then
      self.on_error(op, { row = number }, ("the key field %s is NULL, which is never equal to another"):format(
        tostring(found.keys[position])), "23502", { column = op.key[index] })
    end
    parts[index] = tostring(value)
  end
  return #parts == 1 and parts[1] or table.concat(parts, "\0")
end

local function group_of(self, found)
  local group = self.groups[found]
  if not group then
    group = { shape = found, arrays = {}, count = 0, calls = {}, numbers = {} }
    for index = 1, #found.columns do
      group.arrays[index] = {}
    end
    self.groups[found], self.groups[#self.groups + 1] = group, group
  end
  return group
end

--- Adds a row of a call. Rows of another operation are written first, so that the order of the calls holds.
-- @param op     the operation, the same table for calls that may be written together
-- @param call   what the counts are kept for
-- @param row    table
-- @param number its number in the call
function Buffer:add(op, call, row, number)
  if self.op and self.op ~= op then
    self:flush()
  end
  if type(row) ~= "table" then
    self.on_error(op, { row = number }, ("row %d is a %s, not a table"):format(number, type(row)), "usage")
  end
  local found, message, detail = buffer.shape_of(op, row)
  if not found then
    self.on_error(op, { row = number, source = row }, message, "usage", detail)
  end
  local out = convert(self, op, found, row, number)
  local key = key_of(self, op, found, out, number)
  local earlier = self.keys[key]
  if earlier and earlier.call == call then
    self.on_error(op, { row = number, source = row }, ("rows %d and %d have the same key"):format(earlier.number, number), "21000",
      { advice = "Take one of the two rows out; which of them should win cannot be known." })
  elseif earlier or self.count >= buffer.LIMIT then
    self:flush()
  end
  self.op = op
  self.keys[key] = { call = call, number = number }
  if self.calls[#self.calls] ~= call then
    self.calls[#self.calls + 1] = call
  end
  local group = group_of(self, found)
  local at = group.count + 1
  group.count, self.count = at, self.count + 1
  group.calls[at], group.numbers[at] = call, number
  for index = 1, #out do
    group.arrays[index][at] = out[index]
  end
end

local function place_of(group, at)
  return {
    call = group.calls[at], row = group.numbers[at],
    get = function(name)
      local position = group.shape.position[name]
      return position and group.arrays[position][at]
    end,
  }
end

--- The row that holds all the values which a server's error names as those of a key.
local function row_of_key(group, detail)
  local names, texts = (detail.detail or ""):match("Key %((.-)%)=%((.-)%)")
  local columns, wanted = {}, {}
  for name in (names or ""):gmatch('"?([^,"]+)"?,?%s*') do
    columns[#columns + 1] = name
  end
  for text in (texts and texts .. ", " or ""):gmatch("(.-), ") do
    wanted[#wanted + 1] = text
  end
  for at = 1, #columns > 0 and group.count or 0 do
    local all = true
    for index, name in ipairs(columns) do
      local position = group.shape.position[name]
      all = all and position and tostring(group.arrays[position][at]) == wanted[index]
    end
    if all then
      return at
    end
  end
end

local function numbers_of(text)
  local list = {}
  for number in (text or ""):gmatch("%d+") do
    list[#list + 1] = tonumber(number)
  end
  return list
end

local function report_counts(self, op, group, row, many)
  if not many then
    self.on_counts(op, group.calls[1], merge.counts(row, group.count))
    return
  end
  local tallies, order = {}, {}
  local function tally(call)
    if not tallies[call] then
      tallies[call] = { inserted = 0, updated = 0, rows = 0 }
      order[#order + 1] = call
    end
    return tallies[call]
  end
  for at = 1, group.count do
    local entry = tally(group.calls[at])
    entry.rows = entry.rows + 1
  end
  for _, kind in ipairs({ "inserted", "updated" }) do
    for _, at in ipairs(numbers_of(row[kind .. "_rows"])) do
      local entry = tally(group.calls[at])
      entry[kind] = entry[kind] + 1
    end
  end
  -- What the server did not write after all: the last calls are the likeliest to have met it there.
  local short = row.inserted + row.updated - row.written
  for index = #order, 1, -1 do
    local entry = tallies[order[index]]
    local taken = math.min(short, entry.inserted)
    entry.inserted, short = entry.inserted - taken, short - taken
  end
  for _, call in ipairs(order) do
    local entry = tallies[call]
    self.on_counts(op, call, entry.inserted, entry.updated, entry.rows - entry.inserted - entry.updated)
  end
end

--- A zero byte is no text to the server: the row and the field that hold one.
local function fail_zero_byte(self, op, group, index)
  local found, at = group.shape, 1
  while at < group.count and not tostring(group.arrays[index][at]):find("\0", 1, true) do
    at = at + 1
  end
  self.on_error(op, place_of(group, at), ("%s: holds a NUL byte, which PostgreSQL text cannot"):format(
    found.keys[index] or found.columns[index].name), "22021", { column = found.columns[index].name })
end

--- The values of some rows of a group as parameters.
local function parameters_of(self, op, group, first, last)
  local parameters = {}
  for index, array in ipairs(group.arrays) do
    local part = first == 1 and array or table.move(array, first, last, 1, {})
    local ok, text = pcall(self.db.array, self.db, part, last - first + 1)
    if not ok and tostring(text):find("NUL byte", 1, true) then
      fail_zero_byte(self, op, group, index)
    elseif not ok then
      error(text, 0)
    end
    parameters[index] = text
  end
  return parameters
end

--- Raises the failure of a group, with the row that is to blame.
local function fail_group(self, op, group, send, message, code, detail)
  local at = group.count == 1 and 1 or nil
  if not at and culprit.by_row(code) then
    at, message, code, detail = culprit.in_group(self.db, group.count, send, message, code, detail)
  end
  detail = detail or {}
  at = at or row_of_key(group, detail)
  local get = at and function(index) return group.arrays[index][at] end
  detail.column = detail.column or (get and culprit.column(group.shape.columns, get, self.null, detail))
  self.on_error(op, at and place_of(group, at) or { call = group.calls[1] }, message, code, detail)
end

local function write_group(self, op, group, many)
  local sql = merge.sql(op, group.shape, merge.arrays(group.shape.columns), { ordered = true, rows = many })
  local function send(first, last)
    return self.db:query(sql, table.unpack(parameters_of(self, op, group, first, last)))
  end
  local result, message, code, detail
  if group.count == 1 then
    result, message, code, detail = send(1, 1)
  else
    -- The savepoint allows to find the row by which the statement fails.
    result, message, code, detail = self.db:savepoint(function() return send(1, group.count) end)
  end
  if not result then
    fail_group(self, op, group, send, message, code, detail)
  end
  report_counts(self, op, group, result[1], many)
end

--- Writes what has gathered.
function Buffer:flush()
  if self.count == 0 then
    return
  end
  local op, groups, many = self.op, self.groups, #self.calls > 1
  clear(self)
  for _, group in ipairs(groups) do
    write_group(self, op, group, many)
  end
end

--- Throws away what has gathered, after a failure.
function Buffer:discard()
  clear(self)
end

return buffer
