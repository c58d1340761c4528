--- A call of libtilth (src/instance_call.c): runs a command or a script in a Lua state that was made for it.
--
-- The state is a guest in somebody's process: it prints nothing, ends nothing, and has a folder and variables of its own.
local embed = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")

--- Calls a function of a module; its values are those of a script.
local CALL <const> = [[
local module, name, text = ...
local json, errors = require("tilth.json"), require("tilth.seed.errors")
local list, message = json.decode(text)
if type(list) ~= "table" or (#list == 0 and next(list) ~= nil) then
  errors.raise("the arguments are no JSON list" .. (message and ": " .. message or ""), "failed")
end
local count = #list
for i = 1, count do
  if list[i] == json.null then list[i] = nil end
end
local found, loaded = pcall(require, module)
if not found then
  errors.raise(tostring(loaded):gsub("^(module '.-' not found):.*", "%1"), "failed")
end
local fn = type(loaded) == "table" and loaded[name]
if type(fn) ~= "function" then
  errors.raise(("the module %s has no function %s"):format(module, name), "failed")
end
return fn(table.unpack(list, 1, count))]]

--- A relative path in the state's folder, which need not be the process's.
local function resolve(path)
  if type(path) ~= "string" or path:sub(1, 1) == "/" then
    return path
  end
  return fs.cwd() .. "/" .. path
end

--- The function with its first argument, and when `both` its second, resolved.
local function resolving(fn, both)
  return function(first, second, ...)
    if both then
      return fn(resolve(first), resolve(second), ...)
    end
    return fn(resolve(first), second, ...)
  end
end

--- Modules of package.path, with its relative folders in the state's.
local function search(name)
  local path = package.path:gsub("[^;]+", resolve)
  local file, why = package.searchpath(name, path)
  if not file then
    return why
  end
  return assert(loadfile(file)), file
end

local function replace(library, functions)
  for name, fn in pairs(functions) do
    library[name] = fn
  end
end

--- Lua's own functions for files know the process's folder only.
local function settle()
  replace(io, { open = resolving(io.open), lines = resolving(io.lines), input = resolving(io.input), output = resolving(io.output) })
  replace(os, { remove = resolving(os.remove), rename = resolving(os.rename, true) })
  replace(_G, { loadfile = resolving(loadfile), dofile = resolving(dofile) })
  table.insert(package.searchers, 3, search)
end

local function print_captured(...)
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = tostring(words[i])
  end
  io.stdout:write(table.concat(words, "\t", 1, words.n), "\n")
end

--- Makes Lua's own libraries those of a guest. The table that it returns gets the `code` of an os.exit.
local function adopt(request)
  local exits = {}
  replace(os, { getenv = env.get, exit = function(code)
    exits.code = require("tilth.script").exit_number(code)
    require("tilth.script").exit(code)
  end })
  if request.captured then
    replace(_G, { print = print_captured })
  end
  if request.folder then
    settle()
  end
  return exits
end

--- The words of the command line that carries a request out, and the script that it runs.
local function translate(request)
  local words = request.words
  if request.what == "command" or request.what == "program" then
    return words
  elseif request.what == "file" then
    -- A name must not be taken for an option, or for standard input.
    local name = request.name:sub(1, 1) == "-" and "./" .. request.name or request.name
    return { "run", name, table.unpack(words) }
  elseif request.what == "text" then
    return { "run", "-", table.unpack(words) }, { name = request.name, text = request.text or "" }
  end
  return { "run", "-", request.name, request["function"], request.text or "[]" }, { name = "call", text = CALL }
end

--- Carries a request of libtilth out.
-- @tparam table request `what` ("command", "file", "text", "call" or "program"), `words`, `name`, `text`, `function`, `captured`
--   (nothing of the process's standard streams is used), `folder` (the state has its own)
-- @tparam table host functions of src/instance_host.c: document, failed, values; said and progress where somebody listens
-- @treturn integer exit status
function embed.run(request, host)
  local exits = adopt(request)
  local words, script = translate(request)
  host.json = request.what ~= "program"
  host.captured = request.captured
  host.is_script = request.what == "file" or script ~= nil
  host.script = script
  local ok, status = xpcall(require("tilth.cli").main, debug.traceback, words, host)
  if ok then
    return status
  elseif exits.code then
    return exits.code -- argparse leaves so after --help
  end
  error(status, 0)
end

return embed
