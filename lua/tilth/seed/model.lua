--- Binds the names that seeds use (Prisma models and fields, or tables and columns) to the catalog's tables.
local model = {}

local suggest = require("tilth.suggest")

local Binding = {}
Binding.__index = Binding

--- The field of a name, which is a field's of the schema or a column's of the table.
-- @tparam string name
-- @return field { name, column, default, updated_at, enum_map } | nil
function Binding:field(name)
  local field = self.fields[name]
  if field then
    return field
  end
  local column = self.table.columns[name]
  return column and self:field_of(column)
end

--- The field that a column belongs to.
-- @tparam table column
function Binding:field_of(column)
  local field = self.by_column[column.name]
  if not field then
    field = { name = column.name, column = column }
    self.by_column[column.name] = field
  end
  return field
end

--- All names that a row may use.
function Binding:names()
  local names = {}
  for _, column in ipairs(self.table.list) do
    names[#names + 1] = self:field_of(column).name
  end
  for name in pairs(self.relations) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function field_names(binding, columns)
  local names = {}
  for index, name in ipairs(columns) do
    names[index] = binding:field_of(binding.table.columns[name]).name
  end
  return names
end

--- The unique constraints as field names, for messages.
function Binding:unique_names()
  local list = {}
  for index, unique in ipairs(self.table.uniques) do
    list[index] = "{ " .. table.concat(field_names(self, unique.columns), ", ") .. " }"
  end
  return list
end

local function same_set(a, b)
  if #a ~= #b then
    return false
  end
  local set = {}
  for _, name in ipairs(a) do
    set[name] = true
  end
  for _, name in ipairs(b) do
    if not set[name] then
      return false
    end
  end
  return true
end

local function named_key(self, key)
  if type(key) ~= "string" and type(key) ~= "table" then
    return nil, ("the key is a field or a list of fields, not a %s"):format(type(key))
  end
  local columns = {}
  for index, name in ipairs(type(key) == "string" and { key } or key) do
    local field = self:field(name)
    if not field then
      name = tostring(name)
      return nil, ("%s has no field %q, which the key names."):format(self.label, name) .. suggest.hint(name, self:names())
    end
    columns[index] = field.column.name
  end
  for _, unique in ipairs(self.table.uniques) do
    if same_set(unique.columns, columns) then
      return unique.columns
    end
  end
  local there = self:unique_names()
  return nil, ("%s has no unique constraint over { %s }"):format(self.label, table.concat(field_names(self, columns), ", ")),
    { advice = (#there > 0 and "Unique are: " .. table.concat(there, ", ") .. ". Choose one of them" or "Give the table a primary key")
      .. ", or add a unique constraint in a migration: only it keeps two builds from inserting the same row twice." }
end

--- The key of a verb: what `key` names, else the first unique constraint whose fields the row gives, the primary key first.
-- @param key a field name, a list of them, or nil
-- @param row a row of the input
-- @return list of column names | nil, message, detail
function Binding:key(key, row)
  if key then
    return named_key(self, key)
  end
  if type(row) ~= "table" then
    return nil, ("row 1 is a %s, not a table"):format(type(row))
  end
  local given = {}
  for name in pairs(row) do
    local field = type(name) == "string" and self:field(name)
    local relation = self.relations[name]
    if field then
      given[field.column.name] = true
    elseif relation and relation.side == "holder" then
      for _, column in ipairs(relation.columns) do
        given[column] = true
      end
    end
  end
  for _, unique in ipairs(self.table.uniques) do
    local whole = #unique.columns > 0
    for _, column in ipairs(unique.columns) do
      whole = whole and given[column]
    end
    if whole then
      return unique.columns
    end
  end
  local there = self:unique_names()
  return nil, ("nothing in the rows tells one row of %s from another"):format(self.label),
    { advice = #there > 0 and "Give the fields of one of: " .. table.concat(there, ", ") .. "."
      or "The table has no unique constraint (deferrable and partial ones do not serve): add a primary key or @unique in a migration." }
end

local function bind_fields(binding, described, enums)
  for name, field in pairs(described.fields) do
    local column = field.column and binding.table.columns[field.column]
    if column then
      local bound = {
        name = name, column = column, default = field.default, updated_at = field.updated_at,
        enum_map = field.enum and enums[field.enum] or nil,
      }
      binding.fields[name], binding.by_column[column.name] = bound, bound
    end
  end
end

local Models = {}
Models.__index = Models

local function bind_model(self, described)
  local found, message = self.catalog:find(described.table, described.schema)
  if not found then
    return nil, ("model %s: %s"):format(described.name, message), message:find("^there is no") and
      { advice = "Is a migration missing? The table of a model is made by a migration." } or nil
  end
  local binding = setmetatable({
    label = described.name, model = described.name, table = found, fields = {}, by_column = {}, relations = described.relations,
  }, Binding)
  bind_fields(binding, described, self.enums)
  return binding
end

local function bind_table(self, name)
  local schema, bare = name:match("^([^.]+)%.(.+)$")
  local found, message = self.catalog:find(bare or name, schema)
  if not found then
    return nil, message
  end
  return setmetatable({ label = found.name, table = found, fields = {}, by_column = {}, relations = {} }, Binding)
end

--- The binding of a model's or table's name.
-- @param name text
-- @return Binding | nil, message, detail
function Models:get(name)
  if type(name) ~= "string" then
    return nil, ("a model's or table's name is a string, not a %s"):format(type(name))
  end
  local binding = self.bound[name]
  if binding then
    return binding
  end
  local message, detail
  local described = self.models[name]
  if described then
    binding, message, detail = bind_model(self, described)
  else
    binding, message, detail = bind_table(self, name)
    if not binding and next(self.models) and not name:find(".", 1, true) then
      local names = self.catalog:names()
      for known in pairs(self.models) do
        names[#names + 1] = known
      end
      table.sort(names)
      message = ("there is no model or table %q."):format(name) .. suggest.hint(name, names)
    end
  end
  if not binding then
    return nil, message, detail
  end
  self.bound[name] = binding
  return binding
end

--- Makes the resolver of names.
-- @param catalog  of tilth.seed.catalog
-- @param schema   { models = { [name] = { name, table, schema, fields, relations } }, enums = { [name] = { [value] = label } } }
--   of tilth.seed.prisma, or nil
-- @return Models: get(name)
function model.new(catalog, schema)
  return setmetatable({
    catalog = catalog, models = schema and schema.models or {}, enums = schema and schema.enums or {}, bound = {},
  }, Models)
end

return model
