--- tilth help: what there is, and what a command takes.
local help = {
  summary = "List the commands, or explain one.",
}

--- Adds the command's arguments.
function help.add_to_parser(parser)
  parser:argument("topic", "A command."):args("?")
end

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
  lines[#lines + 1] = "Options of every command:"
  lines[#lines + 1] = "  --project DIR   the project's folder (default: the current one, or the nearest above that is one)"
  lines[#lines + 1] = "  --schema PATH   Prisma's schema, a file or a folder"
  lines[#lines + 1] = "  --env NAME      development, preview, staging or production"
  lines[#lines + 1] = "  --json          one JSON document on standard output, progress on standard error"
  lines[#lines + 1] = "  -q, --quiet     only warnings and errors"
  lines[#lines + 1] = "  --no-color      no colours (also NO_COLOR=1)"
  lines[#lines + 1] = "  -h, --help      what a command takes; also `tilth help COMMAND`"
  lines[#lines + 1] = "  --version       the versions of tilth and of its libraries"
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Environment: DATABASE_URL, RESET_DATABASE=true, RUN_SEED=true."
  lines[#lines + 1] = "Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a safety check,"
  lines[#lines + 1] = "             4 database out of reach, 99 a bug in tilth, 130/143 interrupted."
  return table.concat(lines, "\n")
end

--- Runs the command.
-- @return result | nil, message, code
function help.run(args)
  if not args.topic then
    return { text = list(), data = { commands = require("tilth.cli").commands() } }
  end
  local names = require("tilth.cli").commands()
  for _, name in ipairs(names) do
    if name == args.topic then
      local command = require("tilth.cmd." .. name)
      local parser = require("argparse")("tilth " .. name):add_help("-h --help"):usage_max_width(100):help_max_width(100)
      command.add_to_parser(parser)
      return { text = parser:get_help() }
    end
  end
  return nil, ("there is no command %s; `tilth help` lists them"):format(args.topic), "usage"
end

return help
