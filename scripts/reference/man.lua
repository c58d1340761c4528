--- The man page tilth(1), from the command table.
local man = {}

local word_wrap = require("tilth.word_wrap")

local DATE <const> = "2026-11-23"
local WIDTH <const> = 78

--- What is not in the command table.
local ENVIRONMENT <const> = {
  { "DATABASE_URL", "The database, where schema.prisma does not name another variable." },
  { "RESET_DATABASE", "Exactly true: \"tilth flow\" resets the database, once for a build that sets it." },
  { "RESET_DATABASE_CONFIRM", "Allows the reset of a protected database; the refusal says which value." },
  { "RUN_SEED", "Exactly true: \"tilth flow\" runs the seeds." },
  { "TILTH_PG_BINDIR", "The one folder in which PostgreSQL's programs (pg_dump, initdb ...) are looked for." },
  { "TILTH_SEEDDIR", "The folder of the ready-made seeds." },
  { "TILTH_LUADIR", "Lua modules are read from this folder and not from the program; for work on tilth itself." },
  { "NO_COLOR, FORCE_COLOR", "Whether there are colours." },
  { "PAGER", "What \"tilth repl\" shows long results with." },
}

local FILES <const> = {
  { "tilth.config.lua", "Settings, checks of one's own and limits of the project." },
  { "prisma/schema.prisma, prisma/migrations/", "Prisma's schema and migrations." },
  { "seeds/*.lua, seeds/*.sql", "The project's seeds." },
  { ".env, .env.*", "Variables that the environment does not have." },
  { ".tilth/", "The data of \"tilth local\" and backups; not for version control." },
}

local EXIT_STATUS <const> = {
  { "0", "Done." }, { "1", "Failed." }, { "2", "Wrong usage or configuration." }, { "3", "Refused by a safety check." },
  { "4", "The database is out of reach." }, { "99", "A bug in tilth." }, { "130, 143", "Interrupted by SIGINT or SIGTERM." },
}

local EXAMPLES <const> = {
  { "What a deployment would do:", "tilth flow --dry-run" },
  { "All of it, as the only line of a build:", "tilth flow" },
  { "Only the migrations, waiting for a server that is just starting:", "tilth migrate deploy --wait 60s" },
  { "Take the last reset back:", "tilth reset undo" },
  { "Find out why a deployment does not work:", "tilth doctor" },
  { "What an error code means:", "tilth help P3009" },
}

local function escape(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("\n%.", "\n\\&."):gsub("^%.", "\\&."):gsub("\n'", "\n\\&'"):gsub("^'", "\\&'"))
end

--- Filled text: lines of at most 78 bytes, none of which looks like a request.
local function filled(text)
  -- Three dots at the end of a line are no end of a sentence.
  return (escape(table.concat(word_wrap.lines(text, WIDTH), "\n")):gsub("%.%.%.\n", "...\\&\n"))
end

