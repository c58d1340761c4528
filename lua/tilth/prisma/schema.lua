--- The whole Prisma schema language, from one file or many, into tables.
--
-- schema = { files = {paths}, datasources, generators, models, views, types, enums }, each of the last six a list whose
-- blocks are also reachable by name (`schema.models.User`; composite types are `types`). A block is { kind, name, file,
-- line, column, documentation, attributes, ... } with `fields`/`by_field`, `values`/`by_value` or `properties`/`by_property`.
-- A field is { name, type, list, optional, unsupported, attributes, documentation, line, column }; an attribute is
-- { name, args, line, column }, its values as in tilth.prisma.expression.
local schema = {}

local collector = require("tilth.prisma.collector")
local block = require("tilth.prisma.block")
local source = require("tilth.prisma.source")
local suggest = require("tilth.suggest")

local find = string.find

local KINDS <const> = {
  model = { list = "models", read = block.fields }, view = { list = "views", read = block.fields },
  type = { list = "types", read = block.fields }, enum = { list = "enums", read = block.values },
  datasource = { list = "datasources", read = block.properties }, generator = { list = "generators", read = block.properties },
}

local SCALARS <const> = {
  "String", "Boolean", "Int", "BigInt", "Float", "Decimal", "DateTime", "Json", "Bytes",
}

local FIELD_ATTRIBUTES <const> = { "id", "unique", "default", "map", "relation", "updatedAt", "ignore", "shardKey", "omit" }
local BLOCK_ATTRIBUTES <const> = { "id", "unique", "index", "fulltext", "map", "schema", "ignore", "shardKey" }
local ENUM_ATTRIBUTES <const> = { "map", "schema" }
local VALUE_ATTRIBUTES <const> = { "map" }

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

local scalars <const> = set_of(SCALARS)
local field_attributes <const>, block_attributes <const> = set_of(FIELD_ATTRIBUTES), set_of(BLOCK_ATTRIBUTES)
local enum_attributes <const>, value_attributes <const> = set_of(ENUM_ATTRIBUTES), set_of(VALUE_ATTRIBUTES)

local function kinds()
  return { "model", "view", "type", "enum", "datasource", "generator" }
end

local function problem(item, file, text, advice)
  error({ schema_problem = true, file = file, line = item.line, column_number = item.column, text = text, advice = advice }, 0)
end

