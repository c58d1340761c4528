---@meta tilth.core.clock

-- the time, and waiting for it to pass.

---@class tilth.core.clock
local clock = {}

---Since 1970
---@return number # seconds
function clock.now() end

---Never goes back; its zero means nothing
---@return number # seconds
function clock.monotonic() end

---Waits; an interruption raises out of it
---@param seconds number
function clock.sleep(seconds) end

---A time since 1970 as "2026-11-22T10:20:30.123Z"
---@param seconds number
---@return string # text
function clock.utc(seconds) end

return clock
