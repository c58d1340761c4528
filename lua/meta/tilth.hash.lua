---@meta tilth.hash

-- SHA-256 and random bytes.

---@class tilth.hash
local hash = {}

---The SHA-256 of a text, as Prisma's history keeps it.
---@param text string any bytes
---@return string # 64 hexadecimal digits, small letters
function hash.sha256(text) end

---Begins to list a folder and to hash one file in each folder of it, on a thread.
---@param path string the folder
---@param tail string the file in each folder
---@return tilth.FolderJob? # job: `job:wait()`, once, gives a table, or nil, message, "failed" where the folder can't be read at one go: `count` of folders, `others` (names of what is not a folder), `listing` (DIGEST/NAME/ of each folder in one text, in byte order; nil where a file can't be read), `stamped` (whether the names begin with ascending stamps of 14 digits). Then `job:folders()` gives four lists: names in byte order, digests as sha256 gives them (false where a file can't be read), sizes in bytes, and whether all bytes are 1 to 127, so that there is no NUL and nothing that is not UTF-8
---@return string? # message
---@return integer? # errno
function hash.folder(path, tail) end

---The SHA-256 of a text that comes in pieces: `stream:update(text)` takes one and returns the stream,
---`stream:digest()` gives 64 hexadecimal digits of what came so far.
---@return tilth.HashStream # stream
function hash.stream() end

---Random bytes, good enough for secrets.
---@param count integer at most 1048576
---@return string? # bytes
---@return string? # message
---@return string? # "failed"
function hash.random(count) end

---A random UUID (version 4).
---@return string? # as "7d0f6c3e-9d0b-4b0e-8c57-0f1a2b3c4d5e"
---@return string? # message
---@return string? # "failed"
function hash.uuid() end

return hash
