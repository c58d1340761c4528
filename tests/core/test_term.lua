--- Terminals.
local lu = require("luaunit")
local process = require("tilth.process")
local terminal = require("tilth.terminal")

local TestTerm = {}

local UNUSED <const> = 1000000 -- more descriptors than a process may have open

function TestTerm:test_a_closed_descriptor_is_no_terminal()
  lu.assertFalse(terminal.is_terminal(UNUSED))
  lu.assertNil(terminal.width(UNUSED))
end

function TestTerm:test_wrong_descriptors_raise()
  lu.assertErrorMsgContains("bad argument #1", terminal.is_terminal, -1)
  lu.assertErrorMsgContains("bad argument #1", terminal.width, "x")
end

function TestTerm:test_a_pseudo_terminal_has_a_width()
  local program = os.getenv("TILTH_PROGRAM") or require("tilth.fs").realpath("/proc/self/exe")
  local script = [[stty cols 93 rows 20; echo "$CODE" > "$FILE"; "$PROGRAM" run "$FILE"]]
  local file = os.tmpname()
  local done, message = process.run({ "script", "-qec", script, "/dev/null" }, {
    env = {
      CODE = [[local t = require("tilth.terminal") print(t.is_terminal(1), t.width(1))]],
      FILE = file, PROGRAM = program,
    },
    stdout = "capture", stderr = "capture", timeout = 120,
  })
  os.remove(file)
  lu.skipIf(not done, message)
  lu.assertStrContains(done.stdout, "true\t93")
end

return TestTerm
