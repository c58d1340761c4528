--- Runs the built program as a child, with nothing of our own variables.
local program = {}

local clock = require("tilth.core.clock")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local proc = require("tilth.core.proc")

local ESRCH <const> = 3
-- For a machine that is ten times slower than this one; a program that hangs is found out all the same.
local TIMEOUT <const> = 180
-- What the build needs to run from its own tree and under sanitizers. No flag, URL or CI mark comes from outside.
local PASSED <const> = {
  "PATH", "TILTH_LUADIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TMPDIR",
}

local Child = {}
Child.__index = Child

--- Where the program is: named by `make check`, else the one that runs these tests.
-- @treturn string
function program.path()
  return env.get("TILTH_PROGRAM") or assert(fs.realpath("/proc/self/exe"))
end

--- The variables of a child: a clean base, then the test's own.
-- @tparam[opt] table more name to value
-- @treturn table
function program.environment(more)
  local variables = { HOME = env.get("TILTH_TEST_TMP") or "/", LANG = "C.UTF-8", TZ = "UTC" }
  for _, name in ipairs(PASSED) do variables[name] = env.get(name) end
  for name, value in pairs(more or {}) do variables[name] = value or nil end
  return variables
end

--- Starts the program in the background.
-- @tparam table options `args` (list), `env` (name to value, false unsets), `cwd`, `stdin` (text), `program` (another
-- one), `wrap` (list of arguments to put in front, for strace and the like)
-- @treturn table child with `pid`, `stdout` and `stderr` as far as read, `wait`, `wait_for`, `signal`, `close`
function program.start(options)
  local argv = { table.unpack(options.wrap or {}) }
  argv[#argv + 1] = options.program or program.path()
  table.move(options.args or {}, 1, #(options.args or {}), #argv + 1, argv)
  local child = setmetatable({ stdout = "", stderr = "", started = clock.monotonic() }, Child)
  local handle, message = proc.spawn(argv, {
    cwd = options.cwd, clean_env = true, env = program.environment(options.env), stdin = options.stdin or "null",
    stdout = function(chunk) child.stdout = child.stdout .. chunk end,
    stderr = function(chunk) child.stderr = child.stderr .. chunk end,
    group = true, die_with_parent = options.die_with_parent,
  })
  if not handle then error(("%s: %s"):format(argv[1], message), 2) end
  child.handle, child.pid = handle, handle:pid()
  return child
end

--- Waits for the end.
-- @tparam[opt] number timeout in seconds; a child that takes longer is killed and an error raised
-- @treturn table `{ status = n | nil, signal = n | nil, stdout, stderr, seconds }`
function Child:wait(timeout)
  local kind, code = self.handle:wait(timeout or TIMEOUT)
  if not kind then
    self:close()
    error(("the program did not end within %g s; it said:\n%s%s"):format(timeout or TIMEOUT, self.stdout, self.stderr), 2)
  end
  self.ended = true
  return {
    status = kind == "exit" and code or nil, signal = kind == "signal" and code or nil,
    stdout = self.stdout, stderr = self.stderr, seconds = clock.monotonic() - self.started,
  }
end

--- Waits until the program has said something.
-- @tparam string pattern for standard output and error together
-- @tparam[opt] number timeout in seconds, after which an error is raised
function Child:wait_for(pattern, timeout)
  local deadline = clock.monotonic() + (timeout or TIMEOUT)
  repeat
    if (self.stdout .. "\n" .. self.stderr):find(pattern) then return end
    local kind = self.handle:wait(0.01)
    if kind and not (self.stdout .. "\n" .. self.stderr):find(pattern) then
      error(("the program ended before it said %q:\n%s%s"):format(pattern, self.stdout, self.stderr), 2)
    end
  until clock.monotonic() > deadline
  error(("the program did not say %q, but:\n%s%s"):format(pattern, self.stdout, self.stderr), 2)
end

--- Sends a signal to the program alone, as a build system does. One that has ended meanwhile is left alone.
-- @tparam integer signal
function Child:signal(signal)
  if self.handle:wait(0) then return end
  -- The wait takes the child's end before it has all of its output, and is then not over.
  local sent, message, code = proc.kill(self.pid, signal)
  assert(sent or code == ESRCH, message)
end

--- Kills the program when it still runs.
function Child:close()
  if not self.ended then
    self.handle:kill(9)
    self.handle:wait(5)
    self.ended = true
  end
  self.handle:close()
end

Child.__close = Child.close

--- Runs the program to its end.
-- @tparam table options as of `start`, and `timeout` in seconds
-- @treturn table as of `wait`, and `text`: both outputs, one after the other
function program.run(options)
  local child <close> = program.start(options)
  local result = child:wait(options.timeout)
  result.text = result.stdout .. result.stderr
  return result
end

--- Runs the program with `--json` and reads its standard output.
-- @tparam table options as of `run`
-- @treturn table the document
-- @treturn table as of `run`
function program.json(options)
  local with = {}
  for name, value in pairs(options) do with[name] = value end
  with.args = { table.unpack(options.args or {}) }
  table.insert(with.args, "--json")
  local result = program.run(with)
  local document, message = json.decode(result.stdout)
  if document == nil then error(("no JSON (%s), but:\n%s"):format(message, result.text), 2) end
  return document, result
end

return program
