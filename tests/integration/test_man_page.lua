--- Tests the man page: no complaint of mandoc or groff, and every command and option is in it.
local lu = require("luaunit")
local fs = require("tilth.fs")
local proc = require("tilth.core.proc")
local program = require("support.program")
local reference = require("support.reference")

local TestManPage = {}

local function page()
  return reference.root() .. "/docs/man/tilth.1"
end

local function run(argv)
  local result = proc.run(argv, {
    clean_env = true, env = program.environment({ LC_ALL = "C.UTF-8" }), stdout = "capture", stderr = "capture", timeout = 180,
  })
  lu.skipIf(not result, argv[1] .. " is not installed")
  return result
end

function TestManPage:test_mandoc_has_nothing_to_say()
  local result = run({ "mandoc", "-Tlint", "-Wall", page() })
  lu.assertEquals(result.stdout .. result.stderr, "")
  lu.assertEquals(result.code, 0)
end

--- As a reader sees it: every command with its options, and every variable.
function TestManPage:test_every_command_option_and_variable_is_shown()
  local result = run({ "mandoc", "-Tutf8", "-O", "width=200", page() })
  lu.assertEquals(result.code, 0, result.stderr)
  -- Bold and underlined letters are written twice with a backspace in between.
  local text = result.stdout:gsub(".\b", "")
  local count = 0
  local function check(option)
    for _, name in ipairs(option.names) do
      lu.assertStrContains(text, name)
      count = count + 1
    end
  end
  local function walk(command)
    lu.assertStrContains(text, "\n   tilth " .. table.concat(command.path, " ") .. "\n")
    for _, option in ipairs(command.options) do
      check(option)
    end
    for _, child in ipairs(command.commands) do
      walk(child)
    end
  end
  local tree = reference.module("commands").read()
  for _, command in ipairs(tree.commands) do
    walk(command)
  end
  for _, option in ipairs(tree.global) do
    check(option)
  end
  for _, setting in ipairs(tree.variables) do
    lu.assertStrContains(text, setting.variable)
  end
  lu.assertTrue(count > 60, count)
end

function TestManPage:test_text_that_looks_like_a_request_is_escaped()
  for line in assert(fs.read(page())):gmatch("[^\n]+") do
    local request = line:match("^%.(%a+)")
    if request then
      lu.assertNotNil(("TH SH SS TP PP B BR RS RE nf fi br "):find(request .. " ", 1, true), line)
    else
      lu.assertNil(line:find("^[.'][^\\]"), line)
    end
  end
end

return TestManPage
