--- Proves a backup: by restoring it into a scratch database where that may be, else by reading all of it back.
local verify = {}

local archive = require("tilth.backup.archive")
local compare = require("tilth.backup.compare")
local copy = require("tilth.backup.copy")
local interrupt = require("tilth.interrupt")
local rebuild = require("tilth.backup.rebuild")
local report = require("tilth.report")
local scratch = require("tilth.backup.scratch")
local size = require("tilth.reset.size")

-- A second copy of the database on its own server must not fill that server's disk. `limits` in tilth.config.lua changes it.
local SCRATCH_BYTES <const> = 10 * 2 ^ 30

local function silent()
  local function nothing() end
  return report.new({ out = nothing, err = nothing, quiet = true })
end

local function limit(project)
  local own = project.config and project.config.limits and tonumber(project.config.limits.backup_scratch_bytes)
  return own or SCRATCH_BYTES
end

-- Why no scratch database is even tried.
local function hindrance(world, made)
  local header, most = made.header, limit(world.project)
  if header.kind == "copy" and header.no_schema then
    return "its schema cannot be made from the migrations: " .. header.no_schema
  elseif header.bytes > most then
    return ("the database is larger (%s) than limits.backup_scratch_bytes (%s)"):format(size.text(header.bytes), size.text(most))
  end
  local allowed, message = scratch.allowed(world.db)
  if allowed == nil then
    return "the rights of this role cannot be read: " .. message
  end
  return not allowed and "this role may not create databases" or nil
end

local function restore(world, made, place)
  if made.header.kind == "copy" then
    return rebuild.from_copy({
      db = place.db, project = world.project, settings = world.settings, observed = { project = world.project },
      report = silent(), state = {},
    }, made.path, made.header)
  end
  return rebuild.from_archive(place.db, made.path, { tools = made.tools, target = place.target, header = made.header, plain = true })
end

local function by_restoring(world, made)
  local place <close>, message, code, detail = interrupt.shield(scratch.new, world.db,
    { target = world.target, build = world.build.text })
  if not place then
    return nil, "no scratch database could be made: " .. message, code, detail
  end
  local done
  done, message, code, detail = restore(world, made, place)
  local dropped, why = place:close()
  if not dropped then
    world.report:warn(why)
  end
  return done, message, code, detail
end

local function by_reading(made)
  if made.header.kind == "copy" then
    return copy.read(made.path, {})
  end
  local counts, message, code = archive.count(made.path, made.tools)
  if not counts then
    return nil, message, code
  end
  local same, differs = compare.rows(made.header.tables, counts)
  if not same then
    return nil, "the archive does not hold what was counted: " .. differs, "failed"
  end
  return true
end

--- Proves a backup.
-- @tparam table world { db, target, project, settings, report, build }
-- @tparam table made { path, header, tools }
-- @treturn table { how = "restored" | "read", why = why it was only read | nil, differs = text | nil }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function verify.run(world, made)
  local why = hindrance(world, made)
  if not why then
    world.report:status("restoring the backup into a scratch database, to prove it")
    local done, message = by_restoring(world, made)
    if done then
      return { how = "restored", differs = done.differs }
    elseif interrupt.signal() then
      return nil, message, "interrupted"
    end
    why = message
  end
  world.report:status("reading the backup back, to prove it")
  local ok, message, code, detail = by_reading(made)
  if not ok then
    return nil, "the backup cannot be trusted and was removed: " .. message, code, detail
  end
  return { how = "read", why = why }
end

return verify
