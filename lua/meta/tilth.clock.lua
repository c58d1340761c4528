---@meta tilth.clock

-- The time, and waiting for it to pass. Times are seconds.

---@class tilth.clock
local clock = {}

---The time of day.
---@return number # seconds since 1970
function clock.now() end

---A clock that never goes back, to measure with; its zero means nothing.
---@return number # seconds
function clock.monotonic() end

---Waits. An interruption raises out of it.
---@param seconds number
function clock.sleep(seconds) end

---Writes a time as text, to the millisecond.
---@param seconds number since 1970
---@return string # as "2026-11-22T10:20:30.123Z"
function clock.utc(seconds) end

return clock
