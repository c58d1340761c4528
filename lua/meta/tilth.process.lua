---@meta tilth.process

-- Child processes, started from a list of arguments and never through a shell.
--
-- A child leads a process group of its own, gets default signals and no descriptor but 0, 1 and 2. When an interruption
-- comes while something waits for it, its group gets the signal, has the grace to end, and is killed after that.

---@class tilth.process
local process = {}

---Runs a program and waits for its end, while its output streams.
---
---Options: `cwd`; `env` (name to value, false removes one); `clean_env` (nothing but `env`); `stdin` ("null", "inherit" or
---a text to feed; "null" when absent); `stdout`, `stderr` ("inherit", which is the default, "capture", "null" or a function
---that gets each chunk); `timeout` in seconds; `grace` (seconds from TERM to KILL, 5); `group` (a process group of its own:
---true, except for a child that inherits a terminal as its input); `uid`, `gid`; `detach` (a session of its own, not
---stopped with us); `die_with_parent` (true for SIGINT, or a signal). An unknown option raises.
---@param arguments table the program, searched in the child's PATH, and its arguments; strings
---@param options? table
---@return table? # `{ kind = "exit" | "signal", code, timed_out, stdout, stderr, seconds }`, whatever the exit status
---@return string? # message
---@return integer? # errno (2, ENOENT: the program, its interpreter or the folder is missing; the message says which)
function process.run(arguments, options) end

---Starts a program and does not wait. Its `timeout` is kept, and its output moved, only while `child:wait` waits.
---
---`child:wait([timeout])` gives `"exit" | "signal", code, timed_out`, or `nil, message, "timeout"` while it runs;
---`child:kill([signal])` signals its group; `child:output()` gives what was captured; `child:pid()` its number;
---`child:close()` stops it unless it is detached, and so does leaving the scope of a `<close>` variable.
---@param arguments table as of `run`
---@param options? table as of `run`
---@return tilth.Child? # child
---@return string? # message
---@return integer? # errno
function process.spawn(arguments, options) end

---This process.
---@return table # `{ pid, uid, gid, euid }`
function process.self() end

---Sends a signal to a process.
---@param pid integer
---@param signal integer|string a number or a name as "TERM"; 0 asks whether the process lives
---@return boolean? # true
---@return string? # message
---@return integer? # errno (3, ESRCH: there is none; 1, EPERM: it lives and belongs to somebody else)
function process.kill(pid, signal) end

---Says in words how a child ended.
---@param result table of `run`
---@return string # as "exit status 3", "signal 9 (KILL)", "timed out after 2.0 s"
function process.describe(result) end

---The exit status that passes a child's end on: its own, or 128 and the signal, as shells say it.
---@param result table of `run`
---@return integer
function process.status(result) end

return process
