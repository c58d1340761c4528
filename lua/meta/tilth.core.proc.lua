---@meta tilth.core.proc

-- child processes by argument lists, and this process.

---@class tilth.core.proc
local proc = {}

---@class tilth.Child: userdata
local child = {}

---Stops it (TERM, after its grace KILL) unless it is detached
function child:close() end

---To its group when it leads one; TERM without a signal
---@param signal? integer|string
---@return true? # true
---@return string? # message
---@return integer? # errno
function child:kill(signal) end

---What was captured so far
---@return string? # stdout
---@return string? # stderr
function child:output() end

---Its number
---@return integer
function child:pid() end

---Kind is "exit" or "signal"; fails when the child still runs after the time. Its output is moved only while this waits.
---@param timeout? number
---@return string? # kind
---@return string|integer # code
---@return boolean|string # timed_out
function child:wait(timeout) end

---Signal 0 asks whether it lives
---@param pid integer
---@param signal integer|string
---@return true? # true
---@return string? # message
---@return integer? # errno
function proc.kill(pid, signal) end

---Runs a program to its end; the result is { kind, code, timed_out, stdout, stderr, seconds }
---@param arguments table
---@param options? table
---@return any # result
---@return string? # message
---@return integer? # errno
function proc.run(arguments, options) end

---{ pid, uid, gid, euid } of this process
---@return table
function proc.self() end

---Starts a program and does not wait
---@param arguments table
---@param options? table
---@return tilth.Child? # child
---@return string? # message
---@return integer? # errno
function proc.spawn(arguments, options) end

return proc
