--- Writes any number of rows with flat memory: small inputs through the buffer, large ones by COPY.
local stream = {}

local buffer = require("tilth.seed.buffer")
local culprit = require("tilth.seed.culprit")
local kept = require("tilth.seed.kept")
local merge = require("tilth.seed.merge")

local STAGE <const> = "pg_temp._tilth_stage"
local TICK <const> = 16384

--- Reads up to the buffer's limit. A table that comes twice in a row would hide the rows before it.
local function read_window(first, next_row, op, on_error)
  local rows, count = { first }, first == nil and 0 or 1
  while count < buffer.LIMIT do
    local row = next_row()
    if row == nil then
      return rows, count, true
    end
    if row == rows[count] and type(row) == "table" then
      on_error(op, { row = count + 1 }, "the iterator returned the same table again", "usage",
        { advice = "Make a new table for each row." })
    end
    count = count + 1
    rows[count] = row
  end
  return rows, count, false
end

local function shape_at(rows, index, op, on_error, base)
  local row = rows[index]
  if type(row) ~= "table" then
    on_error(op, { row = base + index }, ("row %d is a %s, not a table"):format(base + index, type(row)), "usage")
  end
  local found, message, detail = buffer.shape_of(op, row)
  if not found then
    on_error(op, { row = base + index, source = row }, message, "usage", detail)
  end
  return found
end

--- Where `db:load` reads, a missing field is NULL, as an empty one of a CSV file is; not where a default would be lost.
local function may_be_null(column)
  return not column.required and not column.has_default and column.identity == ""
end

--- A row with all the fields of the window, or nil where a field may not simply be NULL.
local function union(rows, op)
  local all = {}
  for _, row in ipairs(rows) do
    if type(row) ~= "table" then
      return nil
    end
    for name in next, row do
      all[name] = true
    end
  end
  for name in pairs(all) do
    local field = op.binding:field(name)
    for _, row in ipairs(field and not may_be_null(field.column) and rows or {}) do
      if row[name] == nil then
        return nil
      end
    end
  end
  return all
end

--- The shape that all rows of the window have, or nil.
local function common_shape(rows, op, on_error, base)
  local found = shape_at(rows, 1, op, on_error, base)
  for index = 2, #rows do
    if shape_at(rows, index, op, on_error, base) ~= found then
      local all = op.missing_is_null and union(rows, op)
      return all and buffer.shape_of(op, all) or nil
    end
  end
  return found
end

--- The rows of a small window with NULL where a field is missing.
local function completed(rows, op, null)
  local all = op.missing_is_null and #rows > 1 and union(rows, op)
  if not all then
    return rows
  end
  local copies = {}
  for index, row in ipairs(rows) do
    local copy = {}
    for name in pairs(all) do
      local value = row[name]
      if value == nil then
        value = null
      end
      copy[name] = value
    end
    copies[index] = copy
  end
  return copies
end

--- The columns as the encoder wants them; a column that no row gives is made for every row.
local function column_specs(op, found)
  local specs = {}
  for index, column in ipairs(found.columns) do
    local passing = found.stream[index]
    if index <= found.given then
      specs[index] = {
        key = found.keys[index], needed = not (op.missing_is_null and may_be_null(column)), pass = passing.pass,
        labels = passing.labels, bytes = passing.bytes, convert = found.convert[index],
      }
    else
      specs[index] = { convert = found.convert[index] }
    end
  end
  return specs
end

--- What the encoder is told of the rows, and says of them afterwards.
local function row_options(self, op, found, window, base)
  return {
    first = window, exact = true, every = self.on_progress and TICK or nil,
    tick = self.on_progress and function(rows) self.on_progress(base + rows) end or nil,
    fail = function(number, row, index, message)
      local key = found.keys[index]
      self.on_error(op, { row = base + number, source = row }, ("%s: %s"):format(key or found.columns[index].name, message), "22023",
        { column = found.columns[index].name })
    end,
  }
end

local function is_empty(self, op)
  local none, message, code, detail = self.db:value(("select not exists (select from %s)"):format(op.binding.table.own))
  if none == nil then
    self.on_error(op, {}, message, code, detail)
  end
  return none
end

--- A key column may hold NULL, or the table hides rows from this role: then the stage has to look first. COPY passes rules over.
local function may_copy_straight(self, op)
  if op.binding.table.row_security or op.binding.table.rules or op.sync then
    return false
  end
  for _, name in ipairs(op.key) do
    if not op.binding.table.columns[name].required then
      return false
    end
  end
  return is_empty(self, op)
end

local function must(self, op, place, value, message, code, detail)
  if not value then
    self.on_error(op, place, message, code, detail)
  end
  return value
end

local function check_null_keys(self, op, relation)
  for _, name in ipairs(op.key) do
    local column = op.binding.table.columns[name]
    if not column.required then
      local row = must(self, op, {}, self.db:one(
        ("select n from (select row_number() over (order by ctid) as n, %s as k from %s) s where k is null limit 1"):format(
          column.sql, relation)))
      if row then
        self.on_error(op, { row = row.n }, ("the key field %s is NULL, which is never equal to another"):format(
          op.binding:field_of(column).name), "23502", { column = name })
      end
    end
  end
end

local function name_duplicates(self, op)
  local rows = self.db:query(merge.duplicates_sql(op, STAGE))
  if rows and rows[1] then
    local first = rows[1]
    self.on_error(op, { get = function(name) return first[name] end },
      ("rows %s have the same key"):format(first.rows), "21000",
      { advice = "Take all but one of them out; which should win cannot be known." })
  end
