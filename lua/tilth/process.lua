--- Child processes, started from a list of arguments and never through a shell.
--
-- A child leads a process group of its own, gets default signals and no descriptor but 0, 1 and 2. When an interruption
-- comes while something waits for it, its group gets the signal, has the grace to end, and is killed after that.
local process = {}

local core = require("tilth.core.proc")

--- Runs a program and waits for its end, while its output streams.
--
-- Options: `cwd`; `env` (name to value, false removes one); `clean_env` (nothing but `env`); `stdin` ("null", "inherit" or
-- a text to feed; "null" when absent); `stdout`, `stderr` ("inherit", which is the default, "capture", "null" or a function
-- that gets each chunk); `timeout` in seconds; `grace` (seconds from TERM to KILL, 5); `group` (a process group of its own:
-- true, except for a child that inherits a terminal as its input); `uid`, `gid`; `detach` (a session of its own, not
-- stopped with us); `die_with_parent` (true for SIGINT, or a signal). An unknown option raises.
-- @function run
-- @tparam table arguments the program, searched in the child's PATH, and its arguments; strings
-- @tparam[opt] table options
-- @treturn table `{ kind = "exit" | "signal", code, timed_out, stdout, stderr, seconds }`, whatever the exit status
-- @treturn[2] nil when the program could not be started
-- @treturn[2] string message
-- @treturn[2] integer errno (2, ENOENT: the program, its interpreter or the folder is missing; the message says which)
process.run = core.run

--- Starts a program and does not wait. Its `timeout` is kept, and its output moved, only while `child:wait` waits.
--
-- `child:wait([timeout])` gives `"exit" | "signal", code, timed_out`, or `nil, message, "timeout"` while it runs;
-- `child:kill([signal])` signals its group; `child:output()` gives what was captured; `child:pid()` its number;
-- `child:close()` stops it unless it is detached, and so does leaving the scope of a `<close>` variable.
-- @function spawn
-- @tparam table arguments as of `run`
-- @tparam[opt] table options as of `run`
-- @treturn Child child
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
process.spawn = core.spawn

--- This process.
-- @function self
-- @treturn table `{ pid, uid, gid, euid }`
process.self = core.self

--- Sends a signal to a process.
-- @function kill
-- @tparam integer pid
-- @tparam integer|string signal a number or a name as "TERM"; 0 asks whether the process lives
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno (3, ESRCH: there is none; 1, EPERM: it lives and belongs to somebody else)
process.kill = core.kill

--- Says in words how a child ended.
-- @tparam table result of `run`
-- @treturn string as "exit status 3", "signal 9 (KILL)", "timed out after 2.0 s"
function process.describe(result)
  local names = { "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", [11] = "SEGV", [13] = "PIPE", [15] = "TERM" }
  if result.timed_out then return ("timed out after %.1f s"):format(result.seconds) end
  if result.kind == "exit" then return "exit status " .. result.code end
  local name = names[result.code]
  return name and ("signal %d (%s)"):format(result.code, name) or "signal " .. result.code
end

--- The exit status that passes a child's end on: its own, or 128 and the signal, as shells say it.
-- @tparam table result of `run`
-- @treturn integer
function process.status(result)
  return result.kind == "exit" and result.code or 128 + result.code
end

return process
