---@meta tilth.core.place

-- where tilth's own files are installed.

---@class tilth.core.place
local place = {}

return place
