---@meta tilth.version

-- The versions of tilth and of what is linked into it.

---@class tilth.version
local version = {}

---All versions.
---@return table # `{ tilth, lua, libpq, openssl, jansson }`, texts
function version.all() end

---One line for people.
---@return string
function version.text() end

return version
