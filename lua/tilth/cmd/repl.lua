--- tilth repl: SQL and Lua at a prompt, with the project's database as `db`.
local repl = {
  summary = "Try things in SQL and Lua at a prompt, with the project's database as `db`.",
  database = true,
}

local edit = require("tilth.core.edit")
local fs = require("tilth.fs")
local interrupt = require("tilth.core.interrupt")
local observe = require("tilth.flow.observe")
local process = require("tilth.process")
local terminal = require("tilth.terminal")
local history = require("tilth.repl.history")
local shell = require("tilth.repl.shell")

--- Modules of tilth that completion offers in require().
local PUBLIC <const> = {
  "tilth", "tilth.check", "tilth.csv", "tilth.db", "tilth.env", "tilth.fake", "tilth.flow", "tilth.fs", "tilth.hash", "tilth.json",
  "tilth.log", "tilth.migrate", "tilth.process", "tilth.seed", "tilth.session", "tilth.sql",
}

--- Adds the command's arguments.
-- @tparam Parser parser
function repl.add_to_parser(parser)
  parser:description([[
A line that begins with a word of SQL is SQL (end it with a semicolon), everything else is Lua.
`db` is a session with the project's database, help() says what else there is. Without a terminal
it reads standard input and ends at the first error. On a protected database (production) the
session is read-only unless --write is given.]])
  parser:option("-e --execute", "Run this SQL or Lua and leave; several run one after the other."):argname("CODE"):count("*")
  parser:flag("--write", "Allow changes on a protected database.")
end

--- Makes the server refuse changes in this session, also after it was opened anew.
local function forbid_writes(world)
  world.db.read_only = true
  return world.db:script(world.db:session_sql())
end

--- The prompt's text: the database, and what is special about the session.
local function label_of(world, reasons, write)
  local marks = {}
  if #reasons > 0 then
    marks[1] = write and "PROTECTED, write" or "read-only"
  end
  if world.environment.name ~= "development" then
    table.insert(marks, 1, world.environment.name)
  end
  local name = world.target.database or "tilth"
  return #marks > 0 and ("%s (%s)"):format(name, table.concat(marks, ", ")) or name
end

--- Shows a text with $PAGER. A pager that can't be started is no reason to lose the text.
local function pager_of(ctx)
  local command = ctx.env.PAGER
  if not command or command == "" then
    command = "less"
  end
  return function(text)
    local variables = { LESS = ctx.env.LESS or "FRSX" }
    local ok, ended = interrupt.catch(process.run, { "/bin/sh", "-c", command }, { stdin = text, env = variables, group = false })
    if not ok then
      interrupt.clear()
    elseif not ended or (ended.kind == "exit" and ended.code == 127) then
      ctx.report:text(text:gsub("\n$", ""))
    end
  end
end

local function shows_on_terminal(ctx)
  return terminal.is_terminal(1) and not ctx.args.json and not (ctx.host and ctx.host.captured)
end

--- Does a person sit at the prompt?
local function is_interactive(ctx)
  return ctx.stdin_is_terminal and shows_on_terminal(ctx) and #ctx.args.execute == 0
end

local function new_shell(ctx, session, label)
  local on_terminal = shows_on_terminal(ctx)
  return shell.new({
    session = session, report = ctx.report, json = ctx.args.json, label = label, modules = PUBLIC,
    interactive = is_interactive(ctx),
    columns = function() return on_terminal and terminal.width(1) or nil end,
    rows = function() return terminal.height(1) end,
    page = on_terminal and ctx.stdin_is_terminal and pager_of(ctx) or nil,
  })
end

local function greet(ctx, world, reasons, write)
  if #reasons > 0 then
    ctx.report:progress(("%s is protected: %s. %s"):format(world.target.text, table.concat(reasons, "; "),
      write and "With --write it can be changed." or "The session is read-only; --write changes that."))
  else
    ctx.report:progress(world.target.text)
  end
  ctx.report:progress("help() says what there is, Ctrl-D leaves.")
end

local function converse(ctx, prompt)
  local kept = prompt.interactive and history.open(fs, history.path(ctx.env)) or nil
  local editor <close> = edit.open({
    edit = prompt.interactive and ctx.env.TERM ~= "dumb" and ctx.env.TERM ~= nil, prompt = prompt.interactive,
    complete = function(line, cursor)
      return prompt:tab(line, cursor)
    end,
  })
  for _, entry in ipairs(kept and kept.entries or {}) do
    editor:add(entry)
  end
  return prompt:loop(editor, kept)
end

--- The command's result from how the prompt was left.
local function finish(ctx, prompt, well)
  local data = { results = require("tilth.json").array(prompt.documents) }
  if prompt.signal then
    return nil, "interrupted", "interrupted", { exit = 128 + prompt.signal, data = data }
  elseif prompt.session:in_transaction() and not prompt.interactive then
    ctx.report:aside():warn("a transaction was left open; it is rolled back")
    well = false
  end
  if not well and ctx.args.json and prompt.failure then
    local failure = prompt.failure
    local more = { exit = 1, data = data }
    for _, name in ipairs({ "sqlstate", "hint", "advice" }) do
      more[name] = failure.detail[name]
    end
    return nil, failure.message, failure.code, more
  end
  return { exit = (well or prompt.interactive) and 0 or 1, data = data }
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function repl.run(args, ctx)
  -- Without a person there, standard output is for results alone.
  local around = is_interactive(ctx) and ctx or setmetatable({ report = ctx.report:aside() }, { __index = ctx })
  local world <close>, message, code, detail = observe.open(around, { command = "repl", local_server = true })
  if not world then
    return nil, message, code, detail
  end
  local session = require("tilth.session").new(world, { name = "repl" })
  local reasons = session:protection()
  if #reasons > 0 and not args.write then
    local ok
    ok, message, code, detail = forbid_writes(world)
    if not ok then
      return nil, message, code, detail
    end
  end
  require("tilth.script").prepare(ctx, world.project.root)
  local prompt = new_shell(ctx, session, label_of(world, reasons, args.write))
  local well = true
  for _, code_text in ipairs(args.execute) do
    well = well and not prompt.leave and prompt:run(code_text)
  end
  if #args.execute == 0 then
    if prompt.interactive then
      greet(ctx, world, reasons, args.write)
    end
    well = converse(ctx, prompt)
  end
  return finish(ctx, prompt, well)
end

return repl
