--- Tests the set-up commands as far as they go without building: help, wrong use, and nothing overwritten.
local lu = require("luaunit")
local env = require("tilth.core.env")
local program = require("support.program")
local temp = require("support.temp")

local TestScripts = {}

--- Runs one of the scripts of the source tree.
local function run(name, args, cwd)
  return program.run({ program = env.get("TILTH_SOURCE") .. "/" .. name, args = args, cwd = cwd, env = { CI = false } })
end

function TestScripts:setUp()
  lu.skipIf(not env.get("TILTH_SOURCE"), "TILTH_SOURCE names no source tree; run `make check`")
end

function TestScripts:test_help_says_how_it_is_used()
  for _, name in ipairs({ "scripts/check", "scripts/quickstart" }) do
    local result = run(name, { "--help" })
    lu.assertEquals(result.status, 0, result.text)
    lu.assertStrContains(result.stdout, "usage: " .. name)
    lu.assertEquals(result.stderr, "")
  end
end

function TestScripts:test_unknown_options_are_refused()
  for _, name in ipairs({ "scripts/check", "scripts/quickstart" }) do
    local result = run(name, { "--nonsense" })
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, "unknown option --nonsense")
  end
end

function TestScripts:test_quickstart_never_overwrites()
  local folder = temp.folder("work")
  folder:write("tilth-demo/mine.txt", "mine")
  local result = run("scripts/quickstart", {}, folder.path)
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, folder:join("tilth-demo") .. " exists already")
  lu.assertEquals(folder:read("tilth-demo/mine.txt"), "mine")
end

return TestScripts
