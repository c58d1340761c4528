--- Which backups of a database are beyond what is to be kept, and their removal.
local retention = {}

local archive = require("tilth.backup.archive")
local copy = require("tilth.backup.copy")
local fs = require("tilth.fs")
local names = require("tilth.backup.names")
local path = require("tilth.path")

--- Chooses what may go: the oldest beyond the count, by the time in their names. Pure.
-- @tparam table files list of names in the folder
-- @tparam string database
-- @tparam integer keep how many stay
-- @treturn table list of { name, kind }, the oldest first
function retention.surplus(files, database, keep)
  local list = {}
  for _, name in ipairs(files) do
    local kind, stamp = names.kind(name, database)
    if kind then
      list[#list + 1] = { name = name, kind = kind, stamp = stamp }
    end
  end
  table.sort(list, function(a, b)
    return a.stamp < b.stamp or (a.stamp == b.stamp and a.name < b.name)
  end)
  local surplus = {}
  for index = 1, #list - keep do
    surplus[index] = { name = list[index].name, kind = list[index].kind }
  end
  return surplus
end

-- A name alone proves nothing: databases of several servers may lie in one folder.
local function is_of(file, kind, target)
  local header
  if kind == "copy" then
    header = copy.header(file)
  else
    header = archive.header(file)
  end
  return header and header.database == target.database and header.host == target.host and header.port == target.port
end

--- Removes backups beyond the count.
-- @tparam string folder
-- @tparam table target whose backups
-- @tparam integer keep how many stay, at least 1
-- @tparam string newest the name of the one that has just been made, which always stays
-- @treturn table list of the names of removed files
-- @treturn table list of messages about what could not be removed
function retention.apply(folder, target, keep, newest)
  local files, own = {}, {}
  for _, entry in ipairs(fs.list(folder) or {}) do
    files[#files + 1] = entry.type == "file" and entry.name or nil
  end
  -- Only those that are this database's count, or a neighbour's would push them out.
  for _, name in ipairs(files) do
    local kind = names.kind(name, target.database)
    if kind and name ~= newest and is_of(path.join(folder, name), kind, target) then
      own[#own + 1] = name
    end
  end
  local removed, troubles = {}, {}
  for _, entry in ipairs(retention.surplus(own, target.database, keep - 1)) do
    local file = path.join(folder, entry.name)
    local ok, message = fs.remove(file)
    if ok then
      fs.remove(archive.manifest_path(file))
      removed[#removed + 1] = entry.name
    else
      troubles[#troubles + 1] = message
    end
  end
  return removed, troubles
end

return retention
