--- Runs what was typed, SQL or Lua, and tells how it went in a table.
local evaluate = {}

local clock = require("tilth.clock")
local connect_error = require("tilth.connect_error")
local excerpt = require("tilth.migrate.excerpt")
local input = require("tilth.repl.input")
local inspect = require("tilth.repl.inspect")
local script = require("tilth.script")
local sql = require("tilth.sql")
local suggest = require("tilth.suggest")

--- Commands after which tables may be others than before.
local DDL <const> = { CREATE = true, ALTER = true, DROP = true, IMPORT = true, ROLLBACK = true }

local function failure(message, code, detail)
  message, code, detail = connect_error.lost(message, code, detail)
  return { ok = false, message = message, code = code, detail = detail or {} }
end

--- The session refuses changes because the database is protected, not because somebody has typed so.
local function with_write_hint(shell, code, detail)
  if code ~= "25006" or not shell.session.db.read_only then
    return detail
  end
  return setmetatable({
    advice = "The session is read-only because the database is protected; `tilth repl --write` may change it.",
  }, { __index = detail })
end

--- A model's name in the place of its table's, or a name with capitals and without quotes.
local function name_hint(shell, message)
  local name = message:match('relation "([^"]+)" does not exist')
  name = name and name:match("[^.]+$") or ""
  local described, model = shell.names:described(name)
  if not described or described == name then
    return nil
  elseif described:lower() == name then
    return ("the table is \"%s\": a name with capitals wants the quotes"):format(described)
  end
  return ("the model %s is the table %s"):format(model, described)
end

--- A failed statement: the server's words, a caret under the place, its hint.
local function sql_failure(shell, text, message, code, detail)
  detail = detail or {}
  local parts = { detail.sqlstate and ("%s (%s)"):format(message, code) or message }
  if detail.position then
    local line, column = excerpt.locate(text, detail.position)
    parts[#parts + 1] = excerpt.show(text, line, column)
  end
  if detail.detail then
    parts[#parts + 1] = "detail: " .. detail.detail
  end
  local hint = detail.hint or (code == "42P01" and name_hint(shell, message))
  if hint then
    parts[#parts + 1] = "hint: " .. hint
  end
  return failure(table.concat(parts, "\n"), code, with_write_hint(shell, code, detail))
end

--- Opens a connection that was lost anew, before something is run on it.
local function reopen(shell)
  local session = shell.session
  if session:status() ~= "closed" then
    return true
  end
  local ok, message, code, detail = session.db:reconnect()
  if not ok then
    return nil, message, code, detail
  end
  session:forget()
  shell:connected()
  shell:say("Connected again. This is a new session: an open transaction, temporary tables and SETs are gone.")
  return true
end

--- Is this a COPY ... TO STDOUT, whose rows come by another way?
local function copies_out(text)
  local tree = text:lower():find("stdout", 1, true) and sql.parse(text)
  local copy = tree and tree.stmts and tree.stmts[1] and tree.stmts[1].stmt.CopyStmt
  return copy and not copy.is_from and not copy.filename
end

local function run_copy(shell, text, started)
  local rows = {}
  local count, message, code, detail = shell.session.db:copy_out(text, function(chunk)
    rows[#rows + 1] = chunk
  end)
  if not count then
    return nil, sql_failure(shell, text, message, code, detail)
  end
  return { value = (table.concat(rows):gsub("\n$", "")), seconds = clock.monotonic() - started }
end

local function run_statement(shell, text)
  local started = clock.monotonic()
  if copies_out(text) then
    return run_copy(shell, text, started)
  end
  local result, message, code, detail = shell.session.db:query(text)
  if not result then
    return nil, sql_failure(shell, text, message, code, detail)
  end
  if DDL[(result.command or ""):match("^%a+")] then
    shell.session:forget()
    shell.names.read_at = -math.huge
  end
  return { value = result, result = true, seconds = clock.monotonic() - started }
end

--- Runs SQL: one statement after another, each a transaction of its own unless one is open; the first that fails is the last.
-- @tparam table shell see tilth.repl.shell
-- @tparam string text
-- @tparam function show called with each outcome { value, result, seconds }
-- @treturn table { ok = true } or { ok = false, message, code, detail }
function evaluate.sql(shell, text, show)
  local statements, message, code, detail = sql.split(text)
  if not statements then
    return failure(message, code, detail)
  end
  local ok
  ok, message, code, detail = reopen(shell)
  if not ok then
    return failure(message, code, detail)
  end
  for _, statement in ipairs(statements) do
    local outcome, failed = run_statement(shell, statement.text)
    if not outcome then
      return failed
    end
    rawset(shell.environment, "_", outcome.value)
    show(outcome)
  end
  return { ok = true }
end

local function describe(raised)
  if type(raised) == "table" and raised.fields then
    return { object = raised }
  end
  if type(raised) == "table" and not (getmetatable(raised) or {}).__tostring then
    return { text = "an error was raised that is a table: " .. inspect.text(raised) }
  end
  local lines = {}
  -- Of the traceback only the user's own part is of use: what was called from the prompt.
  for line in script.own_part(debug.traceback(tostring(raised), 2)):gmatch("[^\n]+") do
    lines[#lines + 1] = line
  end
  if #lines <= 3 then
    lines = { lines[1] }
  end
  return { text = table.concat(lines, "\n") }
end

--- What is wrong with Lua that can't be read. `selec 1;` was meant as SQL.
local function syntax_failure(text, message)
  if text:sub(1, 1) == "\27" then
    return failure("an escape character is neither SQL nor Lua: this terminal sends keys that its lines can't be edited with", "syntax")
  end
  local word = text:match("^%s*(%a+)%s.*;%s*$")
  -- Words of Lua's own are not meant as others.
  local near = word and load("local " .. word) and suggest.nearest(word, input.statements())
  if near and near ~= word:lower() then
    message = ("%s\nThis was read as Lua. Did you mean SQL's %s?"):format(message, near)
  end
  return failure(message, "syntax")
end

--- Runs Lua.
-- @tparam table shell
-- @tparam string text
-- @tparam function show called with each value, but not with a nil that is the only one: { value, result = bool, seconds }
-- @treturn table as of `sql`
function evaluate.lua(shell, text, show)
  local chunk, message = input.compile(text, shell.environment)
  if not chunk then
    return syntax_failure(text, message)
  end
  local ok, why, code, detail = reopen(shell)
  if not ok then
    return failure(why, code, detail)
  end
  local started = clock.monotonic()
  local results = table.pack(xpcall(chunk, describe))
  if not results[1] then
    local object = results[2].object
    if object then
      return failure(object.message, object.code, with_write_hint(shell, object.code, object.fields))
    end
    return failure(results[2].text, "failed")
  end
  local seconds = clock.monotonic() - started
  for index = 2, results.n do
    local value = results[index]
    if value ~= nil or results.n > 2 then
      rawset(shell.environment, "_", value)
      local is_result = type(value) == "table" and type(rawget(value, "columns")) == "table"
      show({ value = value, result = is_result, seconds = seconds })
    end
  end
  return { ok = true }
end

return evaluate
