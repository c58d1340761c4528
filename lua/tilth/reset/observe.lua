--- Reads what a reset must know: the schemas, what they hold, who else depends on them, signs of life.
local observe = {}

local json = require("tilth.json")
local catalog = require("tilth.reset.catalog")
local disk = require("tilth.reset.disk")
local evidence = require("tilth.reset.evidence")
local scope = require("tilth.reset.scope")

local LISTS = { "schemas", "tables", "clocks", "dependents", "inheritance", "references", "publications", "event_triggers", "bins" }
local SCHEMA_LISTS = { "acl", "labels", "defaults", "extensions", "strange" }

local function with_lists(content, names)
  for _, name in ipairs(names) do
    content[name] = content[name] or {}
  end
end

--- Reads the catalog only; cheap enough to be asked again inside the reset's transaction.
-- @tparam Db db
-- @tparam table names list of schema names
-- @tparam string history_schema where Prisma's history table lives
-- @tparam[opt] boolean with_bins see reset/catalog.lua
-- @treturn table the content, see reset/catalog.lua
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function observe.catalog(db, names, history_schema, with_bins)
  local sql = catalog.sql(db:info().server_version, with_bins)
  local text, message, code, detail = db:value(sql, json.encode(json.array(names)), history_schema)
  if not text then
    return nil, "cannot read what a reset would touch: " .. message, code, detail
  end
  local content
  content, message = json.decode(text)
  if not content then
    return nil, "cannot read what a reset would touch: " .. message, "failed"
  end
  content = json.without_nulls(content)
  with_lists(content, LISTS)
  for _, schema in ipairs(content.schemas) do
    with_lists(schema, SCHEMA_LISTS)
  end
  content.names, content.history_schema = names, history_schema
  content.server_version = db:info().server_version
  return content
end

--- Tells whether any table that the catalog named holds a row, Prisma's history aside.
-- @tparam Db db
-- @tparam table content from observe.catalog
-- @treturn boolean
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function observe.rows(db, content)
  local queries = evidence.row_queries(content.tables, function(name) return db:identifier(name) end)
  if queries == true then
    return true
  end
  for _, sql in ipairs(queries) do
    local found, message, code, detail = db:value(sql)
    if found == nil then
      return nil, "cannot look for rows in the tables of the reset: " .. message, code, detail
    elseif found == true then
      return true
    end
  end
  return false
end

local function add_life(db, content)
  local rows, message, code, detail = observe.rows(db, content)
  if rows == nil then
    return nil, message, code, detail
  end
  local identifier = function(name) return db:identifier(name) end
  local literal = function(text) return db:literal(text) end
  local seen, life
  seen, message, code, detail = db:one(evidence.life_sql(content, identifier, literal))
  if seen then
    life, message, code, detail = db:one(catalog.life)
  end
  if not life then
    return nil, "cannot look for signs of life in the database: " .. message, code, detail
  end
  content.rows = rows
  life.last_at, life.last_in, life.last_ago, life.first_at = seen.last_at, seen.last_in, seen.last_ago, seen.first_at
  life.estimate = 0
  for _, entry in ipairs(content.tables) do
    life.estimate = life.estimate + math.tointeger(entry.estimate // 1)
  end
  content.life = life
  return content
end

--- observed.reset.
-- @tparam Db db
-- @tparam table target
-- @tparam table|nil project
-- @treturn table { names, schemas, tables, rows, life, dependents, inheritance, references, publications, event_triggers,
--   extensions and rights within schemas, bins, history, now, may_create, disk_free (bytes, false where it can't be known) }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function observe.observe(db, target, project)
  local names = scope.names(target, project)
  local content, message, code, detail = observe.catalog(db, names, target.schema or "public")
  if not content then
    return nil, message, code, detail
  end
  content.disk_free, message, code, detail = disk.free(db, target)
  if content.disk_free == nil then
    return nil, message, code, detail
  end
  return add_life(db, content)
end

return observe