local function add_tagged(lines, tag, text)
  lines[#lines + 1] = ".TP"
  lines[#lines + 1] = ".B " .. escape(tag):gsub(", ", "\\fR, \\fB")
  lines[#lines + 1] = filled(text)
end

local function sentence(text)
  return (text:gsub("^%l", string.upper):gsub("([^.?!])$", "%1."))
end

local function add_option(lines, option)
  local names = {}
  for index, name in ipairs(option.names) do
    names[index] = "\\fB" .. escape(name) .. "\\fR"
  end
  lines[#lines + 1] = ".TP"
  lines[#lines + 1] = table.concat(names, ", ") .. (option.value and " \\fI" .. escape(option.value) .. "\\fR" or "")
  local text = sentence(option.text)
  if option.variable then
    text = text .. " Environment: " .. option.variable .. "."
  end
  if option.default and option.value then
    text = text .. " Default: " .. tostring(option.default) .. (option.value == "TIME" and "s" or "") .. "."
  end
  lines[#lines + 1] = filled(text)
end

--- Paragraphs; lines that stand in by blanks, and lists of usage, stay as they are.
local function add_text(lines, text)
  local literal = false
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local stays = line:find("^%s+%S") or line:find("^tilth .-  ")
    if stays and not literal then
      lines[#lines + 1] = ".PP\n.nf"
    elseif literal and not stays then
      lines[#lines + 1] = ".fi"
      lines[#lines + 1] = line ~= "" and ".PP" or nil
    end
    literal = stays
    if line == "" then
      lines[#lines + 1] = lines[#lines] ~= ".PP" and ".PP" or nil
    else
      lines[#lines + 1] = stays and escape(line) or filled(line)
    end
  end
  if literal then
    lines[#lines + 1] = ".fi"
  end
end

local function synopsis(command)
  local parts = { "\\fBtilth " .. escape(table.concat(command.path, " ")) .. "\\fR" }
  if #command.options > 0 or command.database then
    parts[#parts + 1] = "[\\fIOPTION\\fR...]"
  end
  for _, argument in ipairs(command.arguments) do
    local shown = "\\fI" .. escape(argument.shown) .. "\\fR" .. (argument.most > 1 and "..." or "")
    parts[#parts + 1] = argument.least == 0 and "[" .. shown .. "]" or shown
  end
  if #command.commands > 0 then
    parts[#parts + 1] = "\\fICOMMAND\\fR"
  elseif command.raw_after then
    parts[#parts + 1] = "[\\fIARGUMENT\\fR...]"
  end
  return table.concat(parts, " ")
end

local function add_command(lines, command)
  lines[#lines + 1] = ".SS tilth " .. escape(table.concat(command.path, " "))
  lines[#lines + 1] = synopsis(command)
  lines[#lines + 1] = ".PP"
  add_text(lines, command.summary)
  if command.text ~= command.summary then
    lines[#lines + 1] = ".PP"
    add_text(lines, command.text)
  end
  for _, option in ipairs(command.options) do
    add_option(lines, option)
  end
  for _, child in ipairs(command.commands) do
    add_command(lines, child)
  end
end

local function add_list(lines, title, list)
  lines[#lines + 1] = ".SH " .. title
  for _, entry in ipairs(list) do
    add_tagged(lines, entry[1], entry[2])
  end
end

local function add_examples(lines)
  lines[#lines + 1] = ".SH EXAMPLES"
  for _, example in ipairs(EXAMPLES) do
    table.move({ escape(example[1]), ".PP", ".RS", ".nf", escape(example[2]), ".fi", ".RE", ".PP" }, 1, 8, #lines + 1, lines)
  end
  lines[#lines] = nil
end

local function environment(tree)
  local list = table.move(ENVIRONMENT, 1, #ENVIRONMENT, 1, {})
  for _, setting in ipairs(tree.variables) do
    list[#list + 1] = { setting.variable, setting.flag and ("As %s."):format(setting.flag) or sentence(setting.text) }
  end
  return list
end

--- Makes the page.
-- @tparam table tree of commands.read
-- @treturn string
function man.make(tree)
  local lines = {
    ".\\\" Generated by `tilth run scripts/reference.lua`.",
    (".TH TILTH 1 %s tilth"):format(DATE),
    ".SH NAME", "tilth \\- database operations for deployments: reset, migrate, seed, build",
    ".SH SYNOPSIS", "\\fBtilth\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...]", ".br",
    "\\fBtilth help\\fR [\\fICOMMAND\\fR | \\fICODE\\fR]", ".br",
    "\\fBtilth \\-\\-version\\fR",
    ".SH DESCRIPTION",
    filled("tilth prepares a PostgreSQL database during a deployment: it resets (guarded), migrates (always), seeds (on demand) and "
      .. "builds, steered by environment variables. It takes the place of \"prisma migrate\" and keeps Prisma's history."), ".PP",
    filled("Every command that can change a database observes, plans, runs the safety checks, acts and records. A result goes to "
      .. "standard output; with --json it is one JSON document, and progress and errors go to standard error."),
    ".SH COMMANDS",
  }
  for _, command in ipairs(tree.commands) do
    add_command(lines, command)
  end
  lines[#lines + 1] = ".SH OPTIONS OF EVERY COMMAND"
  for _, option in ipairs(tree.global) do
    add_option(lines, option)
  end
  lines[#lines + 1] = ".SH OPTIONS OF COMMANDS THAT WORK WITH THE DATABASE"
  lines[#lines + 1] = filled("Not of migrate, whose commands list theirs. Times are written as 30s, 500ms or 2min.")
  for _, option in ipairs(tree.settings) do
    add_option(lines, option)
  end
  add_list(lines, "ENVIRONMENT", environment(tree))
  add_list(lines, "FILES", FILES)
  add_list(lines, "EXIT STATUS", EXIT_STATUS)
  add_examples(lines)
  lines[#lines + 1] = ".SH SEE ALSO\n.BR psql (1),\n.BR pg_dump (1)"
  local text = table.concat(lines, "\n") .. "\n"
  return (text:gsub("\n%.PP\n%.PP\n", "\n.PP\n"))
end

return man
