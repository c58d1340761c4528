--- Restores a backup into schemas that a reset has emptied before. What fails here takes the reset back.
local restore = {}

local clock = require("tilth.clock")
local rebuild = require("tilth.backup.rebuild")
local tools = require("tilth.backup.tools")

-- Only what the reset has put aside may be filled: everything else is somebody's data.
local function foreign(header, action)
  local aside = {}
  for _, name in ipairs(action.schemas) do
    aside[name] = true
  end
  for _, name in ipairs(header.schemas) do
    if not aside[name] then
      return name
    end
  end
  return nil
end

local function check(world, header, action)
  local stranger = header and not action.whole and foreign(header, action)
  if stranger then
    return nil, ("the backup holds the schema %s, which this project does not list, so that it was not put aside"):format(stranger),
      "unsafe", { advice = "List the schema in the datasource, or restore into a new database with --into." }
  elseif header and header.no_schema and header.kind == "copy" then
    return nil, "the migrations in the backup do not make its schema: " .. header.no_schema, "failed",
      { advice = "The rows are in the file as COPY text all the same; docs/backup-format.md tells how to take them out." }
  elseif header and header.server_version_num // 10000 > world.db:info().server_version // 10000 then
    world.report:warn(("the backup comes from PostgreSQL %s, which is newer than this server"):format(header.server_version))
  end
  return true
end

local function make_schemas(db, names)
  for _, name in ipairs(names) do
    local ok, message, code, detail = db:script("set client_min_messages = warning; create schema if not exists " .. db:identifier(name))
    if not ok then
      return nil, message, code, detail
    end
  end
  return true
end

local function from_archive(world, action, header)
  local server = world.db:info().server_version // 10000
  local found, why = tools.find({ server = server, env = world.env, root = world.project.root })
  if not found then
    return nil, ("an archive of pg_dump needs pg_restore: %s"):format(why), "config",
      { advice = "Install the client programs of PostgreSQL, or name their folder in TILTH_PG_BINDIR." }
  end
  if not action.whole then
    local ok, message, code, detail = make_schemas(world.db, action.schemas)
    if not ok then
      return nil, message, code, detail
    end
  end
  return rebuild.from_archive(world.db, action.path, {
    tools = found, target = world.target, header = header, schemas = not action.whole and action.schemas or nil,
  })
end

--- Carries out the restore of a plan.
-- @tparam table world
-- @tparam table action from backup/restore_plan.lua
-- @treturn table step { kind = "restore", name, file, format, rows, seconds }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function restore.run(world, action)
  local started, header = clock.monotonic(), world.request.restore.header
  local ok, message, code, detail = check(world, header, action)
  if not ok then
    return nil, "restore: " .. message, code, detail
  end
  local done
  if action.format == "copy" then
    done, message, code, detail = rebuild.from_copy(world, action.path, header, function(entry)
      world.report:status(("loading %s.%s"):format(entry.schema, entry.name))
    end)
  else
    world.report:status("pg_restore is at work")
    done, message, code, detail = from_archive(world, action, header)
  end
  world.report:status(nil)
  if not done then
    return nil, "restore: " .. message, code, detail
  end
  local seconds = clock.monotonic() - started
  if header then
    world.report:done(("Restored: %d tables, %d rows, compared with the backup row by row"):format(#header.tables, header.rows), seconds)
  else
    world.report:done("Restored; nothing beside the archive tells what it should hold, so nothing was compared", seconds)
  end
  local large = header and header.kind == "pg_dump" and not action.whole and header.large_objects or 0
  if large > 0 then
    world.report:warn(("%d large object%s of the backup: only a restore with --into brings these back; those of this database were left "
      .. "as they are"):format(large, large == 1 and "" or "s"))
  end
  if done.differs then
    world.report:warn("definitions that are not as they were when the backup was made: " .. done.differs)
  end
  return {
    kind = "restore", name = action.name, file = action.path, format = action.format, rows = header and header.rows, seconds = seconds,
  }
end

return restore
