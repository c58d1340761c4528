--- Corrects the history by hand: a migration is applied, or is rolled back. The database itself is not touched.
-- @module tilth.migrate.resolve

local resolve = {}

local folder = require("tilth.migrate.folder")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local history = require("tilth.migrate.history")
local observe = require("tilth.migrate.observe")
local suggest = require("tilth.suggest")

local EXAMPLE <const> = '(example: "20201207184859_initial_migration")'

local function find(migrations, name)
  for _, migration in ipairs(migrations) do
    if migration.name == name then
      return migration
    end
  end
  return nil
end

local function names_of(migrations)
  local names = {}
  for position, migration in ipairs(migrations) do
    names[position] = migration.name
  end
  return names
end

local function did_you_mean(name, names)
  local near = suggest.nearest(name, names)
  return near and near ~= name and ("Did you mean `%s`?"):format(near) or nil
end

local function not_found(name, migrations)
  return nil, ("The migration %s could not be found. Please make sure that the migration exists, and that you included the whole name of "
    .. "the directory. %s"):format(name, EXAMPLE), "P3017", { exit = 1, advice = did_you_mean(name, names_of(migrations)) }
end

--- The SQL that records migrations as applied without running them: steps 0 and empty logs, as Prisma writes it.
-- @tparam table db
-- @tparam table found the history: exists, schema, qualified
-- @tparam {table,...} migrations { name, sha256 }
-- @treturn {string,...} statements
function resolve.baseline_sql(db, found, migrations)
  local statements = {}
  if not found.exists then
    -- IF NOT EXISTS asks for a right that a schema of one's own does not need.
    if not db:value("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", found.schema) then
      statements[1] = "CREATE SCHEMA " .. db:identifier(found.schema)
    end
    statements[#statements + 1] = history.create_sql(found.qualified)
  end
  for _, migration in ipairs(migrations) do
    -- Rows are read by started_at: equal times would leave the order open.
    statements[#statements + 1] = ("INSERT INTO %s (id, checksum, logs, started_at, finished_at, migration_name)"
      .. " SELECT %s, %s, '', t, t, %s FROM pg_catalog.clock_timestamp() AS t"):format(found.qualified, db:literal(hash.uuid()),
      db:literal(migration.sha256), db:literal(migration.name))
  end
  return statements
end

local function roll_back_sql(db, found, row)
  return ("UPDATE %s SET rolled_back_at = pg_catalog.clock_timestamp() WHERE id = %s"):format(found.qualified, db:literal(row.id))
end

-- All or nothing.
local function write(db, statements)
  return db:transaction(function()
    return db:script(table.concat(statements, ";\n"))
  end)
end

resolve.write = write

--- Records a migration as applied. Open failed rows of it are marked as rolled back.
-- @tparam table world db, project; the lock is held
-- @tparam string name
-- @treturn boolean true
-- @treturn nil,string,string,table P3019, P3017, P3008, or the database's failure
function resolve.applied(world, name)
  local migrations, message, code = folder.read(fs, hash.sha256, world.project.migrations_dir)
  if not migrations then
    return nil, message, code
  end
  if migrations.lock_file.found and migrations.lock_file.provider ~= "postgresql" then
    local check = require("tilth.check.migration_provider")
    local finding = check.run({ migrations = migrations, project = world.project }, nil)[1]
    return nil, finding.message, finding.code, { exit = 1, advice = finding.advice }
  end
  local migration = find(migrations, name)
  if not migration or not migration.sha256 then
    return not_found(name, migrations)
  end
  local refused = history.refuses(name)
  if refused then
    return nil, refused, "failed", { exit = 1, advice = "Rename its folder." }
  end
  local found, why, state, detail = observe.history(world.db, world.project)
  if not found then
    return nil, why, state, detail
  end
  local statements = {}
  for _, row in ipairs(found.rows) do
    if row.migration_name == name and row.finished_at then
      return nil, ("The migration `%s` is already recorded as applied in the database."):format(name), "P3008", { exit = 1 }
    elseif row.migration_name == name and history.state(row) == "failed" then
      statements[#statements + 1] = roll_back_sql(world.db, found, row)
    end
  end
  table.move(resolve.baseline_sql(world.db, found, { migration }), 1, 8, #statements + 1, statements)
  local ok
  ok, message, code, detail = write(world.db, statements)
  return ok and true, message, code, detail
end

--- Marks the open failed rows of a migration as rolled back: the next deploy applies it.
-- @tparam table world db, project; the lock is held
-- @tparam string name
-- @treturn boolean true
-- @treturn nil,string,string,table P3011, P3012, or the database's failure
function resolve.rolled_back(world, name)
  local db = world.db
  local found, message, code, detail = observe.history(db, world.project)
  if not found then
    return nil, message, code, detail
  end
  if not found.exists then
    return nil, "Invariant violation: called markMigrationRolledBack on a database without migrations table. (There is no table "
      .. found.qualified .. ".)", "failed", { exit = 1 }
  end
  local names, known, open = {}, false, {}
  local rolled_back = false
  for _, row in ipairs(found.rows) do
    names[#names + 1] = row.migration_name
    if row.migration_name == name then
      known = true
      rolled_back = rolled_back or (row.rolled_back_at ~= nil and not row.finished_at)
      if history.state(row) == "failed" then
        open[#open + 1] = roll_back_sql(db, found, row)
      end
    end
  end
  if not known then
    return nil, ("Migration `%s` cannot be rolled back because it was never applied to the database. Hint: did you pass in the whole "
      .. "migration name? %s"):format(name, EXAMPLE), "P3011", { exit = 1, advice = did_you_mean(name, names) }
  elseif #open == 0 and not rolled_back then
    return nil, ("Migration `%s` cannot be rolled back because it is not in a failed state."):format(name), "P3012", { exit = 1 }
  elseif #open == 0 then
    return true
  end
  local ok
  ok, message, code, detail = write(db, open)
  return ok and true, message, code, detail
end

resolve.not_found = not_found

return resolve
