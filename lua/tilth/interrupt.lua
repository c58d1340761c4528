--- Ctrl-C and SIGTERM: what must not be torn apart by them.
--
-- An interruption is raised out of any wait and between any two instructions, so also between the making of a thing and its
-- arrival in the `<close>` variable that removes it. A `__close` method that has begun is left to end, unless it ends in a tail call.
local interrupt = {}

local core = require("tilth.core.interrupt")

--- Calls a function that an interruption does not stop: it is raised once the results are in the variables that take them, as in
-- `local thing <close>, message = interrupt.shield(make_thing)`. Waits inside end five seconds after the interruption.
-- @function shield
-- @tparam function fn that does not yield
-- @param ... its arguments
-- @return what it returns; its errors are raised
interrupt.shield = core.shield

--- The signal that has interrupted this program.
-- @function signal
-- @treturn number|nil
interrupt.signal = core.signal

return interrupt
