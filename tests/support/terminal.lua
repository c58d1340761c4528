--- Drives a program through a pseudo-terminal: what is typed, what is shown.
local terminal = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local lu = require("luaunit")
local proc = require("tilth.core.proc")
local clock = require("tilth.core.clock")
local program = require("support.program")
local temp = require("support.temp")

local Terminal = {}
Terminal.__index = Terminal

-- As of support.program.
local TIMEOUT <const> = 180

--- Where the build put the helper; without a build of it the test is skipped, in CI it fails.
local function helper()
  local path = program.path():match("^(.*)/[^/]*$") .. "/tests/support/terminal"
  if fs.stat(path, "follow") then return path end
  local reason = path .. " is not built; `make check` does that"
  if env.get("CI") == "true" then error(reason, 3) end
  lu.skip(reason)
end

--- Starts tilth on a terminal.
-- @tparam table options `args`, `cwd`, `env`, `columns` (100), `rows` (24)
-- @treturn table with `type`, `see`, `wait`, `close`; `shown` is everything that was shown so far
function terminal.start(options)
  local pipe = temp.folder("keys"):join("keys")
  assert(proc.run({ "mkfifo", pipe }).code == 0)
  local argv = { "/bin/sh", "-c", 'exec "$0" "$@" <"$KEYS"', helper(), tostring(options.columns or 100),
    tostring(options.rows or 24), program.path() }
  table.move(options.args or {}, 1, #(options.args or {}), #argv + 1, argv)
  local variables = program.environment({ TERM = "xterm", KEYS = pipe })
  for name, value in pairs(options.env or {}) do variables[name] = value end
  local self = setmetatable({ shown = "", from = 1 }, Terminal)
  self.child = assert(proc.spawn(argv, {
    cwd = options.cwd, clean_env = true, env = variables,
    stdout = function(chunk) self.shown = self.shown .. chunk end, stderr = function(chunk) self.shown = self.shown .. chunk end,
  }))
  self.keys = assert(io.open(pipe, "w"))
  self.keys:setvbuf("no")
  return self
end

--- Types keys: text with \r for the Enter key, \t, \3 for Ctrl-C, \4 for Ctrl-D.
function Terminal:type(keys)
  self.from = #self.shown + 1
  self.keys:write(keys)
end

--- Waits until something is shown behind what the last `type` or `see` has seen; raises when it does not come.
-- @tparam string text plain text
-- @tparam[opt] number timeout
function Terminal:see(text, timeout)
  local deadline = clock.monotonic() + (timeout or TIMEOUT)
  repeat
    local _, last = self.shown:find(text, self.from, true)
    if last then
      self.from = last + 1
      return
    end
    if self.child:wait(0.02) then
      self.ended = true
      if self.shown:find(text, self.from, true) then return end
      break
    end
  until clock.monotonic() > deadline
  error(("the terminal did not show %q, but since then:\n%s"):format(text, self.shown:sub(self.from)), 2)
end

--- Waits for the end.
-- @treturn integer exit status
function Terminal:wait()
  local kind, code = self.child:wait(TIMEOUT)
  if not kind then error("the program goes on; it showed:\n" .. self.shown, 2) end
  self.ended = true
  return code
end

--- Ends the program when it still runs.
function Terminal:close()
  if self.keys then self.keys:close() end
  self.keys = nil
  if not self.ended then
    self.child:kill(9)
    self.child:wait(5)
  end
  self.child:close()
end

Terminal.__close = Terminal.close

return terminal
