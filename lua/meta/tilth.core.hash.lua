---@meta tilth.core.hash

-- SHA-256 and random bytes, from libcrypto.

---@class tilth.core.hash
local hash = {}

---@class tilth.FolderJob: userdata
local job = {}

---What was found, as hash.folder says; once
---@return any # found
---@return string? # message
---@return string?
function job:wait() end

---Of the folders in byte order, after wait
---@return table # names
---@return any # digests
---@return any # sizes
---@return any # plain
function job:folders() end

---Forgets what was found, or what the thread is about to find. Twice is allowed.
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

---Begins to list a folder and to hash the file NAME/tail of each folder in it. job:wait() gives a table: count (of folders), others (names of all that is not a folder), listing (DIGEST/NAME/ of all folders in one text, in byte order; nil where a file can't be read), stamped (whether their names begin with ascending stamps of 14 digits). Then job:folders() gives four lists: names, digests (false where the file can't be read), sizes, and whether all bytes are 1 to 127
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