-- Reads `kind Name {` and the block's contents.
local function read_block(src, pos, result, documentation)
  local text = src.text
  local _, stop, kind, name, open = find(text, "^(%a[%w_]*)[ \t]+([%w\x80-\xff][%w_\x80-\xff-]*)%s*(.?)", pos)
  local known = kind and KINDS[kind]
  if not known then
    local word = text:match("^[%w_@]+", pos)
    src:fail(pos, "this line is invalid. It does not start with any known Prisma schema keyword",
      word and ("Known: model, view, type, enum, datasource, generator.%s"):format(
        suggest.nearest(word, kinds()) and suggest.hint(word, kinds()) or "") or nil)
  elseif open ~= "{" then
    src:fail(stop, ("expected { after %s \"%s\""):format(kind, name))
  end
  local line, column = src:advance(pos)
  local item = {
    kind = kind, name = name, file = src.path, line = line, column = column, position = pos, documentation = documentation,
    attributes = {},
  }
  pos = known.read(src, stop + 1, item)
  item.position = nil
  local list = result[known.list]
  local earlier = list[name]
  for _, other in ipairs({ "models", "views", "types", "enums" }) do
    if known.list ~= "datasources" and known.list ~= "generators" then
      earlier = earlier or result[other][name]
    end
  end
  if earlier then
    problem(item, src.path, ("the %s \"%s\" cannot be defined because a %s with that name exists already (%s:%d)"):format(kind, name,
      earlier.kind, earlier.file, earlier.line))
  end
  list[#list + 1], list[name] = item, item
  return pos
end

local function read_file(src, result)
  local text, pos, documentation = src.text, 1, nil
  while true do
    pos = find(text, "[^ \t\r\n\f]", pos)
    if not pos then
      return
    elseif text:byte(pos) == 47 then -- "/"
      local line
      pos, line = src:after_comment(pos)
      if line then
        documentation = documentation and (documentation .. "\n" .. line) or line
      end
    else
      pos, documentation = read_block(src, pos, result, documentation), nil
    end
  end
end

local function check_attributes(attributes, known, names, file, prefix)
  for _, attribute in ipairs(attributes) do
    local name = attribute.name
    -- Native types carry the datasource's name (@db.Uuid), whatever that is.
    if not known[name] and not find(name, ".", 1, true) then
      problem(attribute, file, ("attribute not known: \"%s%s\".%s"):format(prefix, name, suggest.hint(name, names)))
    end
  end
end

local function check_types(result)
  local blocks, names = {}, { table.unpack(SCALARS) }
  for _, list in ipairs({ "models", "views", "types", "enums" }) do
    for _, item in ipairs(result[list]) do
      blocks[item.name] = true
      names[#names + 1] = item.name
    end
  end
  for _, list in ipairs({ "models", "views", "types" }) do
    for _, item in ipairs(result[list]) do
      for _, field in ipairs(item.fields) do
        if not scalars[field.type] and not blocks[field.type] and not field.unsupported then
          local nearest = suggest.nearest(field.type, names)
          problem(field, item.file, ("type \"%s\" of %s.%s is neither a built-in type, nor refers to another model, composite type,"
            .. " or enum.%s"):format(field.type, item.name, field.name, nearest and (" Did you mean \"%s\"?"):format(nearest) or ""))
        end
        check_attributes(field.attributes, field_attributes, FIELD_ATTRIBUTES, item.file, "@")
      end
      check_attributes(item.attributes, block_attributes, BLOCK_ATTRIBUTES, item.file, "@@")
    end
  end
  for _, enum in ipairs(result.enums) do
    check_attributes(enum.attributes, enum_attributes, ENUM_ATTRIBUTES, enum.file, "@@")
    for _, value in ipairs(enum.values) do
      check_attributes(value.attributes, value_attributes, VALUE_ATTRIBUTES, enum.file, "@")
    end
  end
end

local function empty(files)
  local result = { files = {}, datasources = {}, generators = {}, models = {}, views = {}, types = {}, enums = {} }
  for index, file in ipairs(files) do
    result.files[index] = file.path
  end
  return result
end

local function guarded(fn)
  local ok, raised = pcall(fn)
  if ok then
    return true
  elseif type(raised) ~= "table" or not raised.schema_problem then
    error(raised, 0)
  end
  return nil, ("%s:%d:%d: %s"):format(raised.file, raised.line, raised.column_number, raised.text), "P1012",
    { file = raised.file, line = raised.line, column_number = raised.column_number, advice = raised.advice }
end

--- Parses a schema.
-- @tparam table files list of { path, text }
-- @treturn[1] table the schema
-- @treturn[2] nil
-- @treturn[2] string message, beginning with file:line:column
-- @treturn[2] string "P1012"
-- @treturn[2] table { file, line, column_number, advice }
function schema.parse(files)
  local _ <close> = collector.hold(files)
  local result = empty(files)
  local ok, message, code, detail = guarded(function()
    for _, file in ipairs(files) do
      read_file(source.new(file.path, file.text), result)
    end
    check_types(result)
  end)
  if not ok then
    return nil, message, code, detail
  end
  return result
end

local function line_before(text, pos)
  local start = pos
  while start > 1 and text:byte(start - 1) ~= 10 do
    start = start - 1
  end
  return text:sub(start, pos - 1)
end

-- The next block comment. `/*` inside a string or a line comment (as in "src/**/*.ts") begins none.
local function next_comment(text, from)
  while true do
    local open = find(text, "/*", from, true)
    if not open then
      return nil
    end
    local before = line_before(text, open):gsub("\\.", ""):gsub("\"[^\"]*\"", "")
    if not find(before, "\"", 1, true) and not find(before, "//", 1, true) and before:sub(-1) ~= "/" then
      return open, select(2, find(text, "*/", open + 2, true)) or #text
    end
    from = open + 2
  end
end

-- Where datasource blocks begin: alone on their line, outside of comments.
local function datasource_positions(text)
  local found, pos = {}, 1
  local open, close = next_comment(text, 1)
  while true do
    -- A plain search first: it goes through 300 models in a fraction of the time that a pattern takes.
    local first = find(text, "datasource", pos, true)
    if not first then
      return found
    end
    while open and close < first do
      open, close = next_comment(text, close + 1)
    end
    if open and open < first then
      pos = close + 1
    else
      if not find(line_before(text, first), "[^ \t\r]") and find(text, "^datasource[ \t]+%w[%w_-]*%s*{", first) then
        found[#found + 1] = first
      end
      pos = first + 1
    end
  end
end

--- Reads the datasource blocks only, so that a deployment need not read 300 models first.
-- @tparam table files list of { path, text }
-- @treturn[1] table list of datasource blocks, as in a schema
-- @treturn[2] nil
-- @treturn[2] string message, beginning with file:line:column
-- @treturn[2] string "P1012"
-- @treturn[2] table { file, line, column_number, advice }
function schema.datasources(files)
  local result = empty(files)
  local ok, message, code, detail = guarded(function()
    for _, file in ipairs(files) do
      if find(file.text, "datasource", 1, true) then
        local src = source.new(file.path, file.text)
        for _, pos in ipairs(datasource_positions(file.text)) do
          read_block(src, pos, result, nil)
        end
      end
    end
  end)
  if not ok then
    return nil, message, code, detail
  end
  return result.datasources
end

--- Tells whether a type is one of Prisma's scalars.
-- @tparam string name
-- @treturn boolean
function schema.is_scalar(name)
  return scalars[name] == true
end

--- The first attribute of a name.
-- @tparam table item a field, a value or a block
-- @tparam string name without its @
-- @treturn table|nil
function schema.attribute(item, name)
  for _, attribute in ipairs(item.attributes) do
    if attribute.name == name then
      return attribute
    end
  end
  return nil
end

--- The items of a value that should be a list: one that stands without brackets is a list of one.
-- @tparam table|nil value
-- @treturn table list of values
function schema.items(value)
  if not value then
    return {}
  end
  return value.kind == "array" and value.items or { value }
end

--- An argument of an attribute or function: by name, or the one unnamed argument at a place.
-- @tparam table holder what has `args`
-- @tparam string|nil name
-- @tparam[opt] number place among the unnamed arguments
-- @treturn table|nil the value
function schema.argument(holder, name, place)
  local unnamed = 0
  for _, arg in ipairs(holder.args) do
    if arg.name then
      if arg.name == name then
        return arg.value
      end
    else
      unnamed = unnamed + 1
      if unnamed == place then
        return arg.value
      end
    end
  end
  return nil
end

return schema
