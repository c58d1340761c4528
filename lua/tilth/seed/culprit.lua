--- Finds the row by which a statement over many rows fails: runs it again over ever smaller parts of them.
local culprit = {}

local merge = require("tilth.seed.merge")

local NUMBERED <const> = "pg_temp._tilth_numbered"

--- The classes of SQLSTATE whose cause may be a row: values, constraints, views' check options, exceptions of triggers.
local BY_ROW <const> = { ["21"] = true, ["22"] = true, ["23"] = true, ["44"] = true, P0 = true }

--- Whether a row may be the cause of a failure. Pure.
-- @param code of the failure
-- @return boolean
function culprit.by_row(code)
  return type(code) == "string" and #code == 5 and BY_ROW[code:sub(1, 2)] or false
end

--- A row that refers to one further down fails in a part only: that says nothing of the whole.
local function is_forward(code, detail, before)
  return code == "23503" and (detail and detail.detail) ~= (before and before.detail)
end

--- Halves the rows until one is left. Parts that go well stay applied, so that a row which only fails after others is found.
-- @param count   how many rows the statement had, which has failed and was taken back
-- @param attempt function(first, last) -> a value | nil, message, code, detail: runs a part, and takes it back when it fails
-- @param message, code, detail of the failure
-- @return number of the row | nil when it cannot be told, message, code, detail of that row's failure
function culprit.find(count, attempt, message, code, detail)
  local first, last = 1, count
  while first < last do
    local middle = (first + last) // 2
    local ok, why, word, more = attempt(first, middle)
    if ok then
      first = middle + 1
    elseif culprit.by_row(word) and not is_forward(word, more, detail) then
      last, message, code, detail = middle, why, word, more
    else
      return nil, message, code, detail
    end
  end
  return first, message, code, detail
end

--- A value as the messages of the server show it.
local function shown(value)
  if type(value) == "boolean" then
    return value and "t" or "f"
  end
  return tostring(value)
end

local function is_of_type(column, kind)
  return column.type == kind or column.base == kind or kind == "json" and column.base == "jsonb"
end

--- The column that a message of the server speaks of, by its type and value, where only one can be meant. Pure.
-- @param columns list of catalog columns
-- @param get     function(index) -> the row's value for it
-- @param null    what stands for NULL
-- @param detail  the server's fields: message, datatype, sqlstate
-- @return name | nil
function culprit.column(columns, get, null, detail)
  local message = detail.message or ""
  local kind = detail.datatype or message:match('type ([%w_ (),%[%]]+)$') or message:match('type ([%w_ (),%[%]]+): "')
  local precision, scale = (detail.detail or ""):match("precision (%d+), scale (%d+)")
  kind = kind or precision and ("numeric(%s,%s)"):format(precision, scale)
  local text = not detail.datatype and message:match('"(.*)"')
  if not kind and not text then
    return nil
  end
  local name
  for index, column in ipairs(columns) do
    local value = get(index)
    local is_null = value == nil or value == null
    local fits = is_null == (detail.sqlstate == "23502")
    fits = fits and (not kind or is_of_type(column, kind)) and (not text or shown(value) == text)
    if fits and name then
      return nil
    end
    name = fits and column.name or name
  end
  return name
end

--- Runs fn under a savepoint that is always taken back.
local function taken_back(db, fn)
  local results = {}
  db:savepoint(function()
    results = table.pack(fn())
    return nil, "taken back"
  end)
  return table.unpack(results, 1, results.n)
end

--- The same among the rows of a group of the buffer.
-- @param db      Db
-- @param count   number of rows
-- @param send    function(first, last) -> result | nil, message, code, detail
-- @param message, code, detail of the failure, which has been taken back
-- @return as of `find`
function culprit.in_group(db, count, send, message, code, detail)
  return taken_back(db, function()
    return culprit.find(count, function(first, last)
      return db:savepoint(function() return send(first, last) end)
    end, message, code, detail)
  end)
end

--- The values of a staged row's key, as text by the names of the columns.
local function key_of(db, op, number)
  local selected = {}
  for index, name in ipairs(op.key) do
    selected[index] = ("%s::text"):format(op.binding.table.columns[name].sql)
  end
  return db:one(("select %s from %s where _tilth_row = $1"):format(table.concat(selected, ", "), NUMBERED), number) or {}
end

--- The same among the rows of a stage.
-- @param db    Db
-- @param op    the operation
-- @param found the rows' shape
-- @param stage name of the staged table
-- @param count number of its rows
-- @param message, code, detail of the failure of the merge, which has been taken back
-- @return as of `find`, and the row's key as { [column] = text }
function culprit.in_stage(db, op, found, stage, count, message, code, detail)
  local key
  local number, why, word, more = taken_back(db, function()
    local ok = db:query(("create temporary table %s on commit drop as select row_number() over (order by ctid) as _tilth_row, * from %s")
      :format(NUMBERED, stage))
    if not ok then
      return nil, message, code, detail
    end
    local at, what, state, fields = culprit.find(count, function(first, last)
      return db:savepoint(function()
        return db:query(merge.sql(op, found,
          ("(select * from %s where _tilth_row between %d and %d)"):format(NUMBERED, first, last), { ordered = true }))
      end)
    end, message, code, detail)
    key = at and key_of(db, op, at)
    return at, what, state, fields
  end)
  return number, why, word, more, key
end

return culprit
