---@meta tilth.core.fs

-- files and folders. Reading and writing, trees and locks have files of their own (fs_file.c, fs_tree.c, fs_lock.c).

---@class tilth.core.fs
local fs = {}

---@class tilth.Lock: userdata
local lock = {}

---Gives the lock back; the file stays, as removing it would let two in
function lock:close() end

---Makes the file when it is absent
---@param path string
---@param text string
---@param mode? integer
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.append(path, text, mode) end

---Changes the current folder
---@param path string
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.chdir(path) end

---Sets a file's mode
---@param path string
---@param mode integer
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.chmod(path, mode) end

---Of a link itself, never its target
---@param path string
---@param uid integer
---@param gid integer
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.chown(path, uid, gid) end

---The current folder
---@return string? # path
---@return string? # message
---@return integer? # errno
function fs.cwd() end

---What an ordinary user may still write
---@param path string
---@return string? # bytes
---@return string? # message
---@return integer? # errno
function fs.disk_free(path) end

---{ name, type } of all in a folder, in byte order; type is "file", "directory", "link" or "other"
---@param path string
---@return any # entries
---@return string? # message
---@return integer? # errno
function fs.list(path) end

---EAGAIN when another process holds it
---@param path string
---@return tilth.Lock? # lock
---@return string? # message
---@return integer? # errno
function fs.lock(path) end

---With parents; one that exists is well
---@param path string
---@param mode? integer
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.mkdir(path, mode) end

---A whole file
---@param path string
---@return string? # text
---@return string? # message
---@return integer? # errno
function fs.read(path) end

---Without links, . and ..
---@param path string
---@return string? # path
---@return string? # message
---@return integer? # errno
function fs.realpath(path) end

---A file, a link or an empty folder
---@param path string
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.remove(path) end

---Well when nothing is there; links are never followed
---@param path string
---@return true? # true
---@return string? # message
---@return string|integer|nil # code
function fs.remove_tree(path) end

---Replaces what has the new name
---@param from string
---@param to string
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.rename(from, to) end

---"follow" describes the target of a link
---@param path string
---@param follow? string
---@return table? # nil
---@return string? # message
---@return integer? # errno
function fs.stat(path, follow) end

---Makes a symbolic link
---@param target string
---@param path string
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.symlink(target, path) end

---What was written to a file, and its name, outlast a crash
---@param path string
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.sync(path) end

---A new folder that only this user enters
---@param prefix string
---@return string? # path
---@return string? # message
---@return integer? # errno
function fs.temporary(prefix) end

---Atomic and durable. Without a mode an existing file keeps its own; a link stays and its target is written.
---@param path string
---@param text string
---@param mode? integer
---@return true? # true
---@return string? # message
---@return integer? # errno
function fs.write(path, text, mode) end

return fs
