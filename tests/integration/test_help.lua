--- Tests `tilth help`: the same text as --help at every level, for every command of the table.
local lu = require("luaunit")
local program = require("support.program")
local reference = require("support.reference")

local TestHelp = {}

local function each(visit)
  local function walk(command)
    visit(command.path)
    for _, child in ipairs(command.commands) do
      walk(child)
    end
  end
  for _, command in ipairs(reference.module("commands").read().commands) do
    walk(command)
  end
end

function TestHelp:test_help_and_the_option_say_the_same()
  local count = 0
  each(function(path)
    local words = table.move(path, 1, #path, 1, {})
    words[#words + 1] = "--help"
    local option = program.run({ args = words })
    local help = program.run({ args = { "help", table.unpack(path) } })
    lu.assertEquals(option.status, 0, table.concat(words, " "))
    lu.assertEquals(help.stdout, option.stdout, table.concat(words, " "))
    lu.assertStrContains(help.stdout, "Usage: tilth " .. table.concat(path, " "))
    lu.assertEquals(help.status, 0)
    count = count + 1
  end)
  lu.assertTrue(count > 25, count)
end

function TestHelp:test_no_line_of_help_is_ragged()
  each(function(path)
    local text = program.run({ args = { "help", table.unpack(path) } }).stdout
    for line in text:gmatch("[^\n]+") do
      lu.assertTrue(#line <= 102, line)
    end
  end)
end

function TestHelp:test_an_unknown_topic_is_refused_with_a_suggestion()
  local result = program.run({ args = { "help", "migrat" } })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, "there is no command migrat (did you mean migrate?)")
end

function TestHelp:test_a_word_below_a_command_explains_the_command()
  local result = program.run({ args = { "help", "seed", "check" } })
  lu.assertEquals(result.status, 0)
  lu.assertStrContains(result.stdout, "tilth seed check [NAME...]")
end

function TestHelp:test_json_gives_the_text_or_the_entry()
  lu.assertStrContains(program.json({ args = { "help", "flow" } }).help, "Usage: tilth flow")
  local entry = program.json({ args = { "help", "p3009" } })
  lu.assertEquals(entry.code, "P3009")
  lu.assertEquals(entry.exit_status, "1")
  lu.assertEquals(program.json({ args = { "help" } }).commands[1], "flow")
end

return TestHelp
