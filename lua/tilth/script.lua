--- What a script of `tilth run` finds: its globals, its modules, the command line's context, its limits.
local script = {}

local fs = require("tilth.core.fs")

local CONFIG <const> = "tilth.config.lua"
--- The kernel keeps eight bits of a status: 256 would say that all went well.
local HIGHEST <const> = 255

--- Raised in the place of os.exit, so that connections and children are closed on the way out.
local Exit = {}
Exit.__index = Exit
Exit.__tostring = function()
  return "exit"
end

--- Was this raised by the script's os.exit? Its field `code` is the exit status then.
-- @param raised any value
-- @treturn boolean
function script.is_exit(raised)
  return type(raised) == "table" and getmetatable(raised) == Exit
end

--- The exit status that a value given to os.exit stands for.
-- @tparam[opt] boolean|integer code
-- @treturn integer 0 to 255; what is no such number is a failure
function script.exit_number(code)
  if code == nil or code == true then
    return 0
  elseif code == false then
    return 1
  end
  local number = math.tointeger(code) or 1
  return number >= 0 and number <= HIGHEST and number or HIGHEST
end

--- An exit is no error that a pcall may stop.
local function pass_exit(ok, raised, ...)
  if not ok and script.is_exit(raised) then
    error(raised, 0)
  end
  return ok, raised, ...
end

--- Ends the script, or whatever else runs, from anywhere in it.
-- @tparam[opt] boolean|integer code as of os.exit
-- @raise an exit
function script.exit(code)
  error(setmetatable({ code = script.exit_number(code) }, Exit), 0)
end

