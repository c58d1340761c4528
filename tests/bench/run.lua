--- Measures tilth against psql, lua5.4 and real Prisma, on a private server that lives as long as the run.
--
--   tilth run tests/bench/run.lua [--json] [--list] [--strict] [--runs N] [CASE]...
--
-- CASE is a file of tests/bench/cases without its ending. Both sides of a comparison take turns, A B A B, in one run; the
-- ratio is the median of the pairs' ratios. --strict ends with status 1 when a goal is missed.

local arguments = { ... }
local source = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "tests/bench"
package.path = ("%s/?.lua;%s/../?.lua;%s"):format(source, source, package.path)

local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local ground = require("ground")
local outcome = require("outcome")

local USAGE <const> = "usage: tilth run tests/bench/run.lua [--json] [--list] [--strict] [--runs N] [CASE]..."

local function refuse(message)
  io.stderr:write("tests/bench/run.lua: ", message, "\n", USAGE, "\n")
  os.exit(2)
end

local function known_cases()
  local names = {}
  for _, entry in ipairs(assert(fs.list(source .. "/cases"))) do
    names[#names + 1] = entry.name:match("^([%w_]+)%.lua$")
  end
  return names
end

local function parse(words, known)
  local options, index = { names = {} }, 1
  while words[index] do
    local word = words[index]
    if word == "--json" or word == "--list" or word == "--strict" then
      options[word:sub(3)] = true
    elseif word == "--runs" then
      index = index + 1
      options.runs = math.tointeger(tonumber(words[index] or ""))
      if not options.runs or options.runs < 1 then
        refuse("--runs needs a number from 1")
      end
    elseif known[word] then
      options.names[#options.names + 1] = word
    else
      refuse(word:find("^%-") and "unknown option " .. word or ("no benchmark is called %q"):format(word))
    end
    index = index + 1
  end
  return options
end

local names = known_cases()
local known = {}
for _, name in ipairs(names) do
  known[name] = true
end
local options = parse(arguments, known)
if options.list then
  for _, name in ipairs(names) do
    io.stdout:write(("%-10s %s\n"):format(name, require("cases." .. name).about))
  end
  return
end

local place <close> = ground.new({ runs = options.runs, source = source })
local rows = {}
for _, name in ipairs(#options.names > 0 and options.names or names) do
  local case = require("cases." .. name)
  io.stderr:write(("%s: %s\n"):format(name, case.about))
  for _, row in ipairs(case.run(place)) do
    row.case = name
    rows[#rows + 1] = row
    if not options.json then
      io.stdout:write(outcome.line(row), "\n")
      io.stdout:flush()
    end
  end
end
if options.json then
  io.stdout:write(json.encode({ machine = place:machine(), rows = json.array(rows) }, { indent = 2, sort = true }), "\n")
else
  io.stdout:write("\n", outcome.table(rows), "\n", outcome.machine(place:machine()), "\n")
end
if options.strict and outcome.missed(rows) > 0 then
  os.exit(1)
end
