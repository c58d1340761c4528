--- tilth help: what there is, what a command takes, what an error code means.
local help = {
  summary = "List the commands, or explain one, or an error code.",
}

--- Adds the command's arguments.
-- @tparam Parser parser
function help.add_to_parser(parser)
  parser:description("tilth help                  lists the commands\n"
    .. "tilth help migrate deploy   says what a command takes\n"
    .. "tilth help P3009            says what an error code means, where it comes from and what to do")
  parser:argument("topic", "A command with its sub-command, or an error code."):args("*"):argname("TOPIC")
end

local OPTIONS <const> = [[
Options of every command:
  --project DIR   the project's folder (default: the current one, or the nearest above that is one)
  --schema PATH   Prisma's schema, a file or a folder
  --config FILE   Prisma's config file, or a tilth.config.lua elsewhere
  --env NAME      development, preview, staging or production
  --json          one JSON document on standard output, progress on standard error
  -q, --quiet     only warnings and errors
  --no-color      no colours (also NO_COLOR=1)
  -h, --help      what a command takes; also `tilth help COMMAND`
  --version       the versions of tilth and of its libraries

Environment: DATABASE_URL, RESET_DATABASE=true, RUN_SEED=true.
Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a safety check,
             4 database out of reach, 99 a bug in tilth, 130/143 interrupted.
`tilth help CODE` explains an error code, such as P3009.]]

local function list()
  local commands = require("tilth.cli").commands()
  local lines = {
    "Usage: tilth COMMAND [OPTION...]", "",
    "Database operations for deployments: reset, migrate, seed, build.", "",
    "Commands:",
  }
  for _, name in ipairs(commands) do
    lines[#lines + 1] = ("  %-9s %s"):format(name, require("tilth.cmd." .. name).summary)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = OPTIONS
  return table.concat(lines, "\n")
end

--- The parser of a sub-command; argparse has no other way to it.
local function child_of(parser, name)
  for _, child in ipairs(parser._commands) do
    if child._name == name then
      return child
    end
  end
end

local function explain_command(topic)
  local parser = require("tilth.cli").parser(topic[1])
  for index = 2, #topic do
    -- Words that no sub-command has are arguments, as in `tilth seed check`: the command's own help explains them.
    parser = child_of(parser, topic[index]) or parser
  end
  local text = parser:get_help()
  return { text = text, data = { topic = table.concat(topic, " "), help = text } }
end

local function explain_code(entry)
  local codes = require("tilth.error_codes")
  local text = codes.text(entry)
  return { text = text, data = { code = entry.code, title = entry.title,
    example = entry.example, cause = entry.cause, cure = entry.cure,
    exit_status = codes.status(entry) } }
end

--- Runs the command.
-- @tparam table args
-- @treturn[1] table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function help.run(args)
  local topic = args.topic
  local commands = require("tilth.cli").commands()
  if #topic == 0 then
    return { text = list(), data = { commands = commands } }
  elseif require("tilth.array").has(commands, topic[1]) then
    return explain_command(topic)
  end
  local entry = require("tilth.error_codes").find(topic[1])
  if entry then
    return explain_code(entry)
  elseif topic[1]:find("^[Pp]%d%d%d%d$") then
    return nil, ("tilth never gives the code %s"):format(topic[1]:upper()), "usage",
      { advice = "docs/errors.md lists the codes; others are Prisma's own." }
  elseif topic[1]:find("^%w%w%w%w%w$") and topic[1]:find("%d%d") then
    return nil, ("%s is no code of tilth's own; as a SQLSTATE it is the server's"):format(topic[1]), "usage",
      { advice = "https://www.postgresql.org/docs/current/errcodes-appendix.html lists them." }
  end
  local near = require("tilth.suggest").nearest(topic[1], commands)
  return nil, ("there is no command %s%s; `tilth help` lists them"):format(topic[1],
    near and (" (did you mean %s?)"):format(near) or ""), "usage"
end

return help
