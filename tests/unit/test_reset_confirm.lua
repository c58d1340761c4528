--- RESET_DATABASE_CONFIRM, and who may be asked.
local lu = require("luaunit")

local TestResetConfirm = {}

local confirm = require("tilth.reset.confirm")
local consent = require("tilth.reset.consent")

local NOW <const> = "20261123120000"

function TestResetConfirm:test_judge_reads_database_and_day()
  local cases = {
    { "shop", true }, { "shop@2026-11-23", true }, { "shop@2999-01-01", true },
    { nil, nil, "absent" }, { "", nil, "database" }, { "Shop", nil, "database" }, { "shop ", nil, "space" },
    { "\u{A0}shop@2026-11-23\n", nil, "space" }, { " other ", nil, "database" },
    { "other", nil, "database" }, { "other@2999-01-01", nil, "database" }, { "true", nil, "database" },
    { "shop@2026-11-22", nil, "expired" }, { "shop@2026-02-30", nil, "day" }, { "shop@", nil, "day" },
    { "shop@tomorrow", nil, "day" },
    { "shop@2026-13-01", nil, "day" }, { "shop@2026-11-23 ", nil, "space" }, { "shop@2026-11-22 ", nil, "expired" },
  }
  for _, case in ipairs(cases) do
    local ok, why = confirm.judge(case[1], "shop", NOW)
    lu.assertEquals(ok, case[2], tostring(case[1]))
    lu.assertEquals(why, case[3], tostring(case[1]))
  end
end

function TestResetConfirm:test_judge_takes_a_database_whose_name_has_an_at_sign()
  lu.assertTrue(confirm.judge("a@b", "a@b", NOW))
  lu.assertTrue(confirm.judge("a@b@2026-11-23", "a@b", NOW))
  lu.assertNil((confirm.judge("a@2026-11-23", "a@b", NOW)))
end

function TestResetConfirm:test_suggest_is_a_value_that_confirms_today_only()
  local value = confirm.suggest("shop", NOW)
  lu.assertTrue(confirm.judge(value, "shop", NOW))
  lu.assertEquals({ confirm.judge(value, "shop", "20261124000000") }, { nil, "expired" })
end

local function asked(more)
  local table_of = { what = "undo", database = "shop", now = NOW, reasons = {} }
  for key, value in pairs(more) do
    table_of[key] = value
  end
  return table_of
end

function TestResetConfirm:test_consent_follows_what_was_said()
  local guarded = { "it is marked as production" }
  local cases = {
    { { force = true }, true },
    { { typed = "shop" }, true },
    { { typed = "shop", reasons = guarded }, true },
    { { force = true, reasons = guarded, confirm = "shop" }, true },
    { { force = true, agent = "Aider" }, true },
    { {}, nil, "nobody is there to ask" },
    { { typed = "" }, nil, "not the database's name" },
    { { typed = "shop2", force = true }, nil, "not the database's name" },
    { { force = true, reasons = guarded }, nil, "marked as production" },
    { { force = true, reasons = guarded, confirm = "other" }, nil, "marked as production" },
    { { force = true, reasons = guarded, confirm = "shop", agent = "Aider" }, nil, "Aider asks" },
    { { typed = "shop", reasons = guarded, agent = "Aider" }, nil, "Aider asks" },
  }
  for index, case in ipairs(cases) do
    local ok, message, code = consent.judge(asked(case[1]))
    lu.assertEquals(ok, case[2], "case " .. index)
    if not case[2] then
      lu.assertStrContains(message, case[3])
      lu.assertEquals(code, "unsafe")
    end
  end
end

return TestResetConfirm
