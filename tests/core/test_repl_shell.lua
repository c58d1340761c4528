--- Tests that the prompt outlives Ctrl-C at whatever moment it comes, with an editor and a session that only seem to be.
local lu = require("luaunit")
local interrupt = require("tilth.core.interrupt")
local shell = require("tilth.repl.shell")

local TestReplShell = {}

local SIGINT <const>, SIGTERM <const> = 2, 15

function TestReplShell:tearDown()
  interrupt.clear()
end

--- A shell that shows into a list.
local function open(shown, more)
  local session = { db = { on_notice = function() end } }
  function session.status() return "idle" end
  function session.in_transaction() return false end
  local report = {}
  function report:text(text) self.shown[#self.shown + 1] = text end
  function report:error(text) self.shown[#self.shown + 1] = "error: " .. text end
  report.shown = shown
  local options = { session = session, report = report, interactive = true, label = "db", modules = {},
    columns = function() end, rows = function() end }
  for name, value in pairs(more or {}) do options[name] = value end
  return shell.new(options)
end

--- An editor that gives lines, and then the end.
local function editor_of(lines)
  local editor, at = {}, 0
  function editor.read()
    at = at + 1
    if lines[at] then return lines[at] end
    return nil, "the input has ended", "end"
  end
  function editor.add() end
  return editor
end

--- A history in which a signal comes while it takes a line.
local function history_with(signal, line)
  local history = { entries = {} }
  function history.add(_, text)
    if text ~= line then return end
    interrupt.trigger(signal)
    while true do end
  end
  return history
end

function TestReplShell:test_ctrl_c_between_reading_and_running_drops_the_input_and_nothing_else()
  local shown = {}
  local prompt = open(shown)
  lu.assertEquals(prompt:loop(editor_of({ "x = 20", "x = 1", "x + 1" }), history_with(SIGINT, "x = 1")), true)
  lu.assertEquals(shown, { "error: cancelled", "21" })
  lu.assertNil(interrupt.signal())
end

function TestReplShell:test_ctrl_c_while_a_value_is_shown_keeps_the_session()
  local shown = {}
  local prompt = open(shown, { rows = function()
    if #shown > 0 then return nil end
    interrupt.trigger(SIGINT)
    while true do end
  end })
  lu.assertEquals(prompt:loop(editor_of({ "1", "2" })), true)
  lu.assertEquals(shown, { "error: cancelled", "2" })
end

function TestReplShell:test_another_signal_ends_it()
  local shown = {}
  local prompt = open(shown)
  lu.assertEquals(prompt:loop(editor_of({ "x = 1", "x" }), history_with(SIGTERM, "x = 1")), false)
  lu.assertEquals({ prompt.signal, shown }, { SIGTERM, {} })
end

function TestReplShell:test_a_bug_is_no_interruption()
  local prompt = open({}, { rows = function() error("a slip", 0) end })
  local history = { entries = {}, add = function() error("a slip of the history", 0) end }
  lu.assertErrorMsgContains("a slip of the history", prompt.loop, prompt, editor_of({ "1" }), history)
end

return TestReplShell
