---@meta tilth.core.interrupt

-- stops Lua code and waits on a signal, and lets them clean up.

---@class tilth.core.interrupt
local interrupt = {}

---The one pcall that stops an interruption
---@param fn function
---@param ... any
---@return true|false # true
---@return any # error
function interrupt.catch(fn, ...) end

---Forgets an interruption, for a prompt that goes on after Ctrl-C
function interrupt.clear() end

---An interruption waits until fn has returned and its results are in the variables that take them. Waits end after the clean-up's time.
---@param fn function
---@param ... any
---@return any
function interrupt.shield(fn, ...) end

---The signal that interrupted, nil when none did
---@return integer? # integer
function interrupt.signal() end

---Interrupts this very runtime, as a signal would
---@param signal integer|string
function interrupt.trigger(signal) end

return interrupt
