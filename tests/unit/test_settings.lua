--- Settings: where a value comes from, and what is wrong with it.
local lu = require("luaunit")

local settings = require("tilth.settings")

local TestSettings = {}

local function get(from, name)
  local resolved, message = settings.resolve(from)
  lu.assertNotNil(resolved, message)
  return { resolved:get(name) }
end

function TestSettings:test_resolve_takes_the_strongest_source()
  local from = {
    flags = { lock_timeout = "1s" }, env = { TILTH_LOCK_TIMEOUT = "2s" }, dotenv = { TILTH_LOCK_TIMEOUT = "3s" },
    config = { migrate = { lock_timeout = "4s" } },
  }
  lu.assertEquals(get(from, "lock_timeout"), { 1, "--lock-timeout" })
  from.flags = nil
  lu.assertEquals(get(from, "lock_timeout"), { 2, "TILTH_LOCK_TIMEOUT" })
  from.env = { TILTH_LOCK_TIMEOUT = "" }
  lu.assertEquals(get(from, "lock_timeout"), { 3, ".env" })
  from.dotenv = nil
  lu.assertEquals(get(from, "lock_timeout"), { 4, "tilth.config.lua" })
  from.config = nil
  lu.assertEquals(get(from, "lock_timeout"), { 5, "default" })
end

function TestSettings:test_resolve_tells_values_of_files_from_the_environments()
  local from = { env = { TILTH_WAIT = "9" }, sources = { TILTH_WAIT = "/p/.env" } }
  lu.assertEquals(get(from, "wait"), { 9, ".env" })
end

function TestSettings:test_resolve_reads_each_type()
  lu.assertEquals(get({ flags = { env = "staging" } }, "environment"), { "staging", "--env" })
  lu.assertEquals(get({ config = { reset = { keep = 3 } } }, "reset_keep"), { 3, "tilth.config.lua" })
  lu.assertEquals(get({ config = { reset = { stale = "skip" } } }, "reset_stale"), { "skip", "tilth.config.lua" })
  lu.assertEquals(get({ config = { protected = false } }, "protected"), { false, "tilth.config.lua" })
  lu.assertEquals(get({ env = { TILTH_SEED_CHECK = "true" } }, "seed_check"), { true, "TILTH_SEED_CHECK" })
  lu.assertEquals(get({ config = { build = { "make" } } }, "build_command"), { { "make" }, "tilth.config.lua" })
  lu.assertEquals(get({}, "seed_check"), { nil, "default" })
end

function TestSettings:test_resolve_gives_guards_neither_flag_nor_variable()
  for _, name in ipairs({ "reset_stale", "reset_keep", "reset_ties", "protected" }) do
    for _, entry in ipairs(settings.all()) do
      if entry.name == name then
        lu.assertNil(entry.flag)
        lu.assertNil(entry.variable)
      end
    end
  end
  lu.assertEquals(get({ flags = { protected = "false", reset_stale = "reset" } }, "reset_stale"), { "refuse", "default" })
end

function TestSettings:test_resolve_fails_without_showing_the_value()
  local cases = {
    { { flags = { lock_timeout = "hush" } }, "--lock-timeout must be a duration", "usage" },
    { { env = { TILTH_WAIT = "hush" } }, "TILTH_WAIT must be a duration", "config" },
    { { env = { TILTH_SEED_CHECK = "hush" } }, "TILTH_SEED_CHECK must be true or false", "config" },
    { { dotenv = { TILTH_WAIT = "hush" } }, "TILTH_WAIT in .env must be", "config" },
    { { config = { reset = { stale = "hush" } } }, "reset.stale in tilth.config.lua must be one of refuse, skip, reset", "config" },
  }
  for _, case in ipairs(cases) do
    local resolved, message, code, detail = settings.resolve(case[1])
    lu.assertNil(resolved)
    lu.assertStrContains(message, case[2])
    lu.assertNotStrContains(message .. detail.advice, "hush")
    lu.assertEquals(code, case[3])
  end
end

function TestSettings:test_get_raises_for_a_name_that_is_no_setting()
  local resolved = settings.resolve({})
  lu.assertErrorMsgContains("no setting is called \"lock_timout\"", resolved.get, resolved, "lock_timout")
end

function TestSettings:test_all_names_are_unique_and_explained()
  local seen = {}
  for _, entry in ipairs(settings.all()) do
    lu.assertNil(seen[entry.name], entry.name)
    seen[entry.name] = true
    lu.assertTrue(#entry.about > 10, entry.name)
    lu.assertTrue(entry.flag ~= nil or entry.variable ~= nil or entry.config ~= nil, entry.name)
  end
end

return TestSettings
