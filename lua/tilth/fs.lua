--- Files and folders.
--
-- What fails gives `nil, message, errno`; the message begins with the path.
local fs = {}

local core = require("tilth.core.fs")

--- Reads a whole file.
-- @function read
-- @tparam string path
-- @treturn string its bytes
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.read = core.read

--- Writes a whole file, atomically and durably: after a crash the old text is there or the new one.
-- An existing file keeps its mode and owner; a link stays and its target is written.
-- @function write
-- @tparam string path
-- @tparam string text
-- @tparam[opt] integer mode exactly this mode, whatever the umask
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.write = core.write

--- Appends to a file, which is made when absent.
-- @function append
-- @tparam string path
-- @tparam string text
-- @tparam[opt] integer mode of a new file, less the umask
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.append = core.append

--- Lists a folder, in the order of bytes.
-- @function list
-- @tparam string path
-- @treturn table list of `{ name, type }`; type is "file", "directory", "link" or "other"
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.list = core.list

--- Describes what a path names.
-- @function stat
-- @tparam string path
-- @tparam[opt] string follow "follow" to describe the target of a link
-- @treturn table `{ type, size, mtime, mode, uid, gid }`; types as of `list`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.stat = core.stat

--- Makes a folder and its parents. One that exists is well, whatever its mode.
-- @function mkdir
-- @tparam string path
-- @tparam[opt] integer mode of the last folder, less the umask
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.mkdir = core.mkdir

--- Removes a file, a link or an empty folder.
-- @function remove
-- @tparam string path
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.remove = core.remove

--- Removes a folder and all below it, or a file. Links are removed, never followed. Well when nothing is there.
-- @function remove_tree
-- @tparam string path not the root, `.` or `..`
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer|string errno; "unsafe" for a path that it will not remove
fs.remove_tree = core.remove_tree

--- Renames, and replaces what has the new name.
-- @function rename
-- @tparam string from
-- @tparam string to
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.rename = core.rename

--- Resolves links, `.` and `..` of a path that exists.
-- @function realpath
-- @tparam string path
-- @treturn string absolute path
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.realpath = core.realpath

--- The current folder.
-- @function cwd
-- @treturn string path
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.cwd = core.cwd

--- Changes the current folder.
-- @function chdir
-- @tparam string path
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.chdir = core.chdir

--- Sets the mode of a file.
-- @function chmod
-- @tparam string path
-- @tparam integer mode
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.chmod = core.chmod

--- Sets the owner of a file, of a link itself and not its target.
-- @function chown
-- @tparam string path
-- @tparam integer uid
-- @tparam integer gid
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.chown = core.chown

--- Makes a new folder that only this user may enter.
-- @function temporary
-- @tparam string prefix of its name, under TMPDIR or /tmp; with a slash: of its path
-- @treturn string path
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.temporary = core.temporary

--- How much an ordinary user may still write to the disk of a path.
-- @function disk_free
-- @tparam string path
-- @treturn integer bytes
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.disk_free = core.disk_free

--- Makes a symbolic link.
-- @function symlink
-- @tparam string target
-- @tparam string path
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.symlink = core.symlink

--- Makes sure that what was written to a file, and its name in its folder, outlast a crash.
-- @function sync
-- @tparam string path
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
fs.sync = core.sync

--- Takes a lock file without waiting. The lock dies with its process, and with `lock:close()`.
-- @function lock
-- @tparam string path made when absent; it stays
-- @treturn Lock lock, for a `<close>` variable
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno (11, EAGAIN, when another process holds it)
fs.lock = core.lock

--- Joins parts of a path with single slashes. An absolute part starts anew.
-- @tparam string ... parts; empty ones are left out
-- @treturn string path
function fs.join(...)
  local path = ""
  for index = 1, select("#", ...) do
    local part = select(index, ...)
    -- A part that is nil must not make the folder above out of a path.
    if type(part) ~= "string" then
      error(("fs.join: part %d of the path is a %s, not a string"):format(index, type(part)), 2)
    elseif part:sub(1, 1) == "/" or path == "" then
      path = part
    elseif part ~= "" then
      path = path:gsub("/+$", "") .. "/" .. part
    end
  end
  return path
end

--- The folder of a path, as dirname(1): "." when it has none.
-- @tparam string path
-- @treturn string folder
function fs.dirname(path)
  local stripped = path:gsub("(.)/+$", "%1")
  local folder = stripped:match("^(.*)/[^/]*$")
  if not folder then return "." end
  folder = folder:gsub("/+$", "")
  return folder == "" and "/" or folder
end

--- The last name of a path, as basename(1).
-- @tparam string path
-- @treturn string name
function fs.basename(path)
  local stripped = path:gsub("(.)/+$", "%1")
  return stripped:match("([^/]+)$") or stripped
end

--- Is there anything at a path? Links are followed.
-- @tparam string path
-- @tparam[opt] string kind "file" or "directory": is it that?
-- @treturn bool
function fs.exists(path, kind)
  local found = core.stat(path, "follow")
  return found ~= nil and (kind == nil or found.type == kind)
end

return fs
