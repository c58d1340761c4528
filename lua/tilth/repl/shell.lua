--- The prompt: reads, runs, shows, and keeps the session through errors, Ctrl-C and lost connections.
local shell = {}

local interrupt = require("tilth.core.interrupt")
local report = require("tilth.report")
local complete = require("tilth.repl.complete")
local evaluate = require("tilth.repl.evaluate")
local grid = require("tilth.repl.grid")
local helpers = require("tilth.repl.helpers")
local input = require("tilth.repl.input")
local inspect = require("tilth.repl.inspect")
local names = require("tilth.repl.names")

local Shell = {}
Shell.__index = Shell

--- Modules that the prompt has under their own names.
local MODULES <const> = {
  check = true, csv = true, env = true, fake = true, flow = true, fs = true, json = true, log = true, migrate = true,
  process = true, seed = true,
}
local SIGINT <const> = 2

--- The prompt's globals: what is assigned stays; tilth's modules are loaded when they are named.
local function new_environment()
  return setmetatable({}, { __index = function(_, name)
    if MODULES[name] then
      return require("tilth." .. name)
    end
    return rawget(_G, name)
  end })
end

--- Makes a shell.
-- @tparam table options { session, report, json, interactive (a person at a terminal), columns and rows (functions that give the
--   terminal's size or nil), page = function(text) or nil, label = text of the prompt, modules = names that require finds }
-- @treturn table Shell
function shell.new(options)
  local self = setmetatable({
    session = options.session, report = options.report, json = options.json, interactive = options.interactive,
    columns = options.columns, rows = options.rows, page = options.page, label = options.label, modules = options.modules,
    options = { timing = true, expanded = false }, environment = new_environment(), names = names.new(options.session),
    documents = {}, so_far = "",
  }, Shell)
  self.environment.db, self.environment._G = options.session, self.environment
  helpers.install(self.environment, self)
  self:connected()
  return self
end

--- What has to be done with each new connection: the server's notices are shown.
function Shell:connected()
  self.session.db:on_notice(function(notice)
    self:say(("%s: %s"):format((notice.severity or "NOTICE"):lower(), notice.message))
  end)
end

--- A remark for people; not part of the results, which another program may read where no person sits.
-- @tparam string text
function Shell:say(text)
  if self.json or not self.interactive then
    self.report.err(self.report:mask(text) .. "\n")
  else
    self.report:text(text)
  end
end

local function is_known(self)
  return function(name)
    return self.environment[name] ~= nil
  end
end

--- What Tab does; see tilth.repl.complete.
-- @tparam string line
-- @tparam integer cursor
function Shell:tab(line, cursor)
  local context = {
    environment = setmetatable({}, { __index = self.environment }), modules = self.modules, so_far = self.so_far,
    width = self.columns(), is_known = is_known(self),
    names = function(kind, owner)
      return self.names:get(kind, owner)
    end,
  }
  -- Of the globals those that a prompt offers are its own, the modules and Lua's.
  local all = {}
  for _, from in ipairs({ _G, self.environment }) do
    for name, value in next, from do
      all[name] = value
    end
  end
  for name in pairs(MODULES) do
    all[name] = all[name] or require("tilth." .. name)
  end
  context.environment = all
  local text, listing, replaced = complete.tab(line, cursor, context)
  if not text and not listing and self.names:refresh() then
    text, listing, replaced = complete.tab(line, cursor, context)
  end
  return text, listing, replaced
end

local function result_lines(self, outcome)
  local result = outcome.value
  local lines, cut = grid.lines(result, {
    width = self.columns(), expanded = self.options.expanded, null = self.session.null,
  })
  local time = self.options.timing and report.duration(outcome.seconds) or nil
  if #result.columns == 0 then
    lines[#lines + 1] = (result.command or "done") .. (time and (" (%s)"):format(time) or "")
    return lines
  end
  for _, note in ipairs(result.notes or {}) do
    lines[#lines + 1] = note
  end
  local about = { ("%d row%s"):format(#result, #result == 1 and "" or "s") }
  about[#about + 1] = time
  about[#about + 1] = cut and "long values are cut, \\x shows them whole" or nil
  lines[#lines + 1] = "(" .. table.concat(about, ", ") .. ")"
  return lines
end

--- A value of a row in the JSON document: bytes that are no text as PostgreSQL writes them.
local function cell_of(value)
  if type(value) ~= "string" or (utf8.len(value) and not value:find("\0", 1, true)) then
    return value
  end
  return "\\x" .. value:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end)
end

--- What the JSON document holds of an outcome.
local function document_of(self, outcome)
  if not outcome.result then
    local json = require("tilth.json")
    local ok = pcall(json.encode, outcome.value, { replace = true })
    if outcome.value == nil then
      return { value = json.null }
    end
    return { value = ok and outcome.value or inspect.text(outcome.value) }
  end
  local array = require("tilth.json").array
  local rows = array({})
  for index, row in ipairs(outcome.value) do
    rows[index] = {}
    for _, name in ipairs(outcome.value.columns) do
      rows[index][name] = row[name] == nil and self.session.null or cell_of(row[name])
    end
  end
  return {
    columns = array(outcome.value.columns), rows = rows, count = outcome.value.count, command = outcome.value.command,
    seconds = outcome.seconds,
  }
end

--- Shows a value: a result as a table, through the pager where it is longer than the screen.
-- @tparam table outcome
function Shell:show(outcome)
  if self.json then
    self.documents[#self.documents + 1] = document_of(self, outcome)
    return
  end
  local text = outcome.result and table.concat(result_lines(self, outcome), "\n") or inspect.text(outcome.value)
  local _, breaks = text:gsub("\n", "")
  local rows = self.rows()
  if self.page and rows and breaks + 2 > rows then
    self.page(self.report:mask(text) .. "\n")
  else
    self.report:text(text)
  end
end

--- Runs a complete input. An interruption by Ctrl-C ends it and nothing else.
-- @tparam string text
-- @treturn boolean did it go well?
function Shell:run(text)
  local kind = input.judge(text, is_known(self))
  if kind == "empty" then
    return true
  elseif kind == "more" then
    kind = input.is_sql(text, is_known(self)) and "sql" or "lua"
  elseif kind == "command" then
    local lua, message = helpers.translate(text)
    if not lua then
      self.report:error(message)
      return false
    end
    kind, text = "lua", lua
  end
  local ok, outcome = interrupt.catch(evaluate[kind], self, text, function(shown)
    self:show(shown)
  end)
  if ok and outcome.ok then
    return true
  end
  return self:failed(ok and outcome or { message = tostring(outcome), detail = {} })
end

--- Tells of a failure. After Ctrl-C the session goes on; any other signal ends the prompt.
-- @tparam table failure message, code, detail
function Shell:failed(failure)
  local signal = interrupt.signal()
  self.failure = failure
  if signal then
    self.signal = signal
    if self.interactive and signal == SIGINT then
      interrupt.clear()
      self.signal = nil
      self.report:error("cancelled")
    end
    return false
  end
  if not self.json or self.interactive then
    self.report:error(failure.message, failure.detail.advice)
  end
  if self.session:status() == "closed" then
    self:say("The connection is lost; what comes next opens a new one.")
  end
  return false
end

--- The prompt: the database, what is special about the session, and the state of its transaction.
function Shell:prompt()
  local marks = { transaction = "*", failed = "!", closed = "?" }
  return self.label .. (marks[self.session:status()] or "") .. "> "
end

--- Reads lines until they are complete.
-- @treturn string|nil text; nil at the end of the input
local function read_input(self, editor)
  self.so_far = ""
  local text, first = editor:read(self:prompt()), true
  if not text then
    return nil
  end
  while input.judge(text, is_known(self)) == "more" do
    if self.interactive and first and not self.told and input.is_sql(text, is_known(self)) then
      self.told = true
      self:say("(SQL ends with a semicolon; Ctrl-C drops it)")
    end
    first = false
    self.so_far = text .. "\n"
    local more = editor:read((" "):rep(math.max(#self.label - 2, 0)) .. "... ")
    if not more then
      break
    end
    text = text .. "\n" .. more
  end
  return text
end

--- An open transaction is told of once before the prompt is left, then left to the server to roll back.
local function may_leave(self)
  if not self.session:in_transaction() or self.warned or not self.interactive then
    return true
  end
  self.warned, self.leave = true, nil
  self:say("A transaction is open: commit() or rollback() it. Leaving now rolls it back (Ctrl-D again).")
  return false
end

--- Reads and runs one input.
-- @treturn boolean did all go well? Then the prompt is left
-- @treturn[2] nil when it goes on
local function read_and_run(self, editor, history)
  self.reading = true
  local text = read_input(self, editor)
  self.reading = false
  if not text then
    return may_leave(self) or nil
  end
  if history and text:find("%S") and history.entries[#history.entries] ~= text then
    editor:add(text)
    history:add(text)
  end
  local well = self:run(text)
  if self.signal or (not well and not self.interactive) then
    return false
  elseif self.leave and may_leave(self) then
    return true
  end
  self.warned = self.warned and self.session:in_transaction()
end

--- Reads and runs until the input ends. What is no terminal ends at the first error.
-- @tparam table editor of tilth.core.edit
-- @tparam[opt] table history of tilth.repl.history
-- @treturn boolean did all go well?
function Shell:loop(editor, history)
  while true do
    -- Ctrl-C may come between reading and running, too: the session goes on then as well.
    local ok, outcome = interrupt.catch(read_and_run, self, editor, history)
    if ok and outcome ~= nil then
      return outcome
    elseif not ok then
      self.signal = interrupt.signal()
      if not (self.signal or self.reading) then
        error(outcome, 0)
      end
      if not (self.interactive and self.signal == SIGINT) then
        return false
      end
      interrupt.clear()
      self.signal = nil
      if not self.reading then
        self.report:error("cancelled")
      end
    end
  end
end

return shell
