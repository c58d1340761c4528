--- Reads what is there: the migrations folder, and the history and tables of the database. Changes nothing.
-- @module tilth.migrate.observe

local observe = {}

local checksum = require("tilth.migrate.checksum")
local folder = require("tilth.migrate.folder")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local history = require("tilth.migrate.history")

local UNDEFINED_TABLE <const> = "42P01"

-- Names that PostGIS brings; Prisma takes a database with only these for empty.
local IGNORED <const> = {
  spatial_ref_sys = true, geometry_columns = true, geography_columns = true, raster_columns = true, raster_overviews = true,
}

-- The name of the schema, quoted where it needs to be. A join of the catalogs would take five times as long.
local WHERE_FOUND <const> = ("SELECT (pg_catalog.pg_identify_object(1259, pg_catalog.to_regclass('%s'), 0)).schema"):format(history.TABLE)

local TABLES <const> = [[SELECT n.nspname AS schema, c.relname AS name, d.extname AS extension
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 LEFT JOIN LATERAL (SELECT e.extname FROM pg_catalog.pg_depend p JOIN pg_catalog.pg_extension e ON e.oid = p.refobjid
  WHERE p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objid = c.oid AND p.deptype = 'e') d ON true
 WHERE c.relkind = 'r' AND n.nspname = ANY ($1::text[]) ORDER BY 1, 2]]

