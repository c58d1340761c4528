--- Which variables an export takes.
local lu = require("luaunit")

local env_export = require("tilth.env_export")

local TestEnvExport = {}

local ENV <const> = {
  NEXT_PUBLIC_URL = "https://x", NEXT_PUBLIC_NAME = "shop", NEXT_PUBLIC_SECRET = "hush", DATABASE_URL = "postgresql://u:hunter2@h/d",
  RUN_SEED = "true", RESET_DATABASE = "true", STRIPE_KEY = "k", APP_ENV = "staging",
}

local function names_of(list)
  local names = {}
  for index, entry in ipairs(list) do
    names[index] = entry.name
  end
  return names
end

function TestEnvExport:test_exact_names_are_taken_in_order()
  local chosen = env_export.choose({ "NEXT_PUBLIC_URL", "APP_ENV", "APP_ENV" }, { env = ENV })
  lu.assertEquals(names_of(chosen.variables), { "NEXT_PUBLIC_URL", "APP_ENV" })
  lu.assertEquals(chosen.variables[1].kind, "plain")
end

function TestEnvExport:test_pattern_leaves_secrets_out_and_says_why()
  local chosen = env_export.choose({ "NEXT_PUBLIC_*" }, { env = ENV })
  lu.assertEquals(names_of(chosen.variables), { "NEXT_PUBLIC_NAME", "NEXT_PUBLIC_URL" })
  lu.assertEquals(names_of(chosen.left_out), { "NEXT_PUBLIC_SECRET" })
  lu.assertStrContains(chosen.left_out[1].why, "secret")
end

function TestEnvExport:test_pattern_of_everything_leaves_flags_and_secrets_out()
  local chosen = env_export.choose({ "A*", "D*", "R*", "S*", "N*" }, { env = { APP = "1", DB = "2", RESET_DATABASE = "true", RX = "1",
    S3 = "x", SMTP_PASS = "x", NODE = "n", DATABASE_URL = "postgresql://u:hunter2@h/d" } })
  lu.assertEquals(names_of(chosen.variables), { "APP", "DB", "RX", "S3", "NODE" })
  lu.assertEquals(names_of(chosen.left_out), { "DATABASE_URL", "RESET_DATABASE", "SMTP_PASS" })
end

function TestEnvExport:test_secrets_and_flags_named_exactly_are_taken_and_marked()
  local chosen = env_export.choose({ "DATABASE_URL", "RUN_SEED" }, { env = ENV })
  lu.assertEquals({ chosen.variables[1].kind, chosen.variables[2].kind }, { "secret", "flag" })
end

function TestEnvExport:test_exact_name_wins_over_a_pattern_that_refuses_it()
  local chosen = env_export.choose({ "NEXT_PUBLIC_*", "NEXT_PUBLIC_SECRET" }, { env = ENV })
  lu.assertEquals(#chosen.variables, 3)
  lu.assertEquals(chosen.left_out, {})
end

function TestEnvExport:test_amplify_secrets_are_taken_by_exact_name_only()
  local from = { env = { API_URL = "u" }, secrets = { API_HIDDEN = "h" } }
  lu.assertEquals(env_export.choose({ "API_HIDDEN" }, from).variables[1].value, "h")
  lu.assertEquals(names_of(env_export.choose({ "API_*" }, from).variables), { "API_URL" })
end

-- Each case: the names, part of the message, the code, part of the advice.
local FAILURES <const> = {
  { { "APP_ENW" }, "APP_ENW is not set; did you mean APP_ENV?", "config", "leave it out" },
  { { "IN_FILE" }, "IN_FILE is not set in the environment", "config", "stands in .env" },
  { { "ZZZ_*" }, "no variable is called ZZZ_*", "config", "pattern" },
  { { "STRIPE_*" }, "matches only variables that a pattern never takes: STRIPE_KEY", "unsafe", "tilth env export STRIPE_KEY" },
  { { "*" }, "begins with a letter", "usage", "For example" },
  { { "A=hush" }, "a name is made of letters", "usage", "not from the command line" },
}

function TestEnvExport:test_failures_explain_themselves()
  for index, case in ipairs(FAILURES) do
    local chosen, message, code, detail = env_export.choose(case[1], { env = ENV, files = { IN_FILE = ".env" } })
    lu.assertNil(chosen, "case " .. index)
    lu.assertStrContains(message, case[2])
    lu.assertNotStrContains(message .. detail.advice, "hush")
    lu.assertEquals(code, case[3])
    lu.assertStrContains(detail.advice, case[4])
  end
end

return TestEnvExport
