--- An operation: a verb on a table by a key. Calls of the same operation are written together.
local operation = {}

local array = require("tilth.array")
local suggest = require("tilth.suggest")

local OPTIONS <const> = {
  upsert = { "key", "update" },
  ensure = { "key" },
  sync = { "key", "where", "delete", "empty", "update" },
}

--- What db:load takes beside the options of its verb.
local OF_LOAD <const> = { "verb", "map", "format", "delimiter", "header" }

--- The types of options that decide what is done with rows: `delete = 0` must not delete.
local TYPES <const> = {
  delete = "boolean", empty = "boolean", where = "table", map = "function", format = "string", delimiter = "string", header = "table",
}

--- Checks the options of a verb.
-- @tparam string verb
-- @param options as they were given
-- @tparam boolean loads whether they are db:load's
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "usage"
function operation.check_options(verb, options, loads)
  if type(options) ~= "table" then
    return nil, ("the options are a table, not a %s"):format(type(options)), "usage"
  elseif loads and options.verb ~= nil and options.verb ~= "upsert" and options.verb ~= "ensure" then
    return nil, ("the option verb is \"upsert\" or \"ensure\", not %q"):format(tostring(options.verb)), "usage"
  end
  local names = table.move(OPTIONS[verb], 1, #OPTIONS[verb], 1, {})
  table.move(OF_LOAD, 1, loads and #OF_LOAD or 0, #names + 1, names)
  local known = {}
  for _, name in ipairs(names) do
    known[name] = true
  end
  for _, name in ipairs(array.sorted_keys(options)) do
    local value = options[name]
    if not known[name] then
      return nil, ("unknown option %q."):format(tostring(name)) .. suggest.hint(tostring(name), names), "usage"
    elseif TYPES[name] and type(value) ~= TYPES[name] then
      return nil, ("the option %s is a %s, not a %s"):format(name, TYPES[name], type(value)), "usage"
    end
  end
  return true
end

local function update_set(binding, update)
  if update == nil then
    return nil
  elseif type(update) ~= "string" and type(update) ~= "table" then
    return nil, ("update is a field or a list of fields, not a %s"):format(type(update))
  end
  local set = {}
  for _, name in ipairs(type(update) == "string" and { update } or update) do
    local field = binding:field(name)
    if not field then
      return nil, ("%s has no field %q, which update names."):format(binding.label, tostring(name))
        .. suggest.hint(tostring(name), binding:names())
    end
    set[field.column.name] = true
  end
  return set
end

--- What fills a column that no row gives: a client-made default where the database has none.
local function maker_of(maker)
  return function(field, column)
    local default = field.default
    if field.updated_at then
      local zoned = column.base == "timestamptz"
      return function() return maker:now(zoned) end
    elseif not default or column.has_default or column.identity ~= "" then
      return nil
    elseif default.kind == "static" then
      return function() return default.value end
    elseif default.kind == "now" then
      local zoned = column.base == "timestamptz"
      return function() return maker:now(zoned) end
    elseif default.kind == "nanoid" then
      return function() return maker:nanoid(default.size) end
    elseif maker[default.kind] then
      return function() return maker[default.kind](maker) end
    end
  end
end

local function key_name(key, update)
  local parts = {}
  for _, list in ipairs({ key or {}, update or {} }) do
    parts[#parts + 1] = type(list) == "table" and table.concat(list, "\1") or tostring(list)
  end
  return table.concat(parts, "\2")
end

--- Finds the operation of a call, the same table each time.
-- @param session the seed's session
-- @param verb    "upsert", "ensure" or "sync"
-- @param name    model or table
-- @param options of the verb
-- @param first   a row of the input, from which the key is found when the options name none; nil when there are no rows
-- @param missing_is_null true for db:load: a field that a row lacks is NULL
-- @return operation { verb, binding, key, update, makes, shapes } | nil, message, code, detail
function operation.find(session, verb, name, options, first, missing_is_null)
  options = options or {}
  local ok, wrong, word = operation.check_options(verb, options, missing_is_null)
  if not ok then
    return nil, wrong, word
  end
  local models, message, code, detail = session:models()
  if not models then
    return nil, message, code, detail
  end
  local binding
  binding, message, detail = models:get(name)
  if not binding then
    return nil, message, "usage", detail
  end
  local key
  if options.key or first then
    key, message, detail = binding:key(options.key, first)
    if not key then
      return nil, message, "usage", detail
    end
  end
  local id = table.concat({ verb, binding.table.sql, table.concat(key or {}, "\1"), key_name(options.update) }, "\3")
    .. (options.update and "\4" or "") .. (missing_is_null and "\5" or "")
  local found = session.operations[id]
  if not found then
    local update, why = update_set(binding, options.update)
    if why then
      return nil, why, "usage"
    end
    found = {
      verb = verb, binding = binding, key = key or {}, update = update, makes = maker_of(session.maker), shapes = {},
      sync = verb == "sync", missing_is_null = missing_is_null,
    }
    session.operations[id] = found
  end
  return found
end

return operation