--- The script's own globals: `arg`, and an os.exit that unwinds. All else is read from tilth's state.
local function environment(name, arguments)
  local script_os = setmetatable({ exit = script.exit }, { __index = os })
  return setmetatable({
    arg = table.move(arguments, 1, #arguments, 1, { [-2] = "tilth", [-1] = "run", [0] = name }),
    os = script_os,
    pcall = function(...)
      return pass_exit(pcall(...))
    end,
    xpcall = function(fn, handler, ...)
      return pass_exit(xpcall(fn, function(raised)
        return script.is_exit(raised) and raised or handler(raised)
      end, ...))
    end,
  }, { __index = _G })
end

--- Finds the nearest folder from `start` upward that has a file.
local function climb(start, name)
  local folder = start
  while folder do
    if fs.stat(folder .. "/" .. name, "follow") then
      return folder
    end
    folder = folder ~= "/" and (folder:match("^(.+)/[^/]*$") or "/") or nil
  end
end

local function find_project(ctx)
  local args = ctx.args
  return require("tilth.project").find(require("tilth.fs"), ctx.cwd, {
    project = args.project, config = args.config, schema = args.schema, optional = true,
  })
end

--- Modules of the project, looked for last: finding the project costs a script that needs none of them nothing.
local function add_project_searcher(ctx)
  local root
  table.insert(package.searchers, function(name)
    if root == nil then
      local found = find_project(ctx)
      root = found and found.root or false
    end
    local path, why = package.searchpath(name, root and ("%s/?.lua;%s/?/init.lua"):format(root, root) or "")
    if not path then
      return why
    end
    return assert(loadfile(path, "t")), path
  end)
end

--- Makes the modules know the context, and the script's and the project's modules be found.
-- @tparam table ctx the command's context
-- @tparam[opt] string folder the script's
function script.prepare(ctx, folder)
  -- What a script requires is not tilth's code: it may have globals.
  setmetatable(_G, nil)
  if folder then
    package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
  end
  package.loaded["tilth"] = nil
  package.preload["tilth"] = function()
    return require("tilth.api").with(ctx)
  end
  add_project_searcher(ctx)
end

--- Loads a script's text.
-- @tparam string text
-- @tparam string name of its file, as errors and `arg[0]` show it; - for standard input
-- @tparam table arguments list of strings
-- @tparam table ctx the command's context
-- @treturn[1] function chunk
-- @treturn[2] nil
-- @treturn[2] string message with the script's line
function script.load(text, name, arguments, ctx)
  script.prepare(ctx, name:match("^(.*)/[^/]*$") or ".")
  local chunk_name = name == "-" and "=stdin" or "@" .. name
  -- As lua does: neither a byte order mark nor a first line for the kernel is Lua.
  text = text:gsub("^\u{FEFF}", ""):gsub("^#[^\n]*", "", 1)
  return load(text, chunk_name, "t", environment(name, arguments))
end

--- The limits of tilth.config.lua. Without that file nothing is looked for.
-- @tparam table ctx the command's context
-- @treturn[1] table of tilth.limits
-- @treturn[2] nil when there are none
-- @treturn[3] nil
-- @treturn[3] string message
-- @treturn[3] string code
function script.limits(ctx)
  if not ctx.args.config and not climb(ctx.args.project or ctx.cwd, CONFIG) then
    return nil
  end
  local found, message, code = find_project(ctx)
  if not found then
    return nil, message, code
  end
  return require("tilth.limits").read(found.config)
end

--- The message of a traceback, and the lines of it that belong to a script: none of the program's own.
-- @tparam string text
-- @treturn string
function script.own_part(text)
  local lines, in_frames = {}, false
  for line in text:gmatch("[^\n]+") do
    local own = line:find("lua/tilth/", 1, true) or line:find("[C]: in", 1, true) or line:find("^%s*%(%.%.%.tail calls%.%.%.%)$")
    if not (in_frames and own) then
      lines[#lines + 1] = line
    end
    in_frames = in_frames or line == "stack traceback:"
  end
  if lines[#lines] == "stack traceback:" then
    lines[#lines] = nil
  end
  return table.concat(lines, "\n")
end

--- The words of what was raised; of a table that does not say how it is written, its message.
local function words_of(raised)
  if raised == nil then
    return "an error was raised without a message"
  elseif type(raised) ~= "table" or (getmetatable(raised) or {}).__tostring then
    return tostring(raised)
  elseif type(raised.message) == "string" then
    return raised.message
  end
  return "an error was raised that is a table without a message"
end

local function describe(raised)
  if script.is_exit(raised) or (type(raised) == "table" and raised.fields) then
    return raised
  end
  local call_site = require("tilth.call_site")
  raised = call_site.blame(raised, call_site.is_script(os.getenv("TILTH_LUADIR")))
  return { raised = raised, text = debug.traceback(words_of(raised), 2) }
end

--- Calls a script.
-- @tparam table|nil limit of `limits`
-- @tparam function chunk
-- @param ... its arguments
-- @treturn[1] boolean true, then what it returned
-- @treturn[2] boolean false
-- @return[2] an exit, an error object, or { raised, text = with the traceback }
function script.call(limit, chunk, ...)
  if not limit then
    return xpcall(chunk, describe, ...)
  end
  return require("tilth.limits").call(limit, describe, chunk, ...)
end

local function find_loader(name)
  for _, searcher in ipairs(package.searchers) do
    local loader = searcher(name)
    if type(loader) == "function" then
      return loader
    end
  end
  error("there is no module " .. name, 3)
end

--- Runs one of tilth's own scripts (scripts/*.lua), as a command does that is such a script.
-- @tparam string name of the script
-- @tparam table ctx the command's context
-- @param ... the script's arguments
-- @return result | nil, message, code, detail
function script.run_own(name, ctx, ...)
  package.loaded["tilth"] = require("tilth.api").with(ctx)
  local chunk = find_loader("tilth.scripts." .. name)
  local results = table.pack(xpcall(chunk, function(raised)
    return type(raised) == "table" and raised.fields and raised or debug.traceback(tostring(raised), 2)
  end, ...))
  if results[1] then
    return table.unpack(results, 2, results.n)
  end
  local raised = results[2]
  if type(raised) ~= "table" then
    error(raised, 0)
  end
  return nil, raised.message, raised.code, raised.fields
end

return script
