---@meta tilth.duration

-- Durations as people write them: "5s", "500ms", "2min", "1h30min".

---@class tilth.duration
local duration = {}

---Reads a duration.
---@param value string|number "5s", "500ms", "2min", "1h30min", or plain seconds
---@return number? # seconds
function duration.parse(value) end

return duration
