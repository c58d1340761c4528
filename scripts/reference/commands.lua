--- The command table as plain data, read from the very parsers that the program uses.
local commands = {}

local cli = require("tilth.cli")

local function names_of(element)
  return table.move(element._aliases, 1, #element._aliases, 1, {})
end

--- An option's value as usage shows it; nil for a flag.
local function value_name(option)
  if option._maxargs == 0 then
    return nil
  end
  local name = option._argname or option._choices and table.concat(option._choices, "|") or "VALUE"
  return type(name) == "table" and name[1] or name
end

local function options_of(parser)
  local list = {}
  for _, option in ipairs(parser._options) do
    if not option._hidden then
      list[#list + 1] = { names = names_of(option), value = value_name(option), text = option._description or "", choices = option._choices,
        default = option._default, repeats = option._maxcount > 1 }
    end
  end
  return list
end

local function shown_name(argument)
  local choices = argument._choices
  return argument._argname or (choices and #choices == 1 and choices[1]) or argument._name:upper()
end

local function arguments_of(parser)
  local list = {}
  for _, argument in ipairs(parser._arguments) do
    list[#list + 1] = { name = argument._name, shown = shown_name(argument), text = argument._description or "",
      choices = argument._choices, least = argument._minargs, most = argument._maxargs }
  end
  return list
end

local function read(parser, path, summary)
  local made = { path = path, name = parser._name, summary = summary, text = parser._description or summary,
    options = options_of(parser), arguments = arguments_of(parser), commands = {} }
  for index, child in ipairs(parser._commands) do
    local below = table.move(path, 1, #path, 1, {})
    below[#below + 1] = child._name
    made.commands[index] = read(child, below, child._summary or child._description)
  end
  return made
end

local function is_same(left, right)
  return table.concat(left.names, " ") == table.concat(right.names, " ")
end

--- Takes those options out of a command that others have as well.
local function take(command, shared)
  local rest, taken = {}, false
  for _, option in ipairs(command.options) do
    local found = false
    for _, other in ipairs(shared) do
      found = found or is_same(option, other)
    end
    taken = taken or found
    rest[#rest + 1] = not found and option or nil
  end
  command.options = rest
  return taken
end

local function settings()
  local list, variables = {}, {}
  for _, setting in ipairs(require("tilth.settings").all()) do
    if setting.variable then
      variables[#variables + 1] = { variable = setting.variable, flag = setting.flag, text = setting.about }
    end
    if setting.flag and setting.flag ~= "--env" then
      list[#list + 1] = { names = { setting.flag }, value = setting.type == "duration" and "TIME" or "URL", text = setting.about,
        variable = setting.variable, default = setting.default }
    end
  end
  return list, variables
end

--- Reads the table.
-- @treturn table `{ global = options of every command, settings = options of commands that work with the database,
--   variables = list of { variable, flag, text }, commands }`; a command is `{ path, name, summary, text, options = its own,
--   arguments, commands = those below it, database, raw_after }`
function commands.read()
  local made = { global = options_of((cli.parser("help"))), commands = {} }
  made.settings, made.variables = settings()
  for index, name in ipairs(cli.commands()) do
    local parser, _, module = cli.parser(name)
    local command = read(parser, { name }, module.summary)
    command.raw_after = module.raw_after
    take(command, made.global)
    command.database = take(command, made.settings)
    for _, child in ipairs(command.commands) do
      take(child, made.global)
    end
    made.commands[index] = command
  end
  return made
end

return commands
