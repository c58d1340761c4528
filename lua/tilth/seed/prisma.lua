--- What seeds need of a resolved Prisma schema: names, defaults that the client makes, relations, enum names. Pure.
local prisma = {}

local collector = require("tilth.prisma.collector")
local model = require("tilth.prisma.model")
local schema = require("tilth.prisma.schema")

local function default_of(field)
  local default = field.default
  if not default then
    return nil
  elseif default.kind == "static" then
    return { kind = "static", value = default.stored or default.value }
  elseif default.kind == "cuid" then
    return { kind = default.version == 2 and "cuid2" or "cuid" }
  elseif default.kind == "uuid" then
    return { kind = default.version == 7 and "uuid7" or "uuid" }
  elseif default.kind == "nanoid" then
    return { kind = "nanoid", size = default.length }
  elseif default.kind == "ulid" or default.kind == "now" then
    return { kind = default.kind }
  end
end

local function describe(owner)
  local described = { name = owner.name, table = owner.table, schema = owner.schema, fields = {}, relations = {} }
  for _, field in ipairs(owner.fields) do
    if field.relation then
      described.relations[field.name] = field.relation
    elseif field.column then
      described.fields[field.name] = {
        column = field.column, default = default_of(field), updated_at = field.updated_at,
        enum = field.kind == "enum" and field.type or nil,
      }
    end
  end
  return described
end

--- The names of an enum's values where they differ from what the database stores; nil when none does.
local function renamed(enum)
  local map
  for name, stored in pairs(enum.by_value) do
    if name ~= stored then
      map = map or {}
      map[name] = stored
    end
  end
  return map
end

--- Reads a project's schema for `tilth.seed.model`.
-- @param files list of { path, text }
-- @return { models, enums } | nil, message, "P1012", detail
function prisma.describe(files)
  local _ <close> = collector.hold(files)
  local parsed, message, code, detail = schema.parse(files)
  if not parsed then
    return nil, message, code, detail
  end
  local resolved
  resolved, message, code, detail = model.resolve(parsed)
  if not resolved then
    return nil, message, code, detail
  end
  local result = { models = {}, enums = {} }
  for name, owner in pairs(resolved.models) do
    result.models[name] = describe(owner)
  end
  for name, enum in pairs(resolved.enums) do
    result.enums[name] = renamed(enum)
  end
  return result
end

return prisma
