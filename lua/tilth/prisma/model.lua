--- From a parsed Prisma schema to what the database has: tables, columns, keys, relations, defaults.
--
-- A model is { name, kind = "model"|"view", table, schema (nil: the default one), fields (list), by_field, by_column,
-- id = { fields, columns, name } | nil, uniques = list of the same, indexes, documentation, ignored }.
-- A field is { name, column, kind = "scalar"|"enum"|"object"|"composite"|"unsupported", type, list, optional, required,
-- native = { name, args } | nil, default, updated_at, id, unique, ignored, relation }.
local model = {}

local defaults = require("tilth.prisma.defaults")
local relations = require("tilth.prisma.relations")
local schema = require("tilth.prisma.schema")
local suggest = require("tilth.suggest")

local function fail(item, file, text, advice)
  error({ model_problem = true, file = file, line = item.line, column_number = item.column, text = text, advice = advice }, 0)
end

local function string_argument(item, name)
  local attribute = schema.attribute(item, name)
  local value = attribute and schema.argument(attribute, "name", 1)
  return value and value.kind == "string" and value.value or nil
end

local function native_of(field)
  for _, attribute in ipairs(field.attributes) do
    local name = attribute.name:match("%.(.+)$")
    if name then
      local args = {}
      for index, arg in ipairs(attribute.args) do
        args[index] = math.tointeger(tonumber(arg.value.value)) or arg.value.value
      end
      return { name = name, args = args }
    end
  end
  return nil
end

local function kind_of(parsed, field)
  if field.unsupported then
    return "unsupported"
  elseif schema.is_scalar(field.type) then
    return "scalar"
  elseif parsed.enums[field.type] then
    return "enum"
  elseif parsed.types[field.type] then
    return "composite"
  end
  return "object"
end

