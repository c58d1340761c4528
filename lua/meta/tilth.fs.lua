---@meta tilth.fs

-- Files and folders.
--
-- What fails gives `nil, message, errno`; the message begins with the path.

---@class tilth.fs
local fs = {}

---Reads a whole file.
---@param path string
---@return string? # its bytes
---@return string? # message
---@return integer? # errno
function fs.read(path) end

---Writes a whole file, atomically and durably: after a crash the old text is there or the new one.
---An existing file keeps its mode and owner; a link stays and its target is written.
---@param path string
---@param text string
---@param mode? integer exactly this mode, whatever the umask
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.write(path, text, mode) end

---Appends to a file, which is made when absent.
---@param path string
---@param text string
---@param mode? integer of a new file, less the umask
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.append(path, text, mode) end

---Lists a folder, in the order of bytes.
---@param path string
---@return table? # list of `{ name, type }`; type is "file", "directory", "link" or "other"
---@return string? # message
---@return integer? # errno
function fs.list(path) end

---Describes what a path names.
---@param path string
---@param follow? string "follow" to describe the target of a link
---@return table? # `{ type, size, mtime, mode, uid, gid }`; types as of `list`
---@return string? # message
---@return integer? # errno
function fs.stat(path, follow) end

---Makes a folder and its parents. One that exists is well, whatever its mode.
---@param path string
---@param mode? integer of the last folder, less the umask
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.mkdir(path, mode) end

---Removes a file, a link or an empty folder.
---@param path string
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.remove(path) end

---Removes a folder and all below it, or a file. Links are removed, never followed. Well when nothing is there.
---@param path string not the root, `.` or `..`
---@return boolean? # true
---@return string? # message
---@return integer|string|nil # errno; "unsafe" for a path that it will not remove
function fs.remove_tree(path) end

---Renames, and replaces what has the new name.
---@param from string
---@param to string
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.rename(from, to) end

---Resolves links, `.` and `..` of a path that exists.
---@param path string
---@return string? # absolute path
---@return string? # message
---@return integer? # errno
function fs.realpath(path) end

---The current folder.
---@return string? # path
---@return string? # message
---@return integer? # errno
function fs.cwd() end

---Changes the current folder.
---@param path string
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.chdir(path) end

---Sets the mode of a file.
---@param path string
---@param mode integer
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.chmod(path, mode) end

---Sets the owner of a file, of a link itself and not its target.
---@param path string
---@param uid integer
---@param gid integer
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.chown(path, uid, gid) end

---Makes a new folder that only this user may enter.
---@param prefix string of its name, under TMPDIR or /tmp; with a slash: of its path
---@return string? # path
---@return string? # message
---@return integer? # errno
function fs.temporary(prefix) end

---How much an ordinary user may still write to the disk of a path.
---@param path string
---@return integer? # bytes
---@return string? # message
---@return integer? # errno
function fs.disk_free(path) end

---Makes a symbolic link.
---@param target string
---@param path string
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.symlink(target, path) end

---Makes sure that what was written to a file, and its name in its folder, outlast a crash.
---@param path string
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function fs.sync(path) end

---Takes a lock file without waiting. The lock dies with its process, and with `lock:close()`.
---@param path string made when absent; it stays
---@return tilth.Lock? # lock, for a `<close>` variable
---@return string? # message
---@return integer? # errno (11, EAGAIN, when another process holds it)
function fs.lock(path) end

---Joins parts of a path with single slashes. An absolute part starts anew.
---@param ... string parts; empty ones are left out
---@return string # path
function fs.join(...) end

---The folder of a path, as dirname(1): "." when it has none.
---@param path string
---@return string # folder
function fs.dirname(path) end

---The last name of a path, as basename(1).
---@param path string
---@return string # name
function fs.basename(path) end

---Is there anything at a path? Links are followed.
---@param path string
---@param kind? string "file" or "directory": is it that?
---@return boolean
function fs.exists(path, kind) end

return fs
