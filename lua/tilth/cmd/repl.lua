--- tilth repl: Lua at a prompt, with the project's database as `db`.
local repl = {
  summary = "Try things in Lua at a prompt, with the project's database as `db`.",
  database = true,
}

local interrupt = require("tilth.core.interrupt")
local observe = require("tilth.flow.observe")
local report = require("tilth.report")

local PROMPT <const>, CONTINUE <const> = "tilth> ", "    -> "

--- Adds the command's arguments.
function repl.add_to_parser(parser)
  parser:description("Reads Lua line by line. `db` is a session with the project's database: db:query(\"select ...\").")
  parser:option("-e --execute", "Run this Lua code and leave."):argname("CODE")
end

--- A value as people read it: results of queries as tables.
local function show(value)
  if type(value) ~= "table" or not value.columns then
    return tostring(value)
  end
  local rows = {}
  for i, row in ipairs(value) do
    rows[i] = {}
    for column, name in ipairs(value.columns) do
      local cell = row[name]
      rows[i][column] = cell == nil and "" or cell
    end
  end
  if #value.columns == 0 then
    return value.command
  end
  return ("%s\n(%d row%s)"):format(report.table(value.columns, rows), #rows, #rows == 1 and "" or "s")
end

local function compile(text)
  return load("return " .. text, "=repl", "t") or load(text, "=repl", "t")
end

--- Does this error only say that more lines are needed?
local function is_incomplete(text)
  local _, message = load(text, "=repl", "t")
  return message and message:find("<eof>", 1, true) ~= nil
end

local function evaluate(text, out)
  local chunk = compile(text)
  if not chunk then
    local _, message = load(text, "=repl", "t")
    out:error(message)
    return false
  end
  local results = table.pack(interrupt.catch(chunk))
  if interrupt.signal() then
    interrupt.clear()
    out:error("interrupted")
    return false
  end
  if not results[1] then
    out:error(tostring(results[2]))
    return false
  end
  for i = 2, results.n do
    if results[i] ~= nil then
      out:text(show(results[i]))
    end
  end
  return true
end

local function read_line(ctx, prompt)
  if ctx.stdin_is_terminal then
    io.write(prompt)
    io.flush()
  end
  return io.read("L")
end

local function loop(ctx)
  local well = true
  while true do
    local text = read_line(ctx, PROMPT)
    if not text then
      return well
    end
    while is_incomplete(text) and not compile(text) do
      local more = read_line(ctx, CONTINUE)
      if not more then
        break
      end
      text = text .. more
    end
    if text:find("%S") then
      well = evaluate(text, ctx.report) and well
    end
  end
end

--- Runs the command.
-- @return result | nil, message, code, detail
function repl.run(args, ctx)
  local world <close>, message, code, detail = observe.open(ctx, { command = "repl", local_server = true })
  if not world then
    return nil, message, code, detail
  end
  setmetatable(_G, nil)
  local global = _G
  rawset(global, "db", require("tilth.seed.run").session(world, { name = "repl", path = world.project.root .. "/repl" }))
  local well
  if args.execute then
    well = evaluate(args.execute, ctx.report)
  else
    well = loop(ctx)
  end
  return { exit = (well or ctx.stdin_is_terminal) and 0 or 1 }
end

return repl
