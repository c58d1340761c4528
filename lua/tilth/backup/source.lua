--- A backup to restore: which format it has, what it says about itself, whether it is whole.
local source = {}

local archive = require("tilth.backup.archive")
local container = require("tilth.backup.container")
local copy = require("tilth.backup.copy")
local fs = require("tilth.fs")
local size = require("tilth.reset.size")

--- Opens a backup. One of tilth's own format is read to its end, so that a broken one is refused before anything is touched.
-- @tparam string path
-- @treturn table { path, kind = "pg_dump" | "copy", header = the manifest | nil, bytes }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function source.open(path)
  local found, message, code = fs.stat(path, "follow")
  if not found then
    return nil, "cannot read the backup " .. message, code
  elseif found.type ~= "file" then
    return nil, ("%s is not a file"):format(path), "usage"
  end
  local own, why, number = container.is(path)
  if own == nil then
    return nil, "cannot read the backup " .. why, number
  elseif own then
    local header, problem, state, detail = copy.read(path, {})
    if not header then
      return nil, problem, state, detail
    end
    return { path = path, kind = "copy", header = header, bytes = found.size }
  elseif not archive.is(path) then
    return nil, ("%s is neither a backup of tilth nor an archive of pg_dump (custom format)"):format(path), "usage",
      { advice = "A dump in SQL text is restored with psql." }
  end
  local header, problem, state, detail = archive.header(path)
  if header == nil then
    return nil, problem, state, detail
  end
  return { path = path, kind = "pg_dump", header = header or nil, bytes = found.size }
end

--- Describes a backup to people. Pure.
-- @tparam table opened from source.open
-- @treturn string
function source.describe(opened)
  local header = opened.header
  if not header then
    return ("%s: an archive of pg_dump, %s; nothing beside it tells what it holds"):format(opened.path, size.text(opened.bytes))
  end
  local by = opened.kind == "pg_dump" and "pg_dump " .. tostring(header.program) or "tilth's own format"
  return ("%s: database \"%s\" as of %s (%s), by build %s, PostgreSQL %s, %d tables, %d rows, %s (%s)"):format(opened.path, header.database,
    header.at, header.environment or "?", header.build or "?", header.server_version, #header.tables, header.rows,
    size.text(opened.bytes), by)
end

return source
