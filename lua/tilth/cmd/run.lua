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
-- @tparam Parser parser
function run_command.add_to_parser(parser)
  parser:description([[
Runs FILE.lua (- is standard input). The arguments after it reach the script as `...` and in
`arg`. `require` finds tilth's modules, those beside the script and those of the project. The
exit status is the number that the script returns or gives to os.exit, else 0, or 1 after an error.

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

--- A value as a program in C gets it: its text, and what stands for it in JSON.
local function translate(value)
  local json = require("tilth.json")
  local kind = type(value)
  if value == nil or value == json.null then
    return nil, json.null
  elseif kind == "string" then
    -- JSON holds text; the program in C gets the bytes.
    local text = utf8.len(value) and value or value:gsub("[\128-\255]", "?")
    return value, (text:gsub("%z", "?"))
  elseif kind == "boolean" then
    return tostring(value), value
  elseif kind == "number" then
    local finite = value == value and math.abs(value) < math.huge
    return tostring(value), finite and value or tostring(value)
  end
  return json.encode(value, { sort = true }), value
end

--- What the script returned, for a program that embeds tilth.
local function hand_over(host, results)
  local texts, values = {}, {}
  for i = 2, results.n do
    local ok, text, value = pcall(translate, results[i])
    if not ok then
      local why = text:gsub("^[^:]+:%d+: ", "")
      return nil, ("value %d of the script cannot be given to the calling program: %s"):format(i - 1, why), "failed",
        { advice = "Return strings, numbers, booleans, nil, and tables of these." }
    end
    texts[i - 1], values[i - 1] = text, value
  end
  host.values(results.n - 1, texts)
  return { exit = 0, data = { values = require("tilth.json").array(values) } }
end

--- A result with data for the JSON document, where one is asked for.
local function with_data(result, ctx)
  local ok, why = true, nil
  if ctx.args.json then
    ok, why = pcall(require("tilth.json").encode, result.data, { replace = true })
  end
  if not ok then
    return nil, "the script's data are no JSON: " .. why:gsub("^.-cannot encode as JSON: ", ""), "failed",
      { advice = "Put strings, numbers, booleans, and tables of these into `data`." }
  end
  return result
end

--- What the script returned as the command's result.
local function result_of(results, ctx)
  local first, second, host = results[2], results[3], ctx.host
  if first == nil and type(second) == "string" then
    return nil, table.unpack(results, 3, 5)
  elseif type(first) == "table" and type(first.data) == "table" then
    return with_data(first, ctx)
  elseif host and host.is_script then
    return hand_over(host, results)
  elseif type(first) == "number" then
    local exit = math.tointeger(first)
    if not exit or script.exit_number(exit) ~= exit then
      return nil, ("the script returned %s, which can't be an exit status"):format(first), "failed",
        { advice = "Return a whole number from 0 to 255, or nothing." }
    end
    return { exit = exit }
  end
  return { exit = 0 }
end

local function failure_of(failure)
  if script.is_exit(failure) then
    return { exit = failure.code }
  elseif type(failure) ~= "table" then
    -- Short of memory: then nothing more can be said about it.
    return nil, tostring(failure), "failed"
  elseif interrupt.signal() then
    error(failure.raised or failure, 0)
  elseif failure.fields then
    -- A verb used wrongly is a script that failed, not a command line used wrongly.
    return nil, failure.message, failure.code == "usage" and "failed" or failure.code, failure.fields
  end
  local text = script.own_part(failure.text)
  local file, line = text:match("^([^:\n]+):(%d+): ")
  return nil, text, "failed", { file = file, line = math.tointeger(line) }
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result with the script's exit status | nil, message, code, detail
function run_command.run(args, ctx)
  local given = ctx.host and ctx.host.script or { name = args.file }
  local text, message = given.text
  if not text then
    text, message = read_script(given.name)
  end
  if not text then
    return nil, "cannot read the script: " .. message, "usage"
  end
  local limit, why, code = script.limits(ctx)
  if why then
    return nil, why, code
  end
  local arguments = args.rest or {}
  local chunk
  chunk, why = script.load(text, given.name, arguments, ctx)
  if not chunk then
    return nil, why, "failed"
  end
  local results = table.pack(script.call(limit, chunk, table.unpack(arguments)))
  if results[1] then
    return result_of(results, ctx)
  end
  return failure_of(results[2])
end

return run_command
