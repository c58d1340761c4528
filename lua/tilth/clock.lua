--- The time, and waiting for it to pass. Times are seconds.
local clock = {}

local core = require("tilth.core.clock")

--- The time of day.
-- @function now
-- @treturn number seconds since 1970
clock.now = core.now

--- A clock that never goes back, to measure with; its zero means nothing.
-- @function monotonic
-- @treturn number seconds
clock.monotonic = core.monotonic

--- Waits. An interruption raises out of it.
-- @function sleep
-- @tparam number seconds
clock.sleep = core.sleep

--- Writes a time as text, to the millisecond.
-- @function utc
-- @tparam number seconds since 1970
-- @treturn string as "2026-11-22T10:20:30.123Z"
clock.utc = core.utc

return clock
