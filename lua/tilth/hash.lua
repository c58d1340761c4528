--- SHA-256 and random bytes.
local hash = {}

local core = require("tilth.core.hash")

--- The SHA-256 of a text, as Prisma's history keeps it.
-- @function sha256
-- @tparam string text any bytes
-- @treturn string 64 hexadecimal digits, small letters
hash.sha256 = core.sha256

--- Begins to list a folder and to hash one file in each folder of it, on a thread.
-- @function folder
-- @tparam string path the folder
-- @tparam string tail the file in each folder
-- @treturn FolderJob job: `job:wait()`, once, gives a table, or nil, message, "failed" where the folder can't be read at one go:
--   `count` of folders, `others` (names of what is not a folder), `listing` (DIGEST/NAME/ of each folder in one text, in byte order;
--   nil where a file can't be read), `stamped` (whether the names begin with ascending stamps of 14 digits). Then `job:folders()`
--   gives four lists: names in byte order, digests as sha256 gives them (false where a file can't be read), sizes in bytes, and
--   whether all bytes are 1 to 127, so that there is no NUL and nothing that is not UTF-8
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
hash.folder = core.folder

--- The SHA-256 of a text that comes in pieces: `stream:update(text)` takes one and returns the stream,
-- `stream:digest()` gives 64 hexadecimal digits of what came so far.
-- @function stream
-- @treturn HashStream stream
hash.stream = core.stream

--- Random bytes, good enough for secrets.
-- @function random
-- @tparam integer count at most 1048576
-- @treturn string bytes
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "failed"
hash.random = core.random

--- A random UUID (version 4).
-- @function uuid
-- @treturn string as "7d0f6c3e-9d0b-4b0e-8c57-0f1a2b3c4d5e"
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "failed"
hash.uuid = core.uuid

return hash
