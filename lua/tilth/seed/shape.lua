--- What rows with the same fields have in common: which columns they fill, how values are converted, what is
-- added to an insert. Pure.
local shape = {}

local array = require("tilth.array")
local suggest = require("tilth.suggest")
local values = require("tilth.seed.values")

--- The name of a row's fields, the same for every row that has the same.
-- @param row table
-- @return text
function shape.signature(row)
  local names, count = {}, 0
  for name in next, row do
    count = count + 1
    names[count] = name
  end
  if count > 1 then
    table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  end
  for index = 1, count do
    names[index] = tostring(names[index])
  end
  return table.concat(names, "\0")
end

local function add(self, column, key, convert, loose, role, stream)
  local index = #self.columns + 1
  self.columns[index], self.keys[index], self.convert[index] = column, key, convert
  self.loose[index], self.roles[index], self.position[column.name] = loose, role, index
  self.stream[index] = stream
end

local function given_columns(self, op, row)
  local binding = op.binding
  local names = {}
  for name in pairs(row) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    local field = type(name) == "string" and binding:field(name)
    if not field and binding.relations[name] then
      return nil, ("%s.%s is a relation, which the rows before it do not have"):format(binding.label, name),
        { advice = ("Give %s in the first row as well, db.null if it has none."):format(name) }
    elseif not field then
      return nil, ("%s has no field %q."):format(binding.label, tostring(name)) .. suggest.hint(tostring(name), binding:names())
    end
    local column = field.column
    if column.generated then
      return nil, ("%s.%s is computed by the database and cannot be given"):format(binding.label, name)
    elseif self.position[column.name] then
      return nil, ("%s.%s is given twice, as field and as column"):format(binding.label, name)
    end
    local convert, loose, stream = values.converter(column, field.enum_map)
    local role = "value"
    if array.has(op.key, column.name) then
      role = "key"
    elseif op.update and not op.update[column.name] or column.identity == "a" then
      -- PostgreSQL refuses to update what it always generates.
      role = "insert"
    end
    add(self, column, name, convert, loose, role, stream)
    self.overriding = self.overriding or column.identity == "a"
  end
  return true
end

--- Adds what the database does not fill by itself: client-made defaults; and finds what is missing.
local function missing_columns(self, op)
  local binding, makes = op.binding, op.makes
  for _, column in ipairs(binding.table.list) do
    if not self.position[column.name] then
      local field = binding:field_of(column)
      local make = makes(field, column)
      if make then
        add(self, column, nil, make, false, field.updated_at and "touch" or "insert")
        self.fills = true
      elseif column.required and not column.has_default and not column.generated and column.identity == "" then
        return nil, ("%s.%s is required and missing"):format(binding.label, field.name),
          { column = column.name, advice = ("Give %s in each row, or give the column a default."):format(field.name) }
      end
    end
  end
  return true
end

--- Works a shape out.
-- @param op  { binding, key = {column names}, update = set of column names | nil,
--   makes = function(field, column) -> function() -> value | nil }
-- @param row a row with these fields
-- @return shape { columns, keys, convert, loose, stream, roles, position } | nil, message, detail
function shape.new(op, row)
  local self = { columns = {}, keys = {}, convert = {}, loose = {}, roles = {}, position = {}, stream = {} }
  local ok, message, detail = given_columns(self, op, row)
  if not ok then
    return nil, message, detail
  end
  for _, name in ipairs(op.key) do
    if not self.position[name] then
      local field = op.binding:field_of(op.binding.table.columns[name])
      return nil, ("the key field %s is missing in a row of %s"):format(field.name, op.binding.label)
    end
  end
  self.given = #self.columns
  ok, message, detail = missing_columns(self, op)
  if not ok then
    return nil, message, detail
  end
  self.key_positions = {}
  for index, name in ipairs(op.key) do
    self.key_positions[index] = self.position[name]
  end
  return self
end

return shape
