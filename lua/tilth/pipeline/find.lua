--- Finds the files of a pipeline: in the project's folder and in its repository's, no deeper than where tools look for them.
local find = {}

local path = require("tilth.path")

local LARGEST <const> = 1 << 20

local KINDS <const> = {
  { "^amplify%.ya?ml$", "amplify" }, { "^%.gitlab%-ci%.ya?ml$", "gitlab" },
  { "^Dockerfile", "dockerfile" }, { "%.Dockerfile$", "dockerfile" },
  { "^docker%-compose.*%.ya?ml$", "compose" }, { "^compose.*%.ya?ml$", "compose" },
  { "^package%.json$", "package" }, { "^%.env", "dotenv" }, { "^prisma%.config%.%w+$", "source" },
}

-- Where projects usually make their database client.
local SOURCES <const> = {
  "prisma/seed.ts", "prisma/seed.js", "prisma/seed.mjs", "lib/db.ts", "lib/prisma.ts", "src/lib/db.ts", "src/lib/prisma.ts", "src/db.ts",
}

local function kind_of(name)
  for _, entry in ipairs(KINDS) do
    if name:find(entry[1]) then
      return entry[2]
    end
  end
  return nil
end

local function add(list, seen, file, kind)
  if not seen[file] then
    seen[file] = true
    list[#list + 1] = { path = file, kind = kind }
  end
end

local function scan(files, folder, list, seen)
  for _, entry in ipairs(files.list(folder) or {}) do
    local kind = entry.type ~= "directory" and kind_of(entry.name)
    if kind then
      add(list, seen, path.join(folder, entry.name), kind)
    end
  end
  for _, name in ipairs(SOURCES) do
    if files.stat(path.join(folder, name)) then
      add(list, seen, path.join(folder, name), "source")
    end
  end
  for _, entry in ipairs(files.list(path.join(folder, ".github/workflows")) or {}) do
    if entry.name:find("%.ya?ml$") then
      add(list, seen, path.join(folder, ".github/workflows", entry.name), "workflow")
    end
  end
end

--- The folder of the repository that holds a folder.
-- @tparam table files a module with `stat`
-- @tparam string folder
-- @treturn string|nil
function find.repository(files, folder)
  while true do
    if files.stat(path.join(folder, ".git")) then
      return folder
    end
    local above = path.dirname(folder)
    if above == folder then
      return nil
    end
    folder = above
  end
end

--- Reads a file that is text and of a sensible size.
-- @tparam table files a module with `read` and `stat`
-- @tparam string file
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string why not
function find.read(files, file)
  local found = files.stat(file, "follow")
  if not found or found.type ~= "file" then
    return nil, "it is no file"
  elseif found.size and found.size > LARGEST then
    return nil, "it is larger than 1 MB"
  end
  local text, message = files.read(file)
  if not text then
    return nil, message
  elseif text:find("\0", 1, true) then
    return nil, "it is not text"
  end
  return text
end

--- Finds the files.
-- @tparam table files a module with `list` and `stat`
-- @tparam string root the project's folder
-- @tparam string|nil repository the repository's folder
-- @treturn table list of { path, kind }
function find.files(files, root, repository)
  local list, seen = {}, {}
  scan(files, root, list, seen)
  if repository and repository ~= root then
    scan(files, repository, list, seen)
  end
  return list
end

return find
