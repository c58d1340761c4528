--- The guide's flags: exactly `true`, or not set.
local lu = require("luaunit")

local flags = require("tilth.flags")

local TestFlags = {}

-- Each case: value, set, meant, kind.
local CASES <const> = {
  { "true", true, true, "exact" }, { nil, false, false, "unset" }, { "", false, false, "unset" },
  { "True", false, true, "case" }, { "TRUE", false, true, "case" }, { " true", false, true, "space" },
  { "true\n", false, true, "space" }, { " True", false, true, "case" }, { "1", false, true, "other" },
  { "true\u{200B}", false, true, "space" }, { "\u{FEFF}true", false, true, "space" }, { "\u{A0} true \u{A0}", false, true, "space" },
  { "yes", false, true, "other" }, { "YES", false, true, "other" }, { "on", false, true, "other" }, { "y", false, true, "other" },
  { "\"true\"", false, true, "other" }, { "'yes'", false, true, "other" }, { "false", false, false, "other" },
  { "0", false, false, "other" }, { "no", false, false, "other" }, { "truee", false, false, "other" }, { " ", false, false, "other" },
}

function TestFlags:test_read_sets_a_flag_for_exactly_true_only()
  for index, case in ipairs(CASES) do
    for key, name in pairs({ reset = "RESET_DATABASE", seed = "RUN_SEED" }) do
      local flag = flags.read({ [name] = case[1] })[key]
      lu.assertEquals({ flag.name, flag.set, flag.meant, flag.kind }, { name, case[2], case[3], case[4] }, "case " .. index)
    end
  end
end

function TestFlags:test_read_says_where_a_flag_came_from()
  local found = flags.read({ RESET_DATABASE = "true", RUN_SEED = "true" }, { RUN_SEED = "/p/.env" })
  lu.assertEquals({ found.reset.source, found.seed.source }, { "environment", "/p/.env" })
  lu.assertNil(flags.read({}).reset.source)
end

function TestFlags:test_read_keeps_no_value_but_the_confirmation()
  local found = flags.read({ RESET_DATABASE = "hush", RUN_SEED = "hush", RESET_DATABASE_CONFIRM = "shop@2026-01-01" })
  lu.assertEquals(found.confirm, "shop@2026-01-01")
  lu.assertEquals(found.confirm_source, "environment")
  for _, flag in ipairs({ found.reset, found.seed }) do
    for _, value in pairs(flag) do
      lu.assertNotEquals(value, "hush")
    end
  end
  lu.assertNil(flags.read({ RESET_DATABASE_CONFIRM = "" }).confirm)
end

return TestFlags
