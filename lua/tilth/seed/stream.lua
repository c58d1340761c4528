--- Writes any number of rows with flat memory: small inputs through the buffer, large ones by COPY.
local stream = {}

local buffer = require("tilth.seed.buffer")
local merge = require("tilth.seed.merge")

local STAGE <const> = "pg_temp._tilth_stage"
local TICK <const> = 16384

--- Reads up to the buffer's limit. A table that comes twice in a row would hide the rows before it.
local function read_window(first, next_row, op, on_error)
  local rows, count = { first }, first and 1 or 0
  while count < buffer.LIMIT do
    local row = next_row()
    if row == nil then
      return rows, count, true
    end
    if row == rows[count] then
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

-- What a stream has to look at in a column's values.
local FREE <const>, NUMBERS <const>, ALL <const> = 0, 1, 2
-- Added for a column that no row may lack.
local NEEDED <const> = 10

--- By key: how its values are treated; and the number of keys that no row may lack.
local function treatments(op, found)
  local by_key, needed = {}, 0
  for index = 1, found.given do
    local kind = found.stream[index] == "always" and ALL or found.stream[index] == "number" and NUMBERS or FREE
    if not (op.missing_is_null and may_be_null(found.columns[index])) then
      kind, needed = kind + NEEDED, needed + 1
    end
    by_key[found.keys[index]] = kind
  end
  return by_key, needed
end

--- Copies a row with its values converted and the client's defaults added.
local function converter(self, op, found, keys, state)
  local scratch, null = {}, self.null
  return function(row, position)
    for index = 1, found.given do
      local key = keys[index]
      local value = row[key]
      if value ~= nil and value ~= null and not (found.loose[index] and type(value) == "string") then
        local converted, message = found.convert[index](value)
        if converted == nil then
          self.on_error(op, { row = state.base + position, source = row }, ("%s: %s"):format(key, message), "22023",
            { column = found.columns[index].name })
        end
        value = converted
      end
      scratch[key] = value
    end
    for index = found.given + 1, #found.columns do
      scratch[keys[index]] = found.convert[index]()
    end
    return scratch
  end
end

--- The rows as COPY wants them. Stops at a row of another shape, which is `state.pending` then.
-- A row whose values need nothing is handed on as it is: this loop decides how fast a million rows are.
local function encoder(self, op, found, keys, window, next_row, state)
  local by_key, needed = treatments(op, found)
  local convert, always = converter(self, op, found, keys, state), found.fills
  local position, math_type = 0, math.type
  return function()
    position = position + 1
    local row = window[position]
    if row == nil then
      row = next_row()
      if row == nil then
        return nil
      end
    end
    local seen, dirty = 0, always
    for key, value in next, row do
      local treatment = by_key[key]
      if not treatment then
        state.pending = row
        return nil
      end
      if treatment >= NEEDED then
        seen, treatment = seen + 1, treatment - NEEDED
      end
      if treatment ~= FREE and (treatment == ALL or math_type(value)) then
        dirty = true
      end
    end
    if seen ~= needed then
      state.pending = row
      return nil
    end
    state.rows = position
    if position % TICK == 0 and self.on_progress then
      self.on_progress(state.base + position)
    end
    return dirty and convert(row, position) or row
  end
end

--- The keys under which COPY finds a row's values; a client-made default has one that no row can have.
local function keys_of(found)
  local keys = table.move(found.keys, 1, found.given, 1, {})
  for index = found.given + 1, #found.columns do
    keys[index] = "\0" .. found.columns[index].name
  end
  return keys
end

local function is_empty(self, op)
  local none, message, code, detail = self.db:value(("select not exists (select from %s)"):format(op.binding.table.sql))
  if none == nil then
    self.on_error(op, {}, message, code, detail)
  end
  return none
end

--- A key column may hold NULL, or the table hides rows from this role: then the stage has to look first.
local function may_copy_straight(self, op)
  if op.binding.table.row_security or op.sync then
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
local function merge_stage(self, op, found, count)
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
    self.on_error(op, {}, message, code, detail)
  end
  local row = result[1]
  if row.written < row.inserted + row.updated then
    name_duplicates(self, op)
  end
  if op.on_stage then
    op.on_stage(STAGE)
  end
  must(self, op, {}, db:query("drop table " .. STAGE))
  return row.inserted, row.updated, count - row.inserted - row.updated
end

--- Copies one run of rows that have the same shape.
-- @param source   function() -> row | chunk
-- @param keys     keys of a row, or nil when the source gives CSV text
-- @param format   COPY's options
-- @param place_of function(line of the COPY) -> place for errors
-- @return inserted, updated, unchanged
function stream.copy(self, op, found, columns, source, keys, format, place_of)
  local straight = may_copy_straight(self, op) and #columns == #found.columns
  local relation = straight and op.binding.table.sql or STAGE
  if not straight then
    must(self, op, {}, self.db:query(merge.stage_sql(STAGE, op, columns)))
  end
  local count, message, code, detail = self.db:copy_in(merge.copy_sql(relation, columns, format), source, keys)
  if not count then
    detail = detail or {}
    local line, column = (detail.context or ""):match("line (%d+), column ([^:]+)")
    line = line or (detail.context or ""):match("line (%d+)")
    detail.column = detail.column or column
    self.on_error(op, line and place_of(tonumber(line)) or {}, message, code, detail)
  end
  if straight then
    return count, 0, 0
  end
  return merge_stage(self, op, found, count)
end

--- Writes the rows of a list or iterator.
-- @param self     { buffer, db, null, on_error, on_counts, on_progress }
-- @param op       the operation
-- @param call     what the counts are kept for
-- @param next_row function() -> row | nil
function stream.write(self, op, call, next_row)
  local base, pending = 0, nil
  while true do
    local rows, count, ended = read_window(pending, next_row, op, self.on_error)
    pending = nil
    local found = not ended and common_shape(rows, op, self.on_error, base)
    if found then
      self.buffer:flush()
      local state, keys = { base = base, rows = 0 }, keys_of(found)
      local source = encoder(self, op, found, keys, rows, next_row, state)
      local start = base
      local inserted, updated, unchanged = stream.copy(self, op, found, found.columns, source, keys, nil, function(line)
        return { row = start + line }
      end)
      self.on_counts(op, call, inserted, updated, unchanged)
      base, pending = base + state.rows, state.pending
      ended = not pending
    else
      rows = completed(rows, op, self.null)
      for index = 1, count do
        self.buffer:add(op, call, rows[index], base + index)
      end
      base = base + count
    end
    if ended then
      return
    end
  end
end

return stream
