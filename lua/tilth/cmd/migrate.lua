--- tilth migrate: Prisma's verbs for the history of migrations.
local migrate_command = {
  summary = "Apply migrations, and look after their history: deploy, status, resolve, baseline, new, reset.",
}

local NAMES <const> = { "deploy", "status", "resolve", "baseline", "new", "reset" }

local function load_command(name)
  return require("tilth.cmd.migrate." .. name)
end

--- The sub-commands that the words name; all where they name none, so that help and errors list them.
local function wanted(words)
  for _, word in ipairs(words or {}) do
    for _, name in ipairs(NAMES) do
      if word == name then
        return { name }
      end
    end
  end
  return NAMES
end

--- Adds the sub-commands and their arguments. Only the module of the one that is asked for is loaded.
-- @param parser argparse's
-- @param words  the command line
function migrate_command.add_to_parser(parser, words)
  parser:command_target("migrate_command")
  parser:require_command(false)
  for _, name in ipairs(wanted(words)) do
    local command = load_command(name)
    local sub = parser:command(name, command.summary)
    sub:summary(command.summary):usage_max_width(100):help_max_width(100)
    sub:epilog("`tilth migrate --help` lists the options of every command.")
    -- Prisma takes it and does nothing with it.
    sub:flag("--preview-feature"):hidden(true)
    command.add_to_parser(sub)
  end
end

local function overview()
  local lines = { "Usage: tilth migrate COMMAND [OPTION...]", "" }
  for _, name in ipairs(NAMES) do
    lines[#lines + 1] = ("  %-10s %s"):format(name, load_command(name).summary)
  end
  lines[#lines + 1] = "\n`tilth migrate COMMAND --help` says more."
  return table.concat(lines, "\n")
end

--- Runs the sub-command that was named.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function migrate_command.run(args, ctx)
  if not args.migrate_command then
    return { text = overview(), data = { commands = NAMES } }
  end
  return load_command(args.migrate_command).run(args, ctx)
end

return migrate_command
