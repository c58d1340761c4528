--- Finds the project's seed files: `*.lua` and `*.sql` in the seeds folder itself.
-- Names that begin with `_` or `.` and everything in subfolders are helpers and data, not seeds.
local discover = {}

local MISSING <const> = 2

local function is_seed(files, folder, entry)
  local name, kind = entry.name:match("^([^_.].*)%.(%l+)$")
  if kind ~= "lua" and kind ~= "sql" then
    return nil
  end
  local path = folder .. "/" .. entry.name
  if entry.type == "link" then
    local target = files.stat(path, "follow")
    return target and target.type == "file" and name or nil, path, kind
  end
  return entry.type == "file" and name or nil, path, kind
end

--- Lists the seeds of a folder by name.
-- @param files  the file system: list(path), stat(path, "follow")
-- @param folder the seeds folder, or nil
-- @return list of { name, path, kind = "lua" | "sql" }; empty when there is no such folder
-- @return nil, message, code
function discover.files(files, folder)
  if not folder then
    return {}
  end
  local entries, message, code = files.list(folder)
  if not entries then
    if code == MISSING then
      return {}
    end
    return nil, "the seeds folder cannot be read: " .. message, code
  end
  local found, by_name = {}, {}
  for _, entry in ipairs(entries) do
    local name, path, kind = is_seed(files, folder, entry)
    if name then
      if not utf8.len(name) then
        return nil, ("the name of the seed %s is not UTF-8, as the ledger's names are"):format((path:gsub("[\128-\255]", "?"))),
          "config", { file = path, advice = "Rename it." }
      elseif by_name[name] then
        return nil, ("two seeds are named %q: %s and %s"):format(name, by_name[name], path), "config",
          { file = path, advice = "Rename one of them: a seed's name is its file name without the ending." }
      end
      by_name[name] = path
      found[#found + 1] = { name = name, path = path, kind = kind }
    end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end

return discover
