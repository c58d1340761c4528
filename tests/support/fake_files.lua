--- A file system in a table, for modules that take their readers as arguments.
local fake_files = {}

local function parent_of(name)
  local folder = name:match("^(.*)/[^/]*$")
  return folder == "" and "/" or folder
end

--- Makes a file system.
-- @tparam table tree absolute path to text; a path that ends in "/" is an empty folder
-- @treturn table read, list, stat and realpath as in tilth.fs; `reads` counts reads by path
function fake_files.new(tree)
  local texts, folders, reads = {}, { ["/"] = {} }, {}

  local function make_folder(name)
    if not folders[name] then
      folders[name] = {}
      make_folder(parent_of(name))
      folders[parent_of(name)][name:match("[^/]*$")] = "directory"
    end
  end

  for name, text in pairs(tree) do
    if name:sub(-1) == "/" then
      make_folder(name:sub(1, -2))
    else
      make_folder(parent_of(name))
      texts[name] = text
      folders[parent_of(name)][name:match("[^/]*$")] = "file"
    end
  end

  local function missing(name)
    return nil, name .. ": No such file or directory", 2
  end

  local files = { reads = reads }
  function files.read(name)
    reads[name] = (reads[name] or 0) + 1
    if texts[name] then
      return texts[name]
    end
    return missing(name)
  end
  function files.stat(name)
    if texts[name] then
      return { type = "file", size = #texts[name] }
    elseif folders[name] then
      return { type = "directory" }
    end
    return missing(name)
  end
  function files.list(name)
    if not folders[name] then
      return missing(name)
    end
    local list = {}
    for entry, kind in pairs(folders[name]) do
      list[#list + 1] = { name = entry, type = kind }
    end
    table.sort(list, function(a, b)
      return a.name < b.name
    end)
    return list
  end
  function files.realpath(name)
    if texts[name] or folders[name] then
      return name
    end
    return missing(name)
  end
  return files
end

return fake_files