local function field_names(owner)
  local names = {}
  for _, field in ipairs(owner.fields) do
    names[#names + 1] = field.name
  end
  return names
end

local function resolve_field(parsed, block, source)
  local kind = kind_of(parsed, source)
  local field = {
    name = source.name, kind = kind, type = source.type, unsupported = source.unsupported, list = source.list,
    optional = source.optional, source = source, model_file = block.file, native = native_of(source),
    updated_at = schema.attribute(source, "updatedAt") ~= nil, id = schema.attribute(source, "id") ~= nil,
    unique = schema.attribute(source, "unique") ~= nil, ignored = schema.attribute(source, "ignore") ~= nil,
    documentation = source.documentation,
  }
  if kind ~= "object" then
    field.column = string_argument(source, "map") or source.name
  end
  field.default = defaults.of(source, function(attribute, text)
    fail(attribute, block.file, text)
  end)
  field.required = kind ~= "object" and not field.optional and not field.list and not field.default and not field.updated_at
  return field
end

-- The fields of @@id, @@unique or @@index, each a name or a call such as title(sort: Desc).
local function key_of(result, block, attribute)
  local items = schema.items(schema.argument(attribute, "fields", 1))
  local key = { fields = {}, columns = {} }
  if #items == 0 then
    fail(attribute, block.file, ("@@%s of \"%s\" must name its fields in brackets"):format(attribute.name, block.name))
  end
  for index, item in ipairs(items) do
    local name = item.name or tostring(item.value)
    -- Fields of a composite type are written with a dot; their columns do not exist in PostgreSQL.
    local field = result.by_field[name:match("^[^.]+")]
    if not field then
      fail(attribute, block.file, ("@@%s of \"%s\" names an unknown field \"%s\".%s"):format(attribute.name, block.name, name,
        suggest.hint(name, field_names(result))))
    end
    key.fields[index], key.columns[index] = name, field.column
  end
  local name, map = schema.argument(attribute, "name"), schema.argument(attribute, "map")
  key.name, key.map = name and name.value, map and map.value
  return key
end

local function single_key(field, attribute)
  local map = schema.argument(attribute, "map")
  return { fields = { field.name }, columns = { field.column }, map = map and map.value }
end

local function resolve_keys(result, block)
  result.uniques, result.indexes = {}, {}
  for _, field in ipairs(result.fields) do
    if field.id then
      result.id = single_key(field, schema.attribute(field.source, "id"))
    end
    if field.unique then
      result.uniques[#result.uniques + 1] = single_key(field, schema.attribute(field.source, "unique"))
    end
  end
  for _, attribute in ipairs(block.attributes) do
    if attribute.name == "id" then
      if result.id then
        fail(attribute, block.file, ("the model \"%s\" has both @id and @@id"):format(block.name))
      end
      result.id = key_of(result, block, attribute)
    elseif attribute.name == "unique" then
      result.uniques[#result.uniques + 1] = key_of(result, block, attribute)
    elseif attribute.name == "index" then
      result.indexes[#result.indexes + 1] = key_of(result, block, attribute)
    end
  end
end

local function resolve_model(parsed, block)
  local result = {
    name = block.name, kind = block.kind, table = string_argument(block, "map") or block.name,
    schema = string_argument(block, "schema"), file = block.file, line = block.line, documentation = block.documentation,
    ignored = schema.attribute(block, "ignore") ~= nil, fields = {}, by_field = {}, by_column = {},
  }
  for index, source in ipairs(block.fields) do
    local field = resolve_field(parsed, block, source)
    result.fields[index], result.by_field[field.name] = field, field
    if field.column then
      if result.by_column[field.column] then
        fail(source, block.file, ("the fields \"%s\" and \"%s\" of \"%s\" have the same column \"%s\""):format(
          result.by_column[field.column].name, field.name, block.name, field.column))
      end
      result.by_column[field.column] = field
    end
  end
  resolve_keys(result, block)
  return result
end

local function resolve_enum(block)
  local result = {
    name = block.name, type = string_argument(block, "map") or block.name, schema = string_argument(block, "schema"),
    values = {}, by_value = {}, file = block.file, line = block.line,
  }
  for index, value in ipairs(block.values) do
    local stored = string_argument(value, "map") or value.name
    result.values[index] = { name = value.name, stored = stored }
    result.by_value[value.name] = stored
  end
  return result
end

-- An enum's default is a name of the schema, checked here and kept beside what the database stores.
local function check_enum_defaults(result)
  for _, owner in ipairs(result.list) do
    for _, field in ipairs(owner.fields) do
      local enum, default = result.enums[field.type], field.default
      if enum and default and default.kind == "static" and field.kind == "enum" then
        -- A value may be named true or false.
        default.value = default.list and default.value or tostring(default.value)
        for _, name in ipairs(default.list and default.value or { default.value }) do
          if not enum.by_value[name] then
            local names = {}
            for index, value in ipairs(enum.values) do
              names[index] = value.name
            end
            fail(schema.attribute(field.source, "default"), owner.file, ("the default of \"%s\" is not a value of enum \"%s\": \"%s\".%s")
              :format(field.name, enum.name, tostring(name), suggest.hint(tostring(name), names)))
          end
        end
        default.stored = not default.list and enum.by_value[default.value] or nil
      end
    end
  end
end

local function add_table(result, owner)
  local key = owner.schema and (owner.schema .. "." .. owner.table) or owner.table
  local other = result.by_table[key]
  if other then
    fail({ line = owner.line, column = 1 }, owner.file, ("the models \"%s\" and \"%s\" have the same table \"%s\""):format(other.name,
      owner.name, key))
  end
  result.by_table[key] = owner
end

local function build(parsed)
  local result = { models = {}, list = {}, enums = {}, by_table = {} }
  for _, enum in ipairs(parsed.enums) do
    result.enums[enum.name] = resolve_enum(enum)
  end
  local context = {
    models = {}, fail = fail, hint = function(name, owner)
      return suggest.hint(name, field_names(owner))
    end,
  }
  for _, list in ipairs({ parsed.models, parsed.views }) do
    for _, block in ipairs(list) do
      local owner = resolve_model(parsed, block)
      result.models[owner.name], result.list[#result.list + 1] = owner, owner
      context.models[owner.name], context.models[#context.models + 1] = owner, owner
      add_table(result, owner)
    end
  end
  check_enum_defaults(result)
  relations.join(context)
  for _, owner in ipairs(result.list) do
    for _, field in ipairs(owner.fields) do
      field.line, field.source, field.model_file = field.source.line, nil, nil
    end
  end
  return result
end

--- Resolves a parsed schema.
-- @tparam table parsed what `schema.parse` gave
-- @treturn[1] table { models = by name, list = in order, enums = { [name] = { type, schema, values = list of { name, stored },
--   by_value = name to stored } }, by_table = "table" or "schema.table" to model }
-- @treturn[2] nil
-- @treturn[2] string message, beginning with file:line:column
-- @treturn[2] string "P1012"
-- @treturn[2] table { file, line, column_number, advice }
function model.resolve(parsed)
  local ok, result = pcall(build, parsed)
  if ok then
    return result
  elseif type(result) ~= "table" or not result.model_problem then
    error(result, 0)
  end
  return nil, ("%s:%d:%d: %s"):format(result.file, result.line, result.column_number, result.text), "P1012",
    { file = result.file, line = result.line, column_number = result.column_number, advice = result.advice }
end

return model
