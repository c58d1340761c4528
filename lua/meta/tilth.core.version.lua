---@meta tilth.core.version

-- the versions of tilth and of the libraries it runs with.

---@class tilth.core.version
local version = {}

return version