--- The schemas in which Prisma looks for tables: that of the URL, and those of the datasource.
-- @tparam table db
-- @tparam table project
-- @treturn {string,...}
function observe.schemas(db, project)
  local found, seen = { db.target.schema }, { [db.target.schema] = true }
  local datasource = project.schema and project.schema.datasource
  for _, name in ipairs(datasource and datasource.schemas or {}) do
    if not seen[name] then
      seen[name] = true
      found[#found + 1] = name
    end
  end
  return found
end

local function qualified(db, schema)
  return db:identifier(schema) .. "." .. db:identifier(history.TABLE)
end

local function unquoted(name)
  return name:sub(1, 1) == '"' and name:sub(2, -2):gsub('""', '"') or name
end

local function found_history(db, schema, rows)
  return { exists = true, schema = schema, qualified = qualified(db, schema), rows = rows }
end

-- Nothing on the search path: what else is there, and is the table where Prisma looks for it all the same?
local function read_empty(db, project, whole)
  local tables, message, code, detail = db:query(TABLES, db.array(db, observe.schemas(db, project)))
  if not tables then
    return nil, message, code, detail
  end
  local schema, others = db.target.schema, {}
  for _, entry in ipairs(tables) do
    if entry.name == history.TABLE and entry.schema == schema then
      local rows
      rows, message, code, detail = db:query(history.select_sql(qualified(db, schema), whole))
      if not rows then
        return nil, message, code, detail
      end
      return found_history(db, schema, rows), {}
    elseif not IGNORED[entry.name:lower()] then
      others[#others + 1] = { schema = entry.schema, name = entry.name, extension = entry.extension }
    end
  end
  return { exists = false, schema = schema, qualified = qualified(db, schema), rows = {} }, others
end

-- What a message that reads the history gave: its results, or what is there without one.
local function read(db, project, sql, whole)
  local results, message, code, detail = db:script(WHERE_FOUND .. ";" .. sql)
  if results then
    return results
  end
  local found, objects, state, more
  if code == UNDEFINED_TABLE then
    found, objects, state, more = read_empty(db, project, whole)
    if found then
      return {}, found, objects
    end
    message, code, detail = objects, state, more
  end
  return nil, "cannot read the history of migrations: " .. message, code, detail
end

--- Reads the history. One message where the table is there, which is nearly always.
-- @tparam table db
-- @tparam table project for the schemas of its datasource
-- @tparam boolean|nil whole all columns of all rows
-- @treturn table { exists, schema, qualified, rows }
-- @treturn {table,...} without a history: the tables that are there, { schema, name, extension }
-- @treturn nil,string,string,table
function observe.history(db, project, whole)
  local results, found, objects, detail = read(db, project, history.select_sql(history.TABLE, whole), whole)
  if not results then
    return nil, found, objects, detail
  elseif found then
    return found, objects
  end
  return found_history(db, unquoted(results[1][1].schema), results[2]), {}
end

-- A history that is in step with the folder; its rows are made only when somebody asks for them.
local function in_step(db, schema, migrations)
  return setmetatable({ exists = true, in_step = true, schema = schema, qualified = qualified(db, schema) }, {
    __index = function(self, key)
      if key == "rows" then
        self.rows = history.rows_in_step(migrations)
        return self.rows
      end
    end,
  })
end

-- Marks what differs from the file that was applied. The text is read again: that happens next to never.
local function compare(migrations, rows)
  local entries = history.by_name(rows)
  for _, migration in ipairs(migrations) do
    local entry = entries[migration.name]
    local row = entry and (entry.applied or entry.failed)
    if row and migration.sha256 and row.checksum ~= migration.sha256 then
      local text = fs.read(migration.path)
      migration.stored = row.checksum
      migration.changed = text and checksum.compare(hash.sha256, text, row.checksum) or "edited"
      if migration.changed == "same" then
        migration.changed = nil
      end
    end
  end
end

-- Of what failed: how much was finished when its statements stopped, and is that part unchanged? Or is nothing of it there?
-- Where another row says that it is applied, somebody has to look.
local function read_failures(db, migrations, rows)
  local here, entries = {}, history.by_name(rows)
  for _, migration in ipairs(migrations) do
    here[migration.name] = migration
  end
  for _, row in ipairs(rows) do
    if history.state(row) == "failed" then
      row.mark = history.read_mark(row.logs)
      local migration = here[row.migration_name]
      local runs_again = migration and not migration.problem and not entries[row.migration_name].applied
      local text = runs_again and folder.text(fs, hash.sha256, migration)
      if text and not row.mark then
        row.nothing_left = row.checksum == migration.sha256 and require("tilth.migrate.leftovers").none(db, text)
      elseif text then
        row.resumable = require("tilth.migrate.resume").fits(hash.sha256, text, row.mark)
      end
    end
  end
end

--- Observes the migrations of a project and the history of a database.
-- @tparam table db
-- @tparam table project its migrations_dir, and the schemas of its datasource
-- @tparam table|nil settings
-- @tparam table|nil options whole: read all columns of all rows
-- @treturn table { migrations = list (see folder.read; with changed and stored where a file differs from its row),
--   history = { exists, schema, qualified, rows, in_step = all of the folder is applied as it is, and nothing else },
--   objects = tables that are there without a history }
-- @treturn nil,string,string,table
function observe.observe(db, project, settings, options) -- luacheck: no unused args
  local ahead, whole = options and options.ahead, options and options.whole
  local listing, found, objects, detail
  if ahead then
    -- Asked for first, since the files are still being read; nearly always this is all that there is to know.
    listing, found, objects, detail = read(db, project, history.listing_sql(history.TABLE), whole)
    if not listing then
      return nil, found, objects, detail
    end
  end
  local migrations, message, code = folder.read(fs, hash.sha256, project.migrations_dir, ahead)
  if not migrations then
    return nil, message, code
  end
  migrations.from = project.migrations_from
  migrations.prisma8 = migrations.prisma8 or project.prisma8
  if listing and not found and history.in_step(migrations, listing[2][1]) then
    return { migrations = migrations, history = in_step(db, unquoted(listing[1][1].schema), migrations), objects = {} }
  end
  if not found then
    found, objects, code, detail = observe.history(db, project, whole)
    if not found then
      return nil, objects, code, detail
    end
  end
  compare(migrations, found.rows)
  read_failures(db, migrations, found.rows)
  return { migrations = migrations, history = found, objects = objects }
end

return observe
