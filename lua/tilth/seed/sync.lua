--- `db:sync`: makes a table, or a part of it, equal to a list of rows.
local sync = {}

local array = require("tilth.array")
local buffer = require("tilth.seed.buffer")
local merge = require("tilth.seed.merge")
local stream = require("tilth.seed.stream")
local values = require("tilth.seed.values")

local KEYS <const> = "pg_temp._tilth_keys"

local function scope_of(self, op, call, where)
  local scope = {}
  for _, name in ipairs(array.sorted_keys(where or {})) do
    local value = where[name]
    local field = type(name) == "string" and op.binding:field(name)
    if not field then
      self.on_error(op, { call = call }, ("%s has no field %q, which where names"):format(op.binding.label, tostring(name)), "usage")
    end
    local converted, message = nil, nil
    if value ~= self.null then
      converted, message = values.converter(field.column, field.enum_map)(value)
    end
    if message then
      self.on_error(op, { call = call }, ("where.%s: %s"):format(name, message), "22023")
    end
    scope[#scope + 1] = { name = name, column = field.column, value = converted, given = value }
  end
  return scope
end

--- The rows with the fields of the scope filled in; a row outside the scope would be written and never found again.
local function scoped_rows(self, op, call, rows, scope)
  if #scope == 0 then
    return rows
  end
  local filled = {}
  for index, row in ipairs(rows) do
    local copy = {}
    for name, value in pairs(type(row) == "table" and row or {}) do
      copy[name] = value
    end
    for _, part in ipairs(scope) do
      if copy[part.name] == nil then
        copy[part.name] = part.given
      elseif copy[part.name] ~= part.given then
        self.on_error(op, { call = call, row = index, source = row },
          ("%s is not what where says, so the row is outside the part to be synced"):format(part.name), "usage")
      end
    end
    filled[index] = type(row) == "table" and copy or row
  end
  return filled
end

--- The keys of the rows, a list a key column.
local function key_arrays(self, op, rows)
  local arrays = {}
  for index = 1, #op.key do
    arrays[index] = {}
  end
  for at, row in ipairs(rows) do
    local found = buffer.shape_of(op, row)
    for index, position in ipairs(found.key_positions) do
      arrays[index][at] = (found.convert[position](row[found.keys[position]]))
    end
  end
  for index = 1, #op.key do
    arrays[index] = self.db:array(arrays[index], #rows)
  end
  return arrays
end

local function key_columns(op)
  local list = {}
  for index, name in ipairs(op.key) do
    list[index] = op.binding.table.columns[name]
  end
  return list
end

local function must(self, op, call, result, message, code, detail)
  if not result then
    self.on_error(op, { call = call }, message, code, detail)
  end
  return result
end

--- Deletes, or counts, what the scope holds beside the rows.
local function remove_rest(self, op, call, rows, scope, delete)
  local parameters = key_arrays(self, op, rows)
  local keys = merge.arrays(key_columns(op))
  if #rows > buffer.LIMIT then
    -- The planner knows nothing of a long array's length; it does of an analysed table's.
    must(self, op, call, self.db:query(("create temporary table %s on commit drop as select * from %s x"):format(KEYS, keys),
      table.unpack(parameters)))
    must(self, op, call, self.db:query("analyze " .. KEYS))
    keys, parameters = KEYS, {}
  end
  for _, part in ipairs(scope) do
    if part.value ~= nil then
      parameters[#parameters + 1] = part.value
      part.position = #parameters
    end
  end
  local result = must(self, op, call, self.db:query(merge.rest_sql(op, keys, scope, delete), table.unpack(parameters)))
  if keys == KEYS then
    must(self, op, call, self.db:query("drop table " .. KEYS))
  end
  return result[1].deleted
end

--- Without rows nothing remains: only where that is meant.
local function remove_all(self, op, call, scope, options)
  if not options.empty then
    self.on_error(op, { call = call }, "there are no rows", "usage", {
      advice = "An empty list would delete every row of the part. Where that is meant, say { empty = true, delete = true }.",
    })
  end
  local conditions, parameters = {}, {}
  for index, part in ipairs(scope) do
    if part.value ~= nil then
      parameters[#parameters + 1] = part.value
      part.position = #parameters
    end
    conditions[index] = merge.condition(part)
  end
  local condition = #conditions > 0 and " where " .. table.concat(conditions, " and ") or ""
  local text = options.delete and "with _x as (delete from %s t%s returning 1) select count(*) as deleted from _x"
    or "select count(*) as deleted from %s t%s"
  return must(self, op, call, self.db:query(text:format(op.binding.table.own, condition), table.unpack(parameters)))[1].deleted
end

--- Writes the rows, then deals with what is there beside them.
-- @param self    the session
-- @param op      the operation
-- @param call    what the counts are kept for
-- @param rows    list of rows
-- @param options `where`, `delete`, `empty`
function sync.write(self, op, call, rows, options)
  local scope = scope_of(self, op, call, options.where)
  local rest
  self.buffer:flush()
  if #rows == 0 then
    rest = remove_all(self, op, call, scope, options)
  else
    rows = scoped_rows(self, op, call, rows, scope)
    stream.write(self, op, call, stream.each(rows))
    self.buffer:flush()
    rest = remove_rest(self, op, call, rows, scope, options.delete)
  end
  self.on_deleted(op, call, rest, options.delete and "deleted" or "extra")
end

return sync
