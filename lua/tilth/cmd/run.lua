--- tilth run: runs a Lua script with tilth's modules at hand.
local run_command = {
  summary = "Run a Lua script with tilth's modules.",
  --- The words after the script's name are the script's own, dashes and all.
  raw_after = true,
}

local fs = require("tilth.core.fs")
local interrupt = require("tilth.core.interrupt")
local script = require("tilth.script")

--- Adds the command's arguments.
function run_command.add_to_parser(parser)
  parser:description([[
Runs FILE.lua (- is standard input). The arguments after it reach the script as `...` and in `arg`.
`require` finds tilth's modules, those beside the script and those of the project.
The exit status is the number that the script returns or gives to os.exit, else 0, or 1 after an error.

  local db <close> = require("tilth").connect()   the project's database; errors are raised
  for _, row in ipairs(db:query("select ...")) do ... end]])
  parser:argument("file", "The script."):argname("FILE.lua")
  parser:usage("Usage: tilth run [OPTION...] FILE.lua [ARGUMENT...]")
end

local function read_script(name)
  if name == "-" then
    return io.read("a")
  end
  return fs.read(name)
end

--- The lines of a traceback that belong to the script: none of the program's own.
local function script_part(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    if not line:find("lua/tilth/", 1, true) and not line:find("[C]: in", 1, true) then
      lines[#lines + 1] = line
    end
  end
  if lines[#lines] == "stack traceback:" then
    lines[#lines] = nil
  end
  return table.concat(lines, "\n")
end

--- What the script returned as the command's result.
local function result_of(results)
  local first, second = results[2], results[3]
  if first == nil and type(second) == "string" then
    return nil, table.unpack(results, 3, 5)
  elseif type(first) == "number" then
    return { exit = math.tointeger(first) or 1 }
  elseif type(first) == "table" and type(first.data) == "table" then
    return first
  end
  return { exit = 0 }
end

local function failure_of(failure)
  if script.is_exit(failure) then
    return { exit = failure.code }
  elseif interrupt.signal() then
    error(failure.raised or failure, 0)
  elseif failure.fields then
    -- A verb used wrongly is a script that failed, not a command line used wrongly.
    return nil, failure.message, failure.code == "usage" and "failed" or failure.code, failure.fields
  end
  return nil, script_part(failure.text), "failed"
end

--- Runs the command.
-- @return result with the script's exit status | nil, message, code, detail
function run_command.run(args, ctx)
  local text, message = read_script(args.file)
  if not text then
    return nil, "cannot read the script: " .. message, "usage"
  end
  local limit, why, code = script.limits(ctx)
  if why then
    return nil, why, code
  end
  local arguments = args.rest or {}
  local chunk
  chunk, why = script.load(text, args.file, arguments, ctx)
  if not chunk then
    return nil, why, "failed"
  end
  local results = table.pack(script.call(limit, chunk, table.unpack(arguments)))
  if results[1] then
    return result_of(results)
  end
  return failure_of(results[2])
end

return run_command
