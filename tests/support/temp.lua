--- Folders for one test. The runner removes them when the test passes, and keeps and names them when it fails.
local temp = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local hash = require("tilth.core.hash")

local Folder = {}
Folder.__index = Folder

--- Raises what a failed call reports.
local function must(value, message)
  if value == nil then error(message, 3) end
  return value
end

--- Makes a folder.
-- @tparam[opt] string name the first part of its name
-- @treturn table folder with `path`; also usable in a `<close>` variable, which changes nothing
function temp.folder(name)
  local home = must(env.get("TILTH_TEST_TMP"), "tests run through tests/run.lua, which sets TILTH_TEST_TMP")
  local path = ("%s/%s-%s"):format(home, name or "folder", hash.uuid():sub(1, 8))
  must(fs.mkdir(path))
  must(fs.chmod(path, 493)) -- 493: rwxr-xr-x, so that a server under another user can be put below it
  return setmetatable({ path = path }, Folder)
end

--- A path below the folder.
-- @tparam[opt] string relative
-- @treturn string
function Folder:join(relative)
  return relative and (self.path .. "/" .. relative) or self.path
end

--- Writes a file below the folder, with the folders above it.
-- @tparam string relative
-- @tparam string text
-- @tparam[opt] integer mode
-- @treturn string its path
function Folder:write(relative, text, mode)
  local path = self:join(relative)
  must(fs.mkdir(path:match("^(.*)/")))
  must(fs.write(path, text, mode))
  return path
end

--- Reads a file below the folder.
-- @tparam string relative
-- @treturn string
-- @treturn[2] nil when it is not there
function Folder:read(relative)
  return (fs.read(self:join(relative)))
end

--- Removes the folder now.
function Folder:close()
  must(fs.remove_tree(self.path))
end

Folder.__close = function() end

return temp
