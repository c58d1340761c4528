--- Decides whether a backup may lie in a folder: never where a build would publish or cache it. Pure.
local place = {}

local path = require("tilth.path")

-- What build tools publish as it stands, and what they carry over from build to build.
local PUBLISHED <const> = { "dist", ".next", "out", "build", "public" }
local CACHED <const> = { "node_modules" }

--- Is a path a folder, or inside of it? Both normalized and absolute.
local function inside(file, folder)
  return file == folder or folder == "/" or file:sub(1, #folder + 1) == folder .. "/"
end

-- A cached path is a pattern: what stands before its first star is the folder.
local function fixed_part(pattern)
  local fixed = pattern:match("^([^%*%?%[{]*)")
  if fixed ~= pattern then
    fixed = fixed:match("^(.*/)") or ""
  end
  return fixed == "" and "." or fixed
end

-- Amplify takes "/" in baseDirectory for the app's own folder.
local function resolve(root, base, text)
  local below = text:gsub("^/+", "")
  return path.join(root, base and base:gsub("^/+", "") or ".", below == "" and "." or below)
end

--- Lists the folders that no backup may lie in.
-- @tparam table roots folders of the project: its root, the folder of its package.json
-- @tparam table listed what amplify.yml lists: { { path, kind = "published" | "cached", base, line, file, root } }
-- @treturn table list of { folder, why }
function place.forbidden(roots, listed)
  local list = {}
  for _, entry in ipairs(listed) do
    local where = ("%s:%d"):format(entry.file, entry.line or 1)
    local text = entry.kind == "cached" and fixed_part(entry.path) or entry.path
    list[#list + 1] = {
      folder = resolve(entry.root, entry.base, text),
      why = (entry.kind == "cached" and "%s keeps it in the build's cache" or "%s publishes it (baseDirectory)"):format(where),
    }
  end
  for _, root in ipairs(roots) do
    for _, name in ipairs(PUBLISHED) do
      list[#list + 1] = { folder = path.join(root, name), why = ("what is in %s is published by the build tools that use it"):format(name) }
    end
    for _, name in ipairs(CACHED) do
      list[#list + 1] = { folder = path.join(root, name), why = ("%s is kept in the caches of builds"):format(name) }
    end
  end
  return list
end

--- The folder of build tools in which a file would be published.
-- @tparam string file absolute path, links resolved as far as there are any
-- @tparam string root of the project
-- @treturn string|nil its name, such as "public"
function place.published(file, root)
  for _, name in ipairs(PUBLISHED) do
    if inside(path.normalize(file), path.join(root, name)) then
      return name
    end
  end
  return nil
end

--- Judges a place.
-- @tparam string file absolute path of the backup, links resolved
-- @tparam table forbidden from place.forbidden
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "unsafe"
-- @treturn[2] table { advice }
function place.judge(file, forbidden)
  for _, entry in ipairs(forbidden) do
    if inside(path.normalize(file), entry.folder) then
      return nil, ("a backup may not lie in %s: %s, so that whoever can open the site could read the whole database"):format(
        entry.folder, entry.why), "unsafe",
        { advice = "Name a folder that the build neither publishes nor caches: --dir, or backup = { dir = \"...\" } in tilth.config.lua." }
    end
  end
  return true
end

return place
