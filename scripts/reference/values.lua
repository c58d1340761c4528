--- What may stand at a place of the command line, for completion.
local values = {}

local ENVIRONMENTS <const> = { "development", "preview", "staging", "production" }

--- By the command's path and the name of the option or argument.
local BY_PLACE <const> = {
  ["migrate resolve --applied"] = { kind = "names", of = "migrations" },
  ["migrate resolve --rolled-back"] = { kind = "names", of = "migrations" },
  ["migrate baseline --up-to"] = { kind = "names", of = "migrations" },
  ["seed --from"] = { kind = "names", of = "ready" },
  ["seed names"] = { kind = "names", of = "seeds", words = { "status", "check", "new" } },
  ["reset undo id"] = { kind = "names", of = "bins" },
  ["reset purge id"] = { kind = "names", of = "bins" },
  ["env export names"] = { kind = "variables" },
}

--- By what usage calls the value.
local BY_SHOWN <const> = {
  DIR = { kind = "folders" }, PATH = { kind = "files" }, FILE = { kind = "files" }, ["FILE.lua"] = { kind = "files" },
}

--- What `tilth help` explains: the commands, and Prisma's codes, which people copy from a log.
local function topics()
  local words = require("tilth.cli").commands()
  for _, entry in ipairs(require("tilth.error_codes").groups[1].entries) do
    words[#words + 1] = entry.code
  end
  return words
end

--- What an option's value or an argument may be.
-- @tparam table command of commands.read, or nil for options of every command
-- @tparam table item option or argument
-- @treturn table `{ kind = "words", words }`, `{ kind = "names", of, words }`, `{ kind = "files" | "folders" | "variables" | "none" }`
function values.of(command, item)
  local name = item.name or item.names[#item.names]
  local place = (command and table.concat(command.path, " ") .. " " or "") .. name
  if item.choices then
    return { kind = "words", words = item.choices }
  elseif name == "--env" then
    return { kind = "words", words = ENVIRONMENTS }
  elseif place == "help topic" then
    return { kind = "words", words = topics() }
  end
  return BY_PLACE[place] or BY_SHOWN[item.value or item.shown] or { kind = "none" }
end

--- Every command and sub-command with all options that it takes.
-- @tparam table tree of commands.read
-- @treturn table list of `{ command, options, below = names of its sub-commands }`
function values.flat(tree)
  local list = {}
  local function add(command, inherited, with_settings)
    local options = table.move(inherited, 1, #inherited, 1, {})
    local known = {}
    for _, option in ipairs(command.options) do
      options[#options + 1], known[option.names[1]] = option, true
    end
    for _, option in ipairs(with_settings and tree.settings or {}) do
      options[#options + 1] = not known[option.names[1]] and option or nil
    end
    local below = {}
    for index, child in ipairs(command.commands) do
      below[index] = child.name
    end
    list[#list + 1] = { command = command, options = options, below = below }
    for _, child in ipairs(command.commands) do
      add(child, inherited, with_settings)
    end
  end
  for _, command in ipairs(tree.commands) do
    add(command, tree.global, command.database)
  end
  return list
end

return values
