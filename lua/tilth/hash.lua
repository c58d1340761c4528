--- SHA-256 and random bytes.
local hash = {}

local core = require("tilth.core.hash")

--- The SHA-256 of a text, as Prisma's history keeps it.
-- @function sha256
-- @tparam string text any bytes
-- @treturn string 64 hexadecimal digits, small letters
hash.sha256 = core.sha256

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
