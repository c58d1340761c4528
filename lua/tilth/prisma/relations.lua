--- Joins the two ends of every relation of a resolved schema.
local relations = {}

local schema = require("tilth.prisma.schema")

-- The relation's name, if it has one.
local function name_of(field)
  local attribute = schema.attribute(field.source, "relation")
  local value = attribute and schema.argument(attribute, "name", 1)
  return value and value.kind == "string" and value.value or nil, attribute
end

local function names_in(value)
  local names = {}
  for index, item in ipairs(schema.items(value)) do
    names[index] = item.value
  end
  return names
end

local function action_of(attribute, name)
  local value = schema.argument(attribute, name)
  return value and value.value or nil
end

local function check_names(context, model, names, attribute, field)
  for _, name in ipairs(names) do
    if not model.by_field[name] then
      context.fail(attribute, field.model_file, ("the relation \"%s\" refers to an unknown field \"%s\" of model \"%s\".%s"):format(
        field.name, name, model.name, context.hint(name, model)))
    end
  end
end

local function columns_of(model, names)
  local columns = {}
  for index, name in ipairs(names) do
    columns[index] = model.by_field[name].column
  end
  return columns
end

local function begin(context, model, field)
  local name, attribute = name_of(field)
  local other = context.models[field.type]
  local relation = { name = name, model = field.type, list = field.list, fields = {}, references = {}, side = "back" }
  if attribute then
    local fields, references = schema.argument(attribute, "fields"), schema.argument(attribute, "references")
    relation.fields, relation.references = names_in(fields), names_in(references)
    if #relation.fields ~= #relation.references and (#relation.fields > 0 or not field.list) then
      context.fail(attribute, field.model_file, ("the relation \"%s\" must name as many fields as references"):format(field.name))
    end
    if #relation.fields > 0 then
      check_names(context, model, relation.fields, attribute, field)
      check_names(context, other, relation.references, attribute, field)
      relation.side = "holder"
      relation.columns, relation.reference_columns = columns_of(model, relation.fields), columns_of(other, relation.references)
      relation.on_delete, relation.on_update = action_of(attribute, "onDelete"), action_of(attribute, "onUpdate")
      relation.map = action_of(attribute, "map")
    end
  end
  field.relation = relation
end

-- In a relation of a model with itself the two ends are two fields of one model.
local function find_opposite(context, model, field)
  local other, found = context.models[field.type], nil
  for _, candidate in ipairs(other.fields) do
    if candidate ~= field and candidate.relation and candidate.type == model.name and candidate.relation.name == field.relation.name then
      local same_side = candidate.relation.side == "holder" and field.relation.side == "holder"
      if not same_side then
        if found then
          context.fail(field.source, field.model_file, ("the relation between \"%s\" and \"%s\" is ambiguous; name both ends with"
            .. " @relation(\"name\")"):format(model.name, other.name))
        end
        found = candidate
      end
    end
  end
  return found
end

-- Prisma's join table: "_AToB", or "_" and the relation's name; column A belongs to the alphabetically first model.
local function set_join_table(model, field, opposite)
  local first, second = model.name, field.type
  if second < first then
    first, second = second, first
  end
  local is_a = model.name == field.type and field.name <= opposite.name or model.name ~= field.type and model.name == first
  field.relation.side = "many"
  field.relation.join = {
    table = "_" .. (field.relation.name or (first .. "To" .. second)), schema = nil,
    own_column = is_a and "A" or "B", other_column = is_a and "B" or "A",
  }
end

local function finish(context, model, field)
  local opposite = find_opposite(context, model, field)
  if not opposite then
    context.fail(field.source, field.model_file, ("the relation field \"%s\" on model \"%s\" is missing an opposite relation field on"
      .. " the model \"%s\""):format(field.name, model.name, field.type), ("Add a field of type %s to %s."):format(model.name, field.type))
  end
  local relation, back = field.relation, opposite.relation
  relation.opposite = opposite.name
  if relation.side == "back" and back.side == "holder" then
    relation.fields, relation.references = back.references, back.fields
    relation.columns, relation.reference_columns = back.reference_columns, back.columns
  elseif field.list and opposite.list then
    set_join_table(model, field, opposite)
  elseif relation.side == "back" and back.side == "back" then
    context.fail(field.source, field.model_file, ("the relation between \"%s\" and \"%s\" names no fields and references on either"
      .. " side"):format(model.name, field.type), "Write @relation(fields: [...], references: [...]) on the side with the key.")
  end
end

--- Joins the relations.
-- Afterwards `field.relation` is { name, model, list, side = "holder"|"back"|"many", fields, references, columns,
-- reference_columns (own columns, then the other model's), on_delete, on_update, map, opposite, join (many-to-many) }.
-- @tparam table context { models = by name and list, fail = function(item, file, text, advice), hint = function(name, model) }
function relations.join(context)
  for _, step in ipairs({ begin, finish }) do
    for _, model in ipairs(context.models) do
      for _, field in ipairs(model.fields) do
        if field.kind == "object" then
          step(context, model, field)
        end
      end
    end
  end
end

return relations
