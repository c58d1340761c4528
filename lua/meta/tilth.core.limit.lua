---@meta tilth.core.limit

-- a call that may use so much memory, time and instructions, and no more.

---@class tilth.core.limit
local limit = {}

---Is a call under limits under way?
---@return boolean
function limit.active() end

---Limits are memory (bytes), time (seconds) and instructions; which is the name of the one that was used up. The handler is as of xpcall, or nil. Another interruption goes on to its catcher.
---@param limits table
---@param handler function
---@param fn function
---@param ... any
---@return true|false # true
---@return any # error
---@return any # which
function limit.call(limits, handler, fn, ...) end

return limit
