--- Gives an existing database a history: the migrations that it already has are recorded, and not run.
-- @module tilth.migrate.baseline

local baseline = {}

local history = require("tilth.migrate.history")
local observe = require("tilth.migrate.observe")
local path = require("tilth.path")
local resolve = require("tilth.migrate.resolve")

local function up_to(migrations, last)
  local chosen = {}
  for _, migration in ipairs(migrations) do
    chosen[#chosen + 1] = migration
    if migration.name == last then
      return chosen
    end
  end
  return not last and chosen or nil
end

local function refusal(observed)
  if observed.history.exists and #observed.history.rows > 0 then
    return "this database has a history of migrations already", "P3008",
      "Record single migrations with `tilth migrate resolve --applied NAME`."
  elseif #observed.objects == 0 then
    return "this database has no tables, so there is nothing that its migrations could have made already", "unsafe",
      "Run `tilth migrate deploy`: it makes them. (--force records the migrations all the same.)"
  elseif #observed.migrations == 0 then
    return ("there are no migrations in %s"):format(path.relative(observed.migrations.dir, observed.project.root)), "P3017", nil
  end
  return nil
end

--- Chooses what to record. Pure.
-- @tparam table observed migrations, history, objects, project (its root)
-- @tparam table options up_to (name)|nil, force
-- @treturn {table,...} migrations
-- @treturn nil,string,string,table
function baseline.choose(observed, options)
  local message, code, advice = refusal(observed)
  if message and not (options.force and code == "unsafe") then
    return nil, message, code, { advice = advice, exit = code ~= "unsafe" and 1 or nil }
  end
  local chosen = up_to(observed.migrations, options.up_to)
  if not chosen then
    return resolve.not_found(options.up_to, observed.migrations)
  end
  for _, migration in ipairs(chosen) do
    local refused = history.refuses(migration.name)
    if refused then
      return nil, refused, "failed", { exit = 1, advice = "Rename its folder." }
    elseif not migration.sha256 then
      return nil, "Could not find the migration file at migration.sql. Please delete the directory or restore the migration file. ("
        .. path.relative(migration.path, observed.project.root) .. ")", "P3015", { exit = 1 }
    end
  end
  return chosen
end

--- Records the migrations of an existing database. The lock is held.
-- @tparam table world db, project, settings
-- @tparam table options up_to, force, dry_run
-- @treturn {string,...} names
-- @treturn nil,string,string,table
function baseline.run(world, options)
  local observed, message, code, detail = observe.observe(world.db, world.project, world.settings)
  if not observed then
    return nil, message, code, detail
  end
  observed.project = world.project
  local chosen
  chosen, message, code, detail = baseline.choose(observed, options)
  if not chosen then
    return nil, message, code, detail
  end
  if not options.dry_run then
    local ok
    ok, message, code, detail = resolve.write(world.db, resolve.baseline_sql(world.db, observed.history, chosen))
    if not ok then
      return nil, message, code, detail
    end
  end
  local names = {}
  for position, migration in ipairs(chosen) do
    names[position] = migration.name
  end
  return names
end

return baseline
