--- The blocks of the Prisma schema language: models, views, types, enums, datasources and generators.
local block = {}

local expression = require("tilth.prisma.expression")

local find, byte = string.find, string.byte

-- Letters beyond ASCII may stand in names.
local NAME <const> = "([%w\x80-\xff][%w_\x80-\xff-]*)"
local TYPED_FIELD <const> = "^" .. NAME .. "[ \t]+([%a\x80-\xff][%w_\x80-\xff]*)[ \t]*([%[%]?!]*)"

local CLOSE <const>, AT <const>, SLASH <const>, BRACKET <const> = 125, 64, 47, 91 -- } @ / [

-- Reads an attribute at its (last) @; `at` keeps its place for errors found later.
local function attribute(src, pos)
  local text = src.text
  local _, stop, name = find(text, "^@[ \t]*([%a_][%w_.]*)", pos)
  if not stop then
    src:fail(pos, "expected the name of an attribute after @")
  end
  local line, column = src:advance(pos)
  local result = { name = name, line = line, column = column, args = nil }
  local open = find(text, "[^ \t]", stop + 1)
  if open and byte(text, open) == 40 then -- "("
    result.args, stop = expression.arguments(src, open)
    return result, stop
  end
  result.args = {}
  return result, stop + 1
end

-- The rest of a line: attributes, then perhaps a comment. Returns the position of the line's end.
local function rest_of_line(src, pos, item)
  local text = src.text
  while true do
    local at = find(text, "[^ \t]", pos)
    local char = at and byte(text, at)
    if not char or char == 10 or char == 13 or char == CLOSE then
      return at or #text + 1
    elseif char == AT then
      local attributes = item.attributes
      attributes[#attributes + 1], pos = attribute(src, at)
    elseif char == SLASH then
      local documentation
      pos, documentation = src:after_comment(at)
      if documentation then
        item.documentation = item.documentation and (item.documentation .. "\n" .. documentation) or documentation
      end
    else
      src:fail(at, ("this line is not a valid %s definition"):format(item.what or "field or attribute"),
        "A field is written as: name Type @attributes. One a line.")
    end
  end
end

-- The forms of a type that plain `Name?` and `Name[]` do not cover.
local function unusual_type(src, pos, field)
  local text = src.text
  local _, stop = find(text, "^Unsupported[ \t]*%(", pos)
  local after
  if stop then
    local args
    args, after = expression.arguments(src, stop)
    local value = args[1] and args[1].value
    if #args ~= 1 or value.kind ~= "string" then
      src:fail(pos, "Unsupported takes the database's type as one string", "Write it as Unsupported(\"circle\").")
    end
    field.type, field.unsupported = "Unsupported", value.value
  elseif byte(text, pos) == BRACKET then
    src:fail(pos, "to make a list, write the brackets after the type", "Write it as Type[].")
  else
    src:fail(pos, ("the field \"%s\" has no valid type"):format(field.name), "Write it as: name Type.")
  end
  local _, suffix_end, suffix = find(text, "^[ \t]*([%[%]?!]*)", after)
  return suffix, suffix_end + 1
end

local function set_arity(src, pos, field, suffix)
  field.list, field.optional = suffix == "[]", suffix == "?"
  if suffix == "[]?" or suffix == "?[]" then
    src:fail(pos, "optional lists are not supported", "Use either a list or an optional type.")
  elseif suffix == "!" then
    src:fail(pos, "fields are required by default; the ! is no longer written")
  elseif suffix ~= "" and not field.list and not field.optional then
    src:fail(pos, ("\"%s\" is not valid after a type"):format(suffix), "Write Type, Type? or Type[].")
  end
end

local function field_of(src, pos, documentation)
  local text = src.text
  local _, stop, name, type_name, suffix = find(text, TYPED_FIELD, pos)
  local line, column = src:advance(pos)
  local field = { line = line, column = column, attributes = {}, documentation = documentation, list = false, optional = false }
  local after
  if stop and type_name ~= "Unsupported" then
    field.name, field.type = name, type_name
    after = stop + 1
  else
    _, stop, name = find(text, "^" .. NAME .. "[ \t]*:?[ \t]*", pos)
    if not stop then
      src:fail(pos, "this line is not a valid field or attribute definition", "A field is written as: name Type @attributes.")
    end
    field.name = name
    suffix, after = unusual_type(src, stop + 1, field)
  end
  if suffix ~= "" then
    set_arity(src, pos, field, suffix)
  end
  return field, rest_of_line(src, after, field)
end

local function enum_value(src, pos, documentation)
  local _, stop, name = find(src.text, "^" .. NAME, pos)
  if not stop then
    src:fail(pos, "this line is not a valid enum value")
  end
  local line, column = src:advance(pos)
  local value = { name = name, line = line, column = column, attributes = {}, documentation = documentation, what = "enum value" }
  local after = rest_of_line(src, stop + 1, value)
  value.what = nil
  return value, after
end

-- Goes through a block's lines; `read_item` reads what is neither a comment nor a block attribute.
local function contents(src, pos, owner, read_item, add)
  local text, documentation = src.text, nil
  while true do
    pos = find(text, "[^ \t\r\n]", pos)
    if not pos then
      src:fail(owner.position, ("the block of \"%s\" is never closed"):format(owner.name), "Close it with }.")
    end
    local char = byte(text, pos)
    if char == CLOSE then
      return pos + 1
    elseif char == SLASH then
      local line
      pos, line = src:after_comment(pos)
      if line then
        documentation = documentation and (documentation .. "\n" .. line) or line
      end
    elseif char == AT and byte(text, pos + 1) == AT then
      local holder = { attributes = owner.attributes, what = "block attribute" }
      local found
      found, pos = attribute(src, pos + 1)
      owner.attributes[#owner.attributes + 1] = found
      pos, documentation = rest_of_line(src, pos, holder), nil
    else
      local item
      item, pos = read_item(src, pos, documentation)
      documentation = nil
      add(item)
    end
  end
end

local function add_to(src, owner, list, index, what)
  return function(item)
    if index[item.name] then
      src:fail(src:position_of(item), ("%s \"%s\" is already defined in %s \"%s\""):format(what, item.name, owner.kind, owner.name))
    end
    list[#list + 1], index[item.name] = item, item
  end
end

--- Reads the contents of a model, view or type.
-- @tparam table src the source
-- @tparam number pos after the opening brace
-- @tparam table owner the block; gets `fields` (list) and `by_field`
-- @treturn number position after the closing brace
function block.fields(src, pos, owner)
  owner.fields, owner.by_field = {}, {}
  return contents(src, pos, owner, field_of, add_to(src, owner, owner.fields, owner.by_field, "field"))
end

--- Reads the contents of an enum.
-- @tparam table src the source
-- @tparam number pos after the opening brace
-- @tparam table owner the block; gets `values` (list) and `by_value`
-- @treturn number position after the closing brace
function block.values(src, pos, owner)
  owner.values, owner.by_value = {}, {}
  return contents(src, pos, owner, enum_value, add_to(src, owner, owner.values, owner.by_value, "value"))
end

local function property(src, pos, documentation)
  local _, stop, name = find(src.text, "^([%a_][%w_-]*)[ \t]*=[ \t]*", pos)
  if not stop then
    src:fail(pos, "this line is not a valid property", "A property is written as: name = value.")
  end
  local line, column = src:advance(pos)
  local item = { name = name, line = line, column = column, documentation = documentation, attributes = {}, what = "property" }
  local after
  item.value, after = expression.value(src, src:skip(stop + 1))
  after = rest_of_line(src, after, item)
  item.what, item.attributes = nil, nil
  return item, after
end

--- Reads the contents of a datasource or generator.
-- @tparam table src the source
-- @tparam number pos after the opening brace
-- @tparam table owner the block; gets `properties` (list) and `by_property`
-- @treturn number position after the closing brace
function block.properties(src, pos, owner)
  owner.properties, owner.by_property = {}, {}
  return contents(src, pos, owner, property, add_to(src, owner, owner.properties, owner.by_property, "property"))
end

return block
