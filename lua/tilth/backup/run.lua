--- Makes a backup: writes it beside its final name, proves it, and only then gives it the name.
local run = {}

local archive = require("tilth.backup.archive")
local clock = require("tilth.clock")
local copy = require("tilth.backup.copy")
local destination = require("tilth.backup.destination")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local interrupt = require("tilth.interrupt")
local manifest = require("tilth.backup.manifest")
local reset_scope = require("tilth.reset.scope")
local recorded = require("tilth.backup.recorded")
local retention = require("tilth.backup.retention")
local size = require("tilth.reset.size")
local snapshot = require("tilth.backup.snapshot")
local tools = require("tilth.backup.tools")
local verify = require("tilth.backup.verify")

local NO_RIGHT <const> = "42501"

local function info_of(world, kind, schemas)
  local list, why = recorded.collect(world.observed, fs.read, hash.sha256)
  return {
    kind = kind, tilth = require("tilth.version").all().tilth, build = world.build.text, environment = world.environment.name,
    target = world.target, schemas = schemas, migrations = list, no_schema = why,
    history_schema = world.observed.history and world.observed.history.exists and world.observed.history.schema or nil,
  }
end

local function only(tables, schemas, history_schema)
  local wanted, list = {}, {}
  for _, name in ipairs(schemas) do
    wanted[name] = true
  end
  for _, entry in ipairs(tables) do
    if wanted[entry.schema] or (entry.name == "_prisma_migrations" and entry.schema == history_schema) then
      list[#list + 1] = entry
    end
  end
  return list
end

local function bytes_of(tables)
  local bytes = 0
  for _, entry in ipairs(tables) do
    bytes = bytes + entry.bytes
  end
  return bytes
end

local function say(world)
  return function(entry)
    world.report:status(("backing up %s.%s"):format(entry.schema, entry.name))
  end
end

local function write_archive(world, claim, found, info, made_tools)
  local bytes, message, code, detail = archive.write(world.db, claim.partial, {
    tools = made_tools, target = world.target, lock_timeout = world.settings:get("lock_timeout"),
  })
  if not bytes then
    return nil, message, code, detail
  end
  info.kind, info.program = "pg_dump", made_tools.version
  local header = manifest.make(found, info)
  local ok
  ok, message, code = archive.write_manifest(archive.manifest_path(claim.partial), header)
  if not ok then
    return nil, "cannot write what the backup holds: " .. message, code
  end
  return { path = claim.partial, header = header, bytes = bytes, tools = made_tools }
end

local function write_copy(world, claim, found, info)
  info.kind = "copy"
  found.tables = only(found.tables, info.schemas, info.history_schema)
  local header = manifest.make(found, info)
  local bytes, message, code, detail = copy.write(world.db, claim.partial, header, info.migrations, say(world))
  if not bytes then
    return nil, message, code, detail
  end
  return { path = claim.partial, header = header, bytes = bytes }
end

-- What pg_dump can't do (rights, say) the own format may: the caller tries again on this code.
local function write(world, claim, found, info, made_tools)
  if not made_tools then
    return write_copy(world, claim, found, info)
  end
  local made, message, _, detail = write_archive(world, claim, found, info, made_tools)
  if not made then
    return nil, message, "pg_dump", detail
  end
  return made
end

local function claim_for(world, held, chosen, found, kind)
  local claim, message, code, detail = destination.claim(chosen, {
    database = found.database, stamp = found.stamp, build = world.build, kind = kind,
  })
  if not claim then
    return nil, message, code, detail
  end
  held.claim = claim
  return destination.room(chosen.folder, bytes_of(found.tables))
end

--- Writes, proves and publishes in one of the two formats.
local function make(world, chosen, schemas, made_tools)
  local info = info_of(world, made_tools and "pg_dump" or "copy", schemas)
  local scope = { schemas = not made_tools and schemas or nil, managed = schemas, history_schema = info.history_schema }
  -- The claim outlives the transaction: the proof needs a session without one.
  local held = setmetatable({}, { __close = function(this) if this.claim then this.claim:close() end end })
  local guard <close> = held
  local made, message, code, detail = snapshot.run(world.db, scope, function(found)
    local kind = made_tools and "pg_dump" or "copy"
    local ok, why, state, more = interrupt.shield(claim_for, world, held, chosen, found, kind)
    if not ok then
      return nil, why, state, more
    end
    return write(world, held.claim, found, info, made_tools)
  end, say(world))
  if not made then
    return nil, message, code, detail
  end
  local proof
  proof, message, code, detail = verify.run(world, made)
  world.report:status(nil)
  if not proof then
    return nil, message, code, detail
  end
  local ok
  ok, message, code, detail = guard.claim:publish()
  if not ok then
    return nil, message, code, detail
  end
  made.file, made.proof = guard.claim.file, proof
  return made
end

local function find_tools(world, action)
  if action.format == "copy" then
    return nil
  end
  local found, why = tools.find({
    server = world.db:info().server_version // 10000, env = world.env, root = world.project.root,
  })
  if found then
    local _, unfit = tools.environment(world.target.params)
    found, why = not unfit and found or nil, unfit or why
  end
  if not found and action.format == "pg_dump" then
    return nil, why .. ", and --format asks for it", "config",
      { advice = "Install the client programs of PostgreSQL, or leave --format out." }
  elseif not found then
    world.report:note(("%s: the backup is in tilth's own format (rows, sequences and the migrations that make the schema)"):format(why))
  end
  return found
end

local function announce(world, made, started)
  local header, proof = made.header, made.proof
  local how = proof.how == "restored" and "proved by restoring it into a scratch database" or "read back in full: rows counted"
  local by = header.kind == "pg_dump" and "pg_dump " .. header.program or "tilth's own format"
  world.report:done(("Backup: %d tables, %d rows, %s in %s (%s; %s)"):format(#header.tables, header.rows, size.text(made.bytes),
    made.file, by, how), clock.monotonic() - started)
  if proof.why then
    world.report:note("not restored for a proof, only read back: " .. proof.why)
  end
  if proof.differs then
    world.report:warn("the rows can be restored, but some definitions come from no migration, or from another: " .. proof.differs
      .. "\n  A restore makes the schema by the migrations alone. With pg_dump on this machine a backup would hold these too.")
  end
  if header.kind == "copy" and header.no_schema then
    world.report:warn("the backup holds all rows, but `tilth restore` cannot make their schema anew: " .. header.no_schema)
  end
  if header.kind == "copy" and header.large_objects > 0 then
    world.report:warn(("%d large objects are not in the backup: tilth's own format holds tables only"):format(header.large_objects))
  end
  if world.build.ci and not world.settings:get("backup_dir") then
    world.report:note("the disk of a build is thrown away with it: copy the file elsewhere, or name a lasting folder in backup.dir")
  end
end

local function keep_only(world, folder, newest)
  local keep = world.settings:get("backup_keep")
  if not keep or keep == 0 then
    return
  end
  local removed, troubles = retention.apply(folder, world.target, keep, newest)
  for _, name in ipairs(removed) do
    world.report:done("Removed an older backup, beyond backup.keep: " .. name)
  end
  for _, message in ipairs(troubles) do
    world.report:warn("an older backup could not be removed: " .. message)
  end
end

--- Makes the backup of a plan.
-- @tparam table world see flow/world.lua
-- @tparam table action from backup/plan.lua
-- @treturn table step { kind = "backup", name, file, format, verified = "restored" | "read", rows, bytes, seconds }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function run.run(world, action)
  local started = clock.monotonic()
  local chosen, message, code, detail = destination.choose({
    project = world.project, cwd = world.ctx.cwd, file = action.file, dir = action.dir, setting = world.settings:get("backup_dir"),
  })
  if not chosen then
    return nil, message, code, detail
  end
  local found
  found, message, code, detail = find_tools(world, action)
  if not found and message then
    return nil, message, code, detail
  end
  -- The same schemas that a reset puts aside and a restore fills.
  local schemas = reset_scope.names(world.target, world.project)
  local made
  made, message, code, detail = make(world, chosen, schemas, found)
  -- pg_dump wants all of the database; a role that may not read a stranger's schema can still save its own.
  if not made and found and (code == "pg_dump" or code == NO_RIGHT) and not action.format then
    world.report:warn(message .. "; the backup is made in tilth's own format instead")
    made, message, code, detail = make(world, chosen, schemas, nil)
  end
  if not made then
    return nil, "backup: " .. message, code == "pg_dump" and "failed" or code, detail
  end
  announce(world, made, started)
  if not action.file then
    keep_only(world, chosen.folder, fs.basename(made.file))
  end
  return {
    kind = "backup", name = fs.basename(made.file), file = made.file, format = made.header.kind, verified = made.proof.how,
    rows = made.header.rows, bytes = made.bytes, seconds = clock.monotonic() - started,
  }
end

return run
