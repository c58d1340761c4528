--- Which environment this is, and who runs the program.
local lu = require("luaunit")

local environment = require("tilth.environment")

local TestEnvironment = {}

function TestEnvironment:test_find_takes_the_strongest_source()
  local map = { branches = { main = "staging", ["release/*"] = "production", ["*"] = "preview", ["release/x*"] = "staging" } }
  local ci_main, ci_other = { branch = "main", ci = true }, { branch = "topic", ci = true }
  local cases = {
    { { flag = "preview", env = { TILTH_ENV = "staging" }, build = ci_main }, "preview", "--env" },
    { { env = { TILTH_ENV = "staging", AWS_PULL_REQUEST_ID = "3" }, build = ci_main }, "staging", "TILTH_ENV" },
    { { config = map, env = { AWS_PULL_REQUEST_ID = "3" }, build = ci_main }, "staging", "tilth.config.lua (branch \"main\")" },
    { { config = map, build = { branch = "release/1.0", ci = true } }, "production", "tilth.config.lua (branch \"release/*\")" },
    { { config = map, build = { branch = "release/x1", ci = true } }, "staging", "tilth.config.lua (branch \"release/x*\")" },
    { { config = { environments = { main = "staging" } }, build = ci_main }, "staging", "tilth.config.lua (branch \"main\")" },
    { { env = { AWS_PULL_REQUEST_ID = "3" }, build = ci_main }, "preview", "AWS_PULL_REQUEST_ID" },
    { { build = { branch = "main", ci = true, pull_request = "7" } }, "preview", "pull request 7" },
    { { build = ci_main }, "production", "branch \"main\"" },
    { { build = { branch = "master", ci = true } }, "production", "branch \"master\"" },
    { { build = { branch = "production", ci = true } }, "production", "branch \"production\"" },
    { { build = ci_other }, "staging", "branch \"topic\"" },
    { { build = { ci = false } }, "development", "default" },
    { { env = { TILTH_ENV = "" } }, "development", "default" },
    { {}, "development", "default" },
  }
  for index, case in ipairs(cases) do
    lu.assertEquals(environment.find(case[1]), { name = case[2], source = case[3] }, "case " .. index)
  end
end

function TestEnvironment:test_find_takes_a_pattern_literally_but_for_its_star()
  local config = { branches = { ["a.b-*"] = "production" } }
  lu.assertEquals(environment.find({ config = config, build = { branch = "a.b-1", ci = true } }).name, "production")
  lu.assertEquals(environment.find({ config = config, build = { branch = "axb-1", ci = true } }).name, "staging")
end

function TestEnvironment:test_find_fails_on_an_unknown_name()
  local cases = {
    { { flag = "prodution" }, "--env" }, { { env = { TILTH_ENV = "Production" } }, "TILTH_ENV" },
    { { config = { branches = { main = "prodution" } }, build = { branch = "main" } }, "tilth.config.lua" },
  }
  for _, case in ipairs(cases) do
    local found, message, code, detail = environment.find(case[1])
    lu.assertNil(found)
    lu.assertStrContains(message, case[2])
    lu.assertStrContains(message, "Did you mean \"production\"?")
    lu.assertEquals(code, "config")
    lu.assertStrContains(detail.advice, "development, preview, staging, production")
  end
end

function TestEnvironment:test_is_ci_knows_the_services()
  for _, name in ipairs({ "CI", "GITHUB_ACTIONS", "GITLAB_CI", "CODEBUILD_BUILD_ID", "AWS_APP_ID", "JENKINS_URL", "BUILD_NUMBER" }) do
    lu.assertTrue(environment.is_ci({ [name] = "1" }), name)
    lu.assertFalse(environment.is_ci({ [name] = "" }), name)
  end
  lu.assertFalse(environment.is_ci({}))
  lu.assertFalse(environment.is_ci({ CI = "false" }))
  lu.assertFalse(environment.is_ci({ VERCEL = "1" }))
end

function TestEnvironment:test_is_agent_names_the_agent()
  local cases = {
    { { CLAUDECODE = "1" }, "Claude Code" }, { { GEMINI_CLI = "1" }, "Gemini CLI" }, { { CURSOR_AGENT = "1" }, "Cursor" },
    { { OR_APP_NAME = "Aider" }, "Aider" }, { { CODEX_SANDBOX = "seatbelt" }, "Codex CLI" }, { { AI_AGENT = "some-agent" }, "some-agent" },
    { { AGENT = "1" }, "a coding agent" }, { { AGENT = "odd value \27[31m" }, "a coding agent" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(environment.is_agent(case[1]), case[2])
  end
  lu.assertNil(environment.is_agent({}))
  lu.assertNil(environment.is_agent({ CLAUDECODE = "", OR_APP_NAME = "Other" }))
end

function TestEnvironment:test_interactive_needs_a_terminal_and_a_person()
  lu.assertIs(environment.interactive({ TERM = "xterm" }, true), true)
  lu.assertIs(environment.interactive({ TERM = "xterm" }, false), false)
  lu.assertIs(environment.interactive({ TERM = "dumb" }, true), false)
  lu.assertIs(environment.interactive({ CI = "1" }, true), false)
  lu.assertIs(environment.interactive({ CLAUDECODE = "1" }, true), false)
end

return TestEnvironment
