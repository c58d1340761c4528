--- The safety checks and who runs them.
local lu = require("luaunit")

local TestCheck = {}

local check = require("tilth.check")
local rule = {}
for _, name in ipairs({ "database_ahead", "environment_disagreement", "flag_looks_meant", "reset_without_ledger", "seed_flag_left_set" }) do
  rule[name] = require("tilth.check." .. name)
end

local RESET <const> = { actions = { { kind = "reset", schemas = { "public" } } }, request = { reset = true } }
local SEED <const> = { actions = { { kind = "seed", name = "one" } }, request = { seed = true } }
local NOTHING <const> = { actions = {}, request = { by_flags = true } }

local function bare(config)
  return { flags = { reset = {}, seed = {} }, build = { kind = "local" }, ledger = {}, environment = { name = "development" },
    migrations = {}, history = { rows = {} }, env = {},
    target = { database = "shop" }, settings = { get = function() end }, project = { config = config } }
end

function TestCheck:test_every_built_in_check_has_id_about_and_run()
  local seen = {}
  for _, entry in ipairs(check.built_in()) do
    lu.assertIsString(entry.id)
    lu.assertIsString(entry.about)
    lu.assertIsFunction(entry.run)
    lu.assertNil(seen[entry.id], entry.id)
    seen[entry.id] = true
  end
end

function TestCheck:test_nothing_to_say_about_a_plain_run()
  lu.assertEquals(check.run(bare(), NOTHING), {})
end

function TestCheck:test_ids_are_named_after_their_modules()
  for _, entry in ipairs(check.built_in()) do
    lu.assertIsFunction(require("tilth.check." .. entry.id:gsub("-", "_")).run)
  end
end

function TestCheck:test_a_severity_for_no_check_is_said()
  local change = { severity = "off", reason = "x" }
  local findings = check.run(bare({ severities = { ["migration-editd"] = change, ["migration-edited"] = change } }), NOTHING)
  lu.assertEquals(#findings, 1)
  lu.assertEquals(findings[1].severity, "warn")
  lu.assertStrContains(findings[1].message, 'Did you mean "migration-edited"?')
  lu.assertStrContains(check.run(bare({ severities = { mine = change } }), NOTHING)[1].message, '"mine", and no check is called so')
  lu.assertEquals(check.run(bare({ severities = { mine = change }, checks = { function() end } }), NOTHING), {})
end

function TestCheck:test_own_checks_may_return_a_list_one_finding_or_nothing()
  local findings = check.run(bare({ checks = {
    function() return { { severity = "warn", message = "a", id = "mine" } } end,
    function() return { message = "b" } end,
    function() return nil end,
  } }), NOTHING)
  lu.assertEquals(#findings, 2)
  lu.assertEquals(findings[1].id, "mine")
  lu.assertEquals({ findings[2].id, findings[2].severity }, { "team-check-2", "block" })
end

function TestCheck:test_a_broken_own_check_blocks()
  local cases = {
    { function() error("oops") end, "oops" }, { function() return "no" end, "returned a string" },
    { function() return { { severity = "bad", message = "x" } } end, "finding 1" },
    { function() return { { severity = "note" } } end, "finding 1" },
    { function() while true do end end, "is there a loop without an end?" },
  }
  for _, case in ipairs(cases) do
    local findings = check.run(bare({ checks = { case[1] } }), NOTHING)
    lu.assertEquals(#findings, 1)
    lu.assertEquals(findings[1].severity, "block")
    lu.assertEquals(findings[1].exit, 3)
    lu.assertStrContains(findings[1].message, case[2])
  end
end

function TestCheck:test_a_changed_severity_shows_its_reason()
  local function run(severity)
    return check.run(bare({ severities = { mine = { severity = severity, reason = "agreed in May" } },
      checks = { function() return { id = "mine", message = "m", exit = 3, advice = "do" } end } }), NOTHING)[1]
  end
  lu.assertEquals(run("warn").severity, "warn")
  lu.assertStrContains(run("warn").message, "agreed in May")
  lu.assertNil(run("warn").exit)
  lu.assertEquals(run("off").severity, "note")
  lu.assertEquals(run("off").changed.to, "off")
  lu.assertEquals(run("block").message, "m")
end

function TestCheck:test_flag_looks_meant_only_speaks_in_a_flow()
  local world = bare()
  world.flags.reset = { name = "RESET_DATABASE", meant = true, set = false, kind = "case" }
  lu.assertEquals(#rule.flag_looks_meant.run(world, NOTHING), 1)
  lu.assertEquals(#rule.flag_looks_meant.run(world, { actions = {}, request = {} }), 0)
  world.flags.reset.set = true
  lu.assertEquals(#rule.flag_looks_meant.run(world, NOTHING), 0)
end

function TestCheck:test_database_ahead_looks_at_applied_migrations_only()
  local cases = {
    { { migration_name = "b", finished_at = "x" }, 1 }, { { migration_name = "a", finished_at = "x" }, 0 },
    { { migration_name = "b" }, 0 }, { { migration_name = "b", finished_at = "x", rolled_back_at = "y" }, 0 },
  }
  for index, case in ipairs(cases) do
    local world = bare()
    world.migrations, world.history.rows = { { name = "a" } }, { case[1] }
    lu.assertEquals(#rule.database_ahead.run(world, RESET), case[2], "case " .. index)
    lu.assertEquals(#rule.database_ahead.run(world, SEED), case[2], "case " .. index)
    lu.assertEquals(#rule.database_ahead.run(world, NOTHING), 0)
  end
end

function TestCheck:test_reset_without_ledger_is_refused()
  local cases = {
    { { exists = false, may_create = true }, nil }, { { exists = false, may_create = false }, "may not make" },
    { { exists = true, readable = false }, "may not read" }, { { exists = true, readable = true, writable = false }, "may not write" },
    { { exists = true, readable = true, writable = true, version = 1 }, nil },
    { { exists = true, readable = true, writable = true, version = 99 }, "is older than the tilth" },
  }
  for index, case in ipairs(cases) do
    local world = bare()
    world.ledger = case[1]
    local findings = rule.reset_without_ledger.run(world, RESET)
    lu.assertEquals(#findings, case[2] and 1 or 0, "case " .. index)
    if case[2] then
      lu.assertStrContains(findings[1].message, case[2])
      lu.assertEquals(findings[1].severity, "block")
    end
    lu.assertEquals(rule.reset_without_ledger.run(world, SEED), {})
  end
end

function TestCheck:test_environment_disagreement_warns_where_something_is_at_stake()
  local world = bare()
  world.ledger = { environment = "production" }
  lu.assertEquals(rule.environment_disagreement.run(world, RESET)[1].severity, "warn")
  lu.assertEquals(rule.environment_disagreement.run(world, NOTHING)[1].severity, "note")
  world.environment.name = "production"
  lu.assertEquals(rule.environment_disagreement.run(world, RESET), {})
end

function TestCheck:test_seed_flag_left_set_waits_for_a_build_that_seeded()
  local world = bare()
  world.build, world.flags.seed = { kind = "amplify", branch = "dev" }, { set = true }
  world.ledger = { seed_since = { job = "0000000041", command = "flow" }, seed_builds = 0 }
  lu.assertEquals(rule.seed_flag_left_set.run(world, SEED), {})
  world.ledger.seed_builds = 2
  lu.assertStrContains(rule.seed_flag_left_set.run(world, SEED)[1].message, "since build 0000000041 (flow); 2 builds have")
end

return TestCheck
