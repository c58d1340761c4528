--- tilth run: runs a Lua script with tilth's modules at hand.
local run_command = {
  summary = "Run a Lua script with tilth's modules.",
  --- The words after the script's name are the script's own, dashes and all.
  raw_after = 1,
}

local fs = require("tilth.core.fs")
local interrupt = require("tilth.core.interrupt")

--- Adds the command's arguments.
function run_command.add_to_parser(parser)
  parser:description("Runs FILE.lua. The arguments after it reach the script as `...` and in `arg`.\n"
    .. "`require` finds tilth's modules, and modules beside the script.")
  parser:argument("file", "The script."):argname("FILE.lua")
  parser:usage("Usage: tilth run [OPTION...] FILE.lua [ARGUMENT...]")
end

local function folder_of(path)
  return path:match("^(.*)/[^/]*$") or "."
end

--- Raised in the place of os.exit, so that connections and children are closed on the way out.
local Exit = {}
Exit.__index = Exit
Exit.__tostring = function()
  return "exit"
end

local function exit_number(code)
  if code == nil or code == true then
    return 0
  elseif code == false then
    return 1
  end
  return math.tointeger(code) or 1
end

local function traceback(raised)
  if type(raised) == "table" and getmetatable(raised) == Exit then
    return raised
  end
  local text = type(raised) == "table" and tostring(raised) or raised
  return { raised = raised, text = debug.traceback(tostring(text), 2) }
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

--- The script's own globals: `arg`, and an os.exit that unwinds. All else is read from tilth's state.
local function environment(args, arguments)
  local script_os = setmetatable({
    exit = function(code)
      error(setmetatable({ code = exit_number(code) }, Exit), 0)
    end,
  }, { __index = os })
  return setmetatable({
    arg = table.move(arguments, 1, #arguments, 1, { [0] = args.file }),
    os = script_os,
  }, { __index = _G })
end

--- Runs the command.
-- @return result with the script's exit status | nil, message, code
function run_command.run(args)
  local text, message = fs.read(args.file)
  if not text then
    return nil, "cannot read the script: " .. message, "usage"
  end
  -- What the script requires is not tilth's code either: it may have globals.
  setmetatable(_G, nil)
  local folder = folder_of(args.file)
  package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
  local arguments = args.rest or {}
  local chunk, why = load(text:gsub("^#[^\n]*", "", 1), "@" .. args.file, "t", environment(args, arguments))
  if not chunk then
    return nil, why, "failed"
  end
  local results = table.pack(xpcall(chunk, traceback, table.unpack(arguments)))
  if results[1] then
    local status = results[2]
    return { exit = math.type(status) == "integer" and status or 0, silent = true }
  end
  local failure = results[2]
  if getmetatable(failure) == Exit then
    return { exit = failure.code, silent = true }
  end
  if interrupt.signal() then
    error(failure.raised, 0)
  end
  return nil, script_part(failure.text), "failed"
end

return run_command