end

--- Brings the stage into the table.
-- @param place_of function(number of a row) -> place for errors
-- @param fail function(place, message, code, detail): raises
local function merge_stage(self, op, found, count, place_of, fail)
  local db = self.db
  must(self, op, {}, db:query("analyze " .. STAGE))
  check_null_keys(self, op, STAGE)
  local result, message, code, detail = db:savepoint(function()
    return db:query(merge.sql(op, found, STAGE))
  end)
  if not result then
    if code == "21000" then
      name_duplicates(self, op)
    end
    local number, key
    if culprit.by_row(code) then
      number, message, code, detail, key = culprit.in_stage(db, op, found, STAGE, count, message, code, detail)
    end
    local place = number and place_of(number) or {}
    place.get = key and function(name) return key[name] end
    fail(place, message, code, detail)
  end
  local row = result[1]
  if row.written < row.inserted + row.updated then
    name_duplicates(self, op)
  end
  must(self, op, {}, db:query("drop table " .. STAGE))
  return merge.counts(row, count)
end

--- Raises a failure of a COPY, with the row that its context names.
local function fail_copy(self, op, feed, message, code, detail)
  local more, context = {}, detail and detail.context or ""
  for key, value in pairs(detail or {}) do
    more[key] = value
  end
  local line, column = context:match("line (%d+), column ([^:]+)")
  line = line or context:match("line (%d+)")
  more.column = more.column or column
  local place, why = {}, nil
  if line then
    place, why = feed.place_of(tonumber(line), code)
  end
  self.on_error(op, place, why or message, code, more)
end

local function copy_stage(self, op, found, feed, source, columns, first)
  must(self, op, {}, self.db:query(merge.stage_sql(STAGE, op, feed.columns)))
  local count, message, code, detail = self.db:copy_in(merge.copy_sql(STAGE, feed.columns, feed.format), source, columns,
    columns and feed.options)
  if not count then
    fail_copy(self, op, feed, message, code, detail)
  end
  return merge_stage(self, op, found, count, feed.place_of_row, function(place, why, word, more)
    if first and word == "23505" then
      -- Not the key's rows of another session after all: the first attempt knows which row it is.
      fail_copy(self, op, feed, first.message, first.code, first.detail)
    end
    self.on_error(op, place, why, word, more)
  end)
end

--- Copies one run of rows that have the same shape.
-- An empty table is copied into as it is. When other sessions insert the same keys meanwhile, the rows go by the stage after all.
-- @tparam table self the session
-- @tparam table op
-- @tparam table found the rows' shape, with `columns`
-- @param feed { columns (of the catalog), source and specs (as copy_in wants them; without specs the source gives text),
--   options, format (COPY's own), place_of = function(line of the COPY, code) -> place for errors, a better message | nil,
--   place_of_row = function(number of the row) -> the same, again = function() -> the same rows as text, from the start | nil }
-- @return inserted, updated, unchanged
function stream.copy(self, op, found, feed)
  if not (may_copy_straight(self, op) and #feed.columns == #found.columns) then
    return copy_stage(self, op, found, feed, feed.source, feed.specs)
  end
  local sql = merge.copy_sql(op.binding.table.sql, feed.columns, feed.format)
  local count, message, code, detail = self.db:savepoint(function()
    return self.db:copy_in(sql, feed.source, feed.specs, feed.options)
  end)
  if count then
    return count, 0, 0
  end
  -- A foreign key is looked at when all rows are in: which row it is, the stage can tell.
  local text = (code == "23505" or code == "23503") and feed.again()
  if not text then
    fail_copy(self, op, feed, message, code, detail)
  end
  return copy_stage(self, op, found, feed, text, nil, code == "23505" and { message = message, code = code, detail = detail })
end

--- Copies rows of the window's shape, up to one of another shape.
-- @return number of rows, the row of another shape | nil
local function write_run(self, op, call, found, window, next_row, base)
  local options = row_options(self, op, found, window, base)
  local rows <close> = kept.new(options)
  local function place_of(number)
    return { row = base + number, get = rows:values(number, found) }
  end
  local inserted, updated, unchanged = stream.copy(self, op, found, {
    columns = found.columns, source = next_row, specs = column_specs(op, found), options = options,
    again = function() return rows:again() end, place_of = place_of, place_of_row = place_of,
  })
  self.on_counts(op, call, inserted, updated, unchanged)
  return options.rows, options.pending
end

--- An iterator over the rows of a list.
-- @tparam table rows
function stream.each(rows)
  local position = 0
  return function()
    position = position + 1
    return rows[position]
  end
end

--- Writes the rows of a list or iterator.
-- @param self     { buffer, db, null, on_error, on_counts, on_progress }
-- @param op       the operation
-- @param call     what the counts are kept for
-- @param next_row function() -> row | nil
-- @param pending  a row that comes before those of next_row, or nil
function stream.write(self, op, call, next_row, pending)
  local base = 0
  repeat
    local rows, count, ended = read_window(pending, next_row, op, self.on_error)
    pending = nil
    local found = not ended and common_shape(rows, op, self.on_error, base)
    if found then
      self.buffer:flush()
      count, pending = write_run(self, op, call, found, rows, next_row, base)
      ended = pending == nil
    else
      rows = completed(rows, op, self.null)
      for index = 1, count do
        self.buffer:add(op, call, rows[index], base + index)
      end
    end
    base = base + count
  until ended
end

return stream
