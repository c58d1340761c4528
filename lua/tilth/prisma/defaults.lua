--- What `@default(...)` and `@updatedAt` mean: who makes the value, Prisma's client or the database.
local defaults = {}

local array = require("tilth.array")
local schema = require("tilth.prisma.schema")
local suggest = require("tilth.suggest")

-- by = "client" where Prisma's client makes the value and the column has no default.
local FUNCTIONS <const> = {
  autoincrement = "database", sequence = "database", dbgenerated = "database", now = "both",
  cuid = "client", uuid = "client", ulid = "client", nanoid = "client", auto = "database",
}

local function static(value)
  if value.kind == "array" then
    local items = {}
    for index, item in ipairs(value.items) do
      items[index] = static(item).value
    end
    return { kind = "static", by = "database", value = items, list = true }
  elseif value.kind == "constant" and (value.value == "true" or value.value == "false") then
    return { kind = "static", by = "database", value = value.value == "true" }
  elseif value.kind == "constant" then
    return { kind = "static", by = "database", value = value.value, enum = true }
  elseif value.kind == "number" then
    return { kind = "static", by = "database", value = value.value, number = true }
  end
  return { kind = "static", by = "database", value = value.value }
end

-- A first argument that is a number: cuid(2), uuid(7), nanoid(10).
local function version(call)
  local value = schema.argument(call, nil, 1)
  return value and value.kind == "number" and math.tointeger(tonumber(value.value)) or nil
end

--- Reads a field's default.
-- @tparam table field of a parsed schema
-- @tparam function fail called as fail(attribute, text) for what is wrong; raises
-- @treturn[1] table { kind = "autoincrement"|"sequence"|"dbgenerated"|"now"|"cuid"|"uuid"|"ulid"|"nanoid"|"auto"|"static",
--   by = "client"|"database"|"both", value, list, enum, number (static), version (cuid, uuid), length (nanoid), sql (dbgenerated) }
-- @treturn[2] nil when it has none
function defaults.of(field, fail)
  local attribute = schema.attribute(field, "default")
  if not attribute then
    return nil
  end
  local value = schema.argument(attribute, "value", 1)
  if not value then
    fail(attribute, ("@default of \"%s\" has no value"):format(field.name))
  end
  local map = schema.argument(attribute, "map")
  if value.kind ~= "function" then
    local result = static(value)
    result.map = map and map.value
    return result
  end
  local by = FUNCTIONS[value.name]
  if not by then
    local hint = suggest.hint(value.name, array.sorted_keys(FUNCTIONS))
    fail(attribute, ("unknown function in @default(): \"%s\".%s"):format(value.name, hint))
  end
  local result = { kind = value.name, by = by, map = map and map.value }
  if value.name == "cuid" then
    result.version = version(value) or 1
  elseif value.name == "uuid" then
    result.version = version(value) or 4
  elseif value.name == "nanoid" then
    result.length = version(value) or 21
  elseif value.name == "dbgenerated" then
    local sql = schema.argument(value, nil, 1)
    result.sql = sql and sql.kind == "string" and sql.value or nil
  end
  return result
end

return defaults
