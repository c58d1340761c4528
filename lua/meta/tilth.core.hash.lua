---@meta tilth.core.hash

-- SHA-256 and random bytes, from libcrypto.

---@class tilth.core.hash
local hash = {}

---@class tilth.FolderJob: userdata
local job = {}

---What was found, as hash.folder says; once
---@return table? # names
---@return any|string # digests
---@return any|string # sizes
---@return any # plain
---@return any # others
function job:wait() end

---Waits for the thread and forgets what it found. Twice is allowed.
function job:close() end

---@class tilth.HashStream: userdata
local stream = {}

---Takes the next piece
---@param text string
---@return tilth.HashStream # stream
function stream:update(text) end

---64 hexadecimal digits of what came so far; more may follow
---@return string # text
function stream:digest() end

---Begins to list a folder and to hash the file NAME/tail of each folder in it. job:wait() gives the names of the folders in byte order, the digests (false where the file can't be read), the sizes, whether all bytes are 1 to 127, and the names of all that is not a folder.
---@param path string
---@param tail string
---@return tilth.FolderJob? # job
---@return string? # message
---@return integer? # errno
function hash.folder(path, tail) end

---64 hexadecimal digits
---@param text string
---@return string # text
function hash.sha256(text) end

---Good enough for secrets
---@param count integer
---@return string? # bytes
---@return string? # message
---@return string?
function hash.random(count) end

---The SHA-256 of a text that comes in pieces
---@return tilth.HashStream # stream
function hash.stream() end

---A random UUID (version 4)
---@return string? # text
---@return string? # message
---@return string?
function hash.uuid() end

return hash
