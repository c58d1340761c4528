--- Planning a reset: names of bins, actions, flags left set, what is kept.
local lu = require("luaunit")

local TestResetPlan = {}

local keep = require("tilth.reset.keep")
local names = require("tilth.reset.names")
local list = require("tilth.reset.list")
local obstacles = require("tilth.reset.obstacles")
local plan = require("tilth.reset.plan")
local protection = require("tilth.reset.protection")
local removal = require("tilth.reset.removal")
local size = require("tilth.reset.size")
local stale = require("tilth.reset.stale")

local STAMP <const> = "20261123102030"

local function schema(name, more)
  local made = { name = name, oid = "1", owner = "app", may_rename = true, may_give = true, acl = {}, labels = {}, defaults = {},
    extensions = {}, strange = {}, may_fill = true, objects = 1, tables = 1, bytes = 8192 }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

local function state(schemas, more)
  local made = { names = {}, schemas = schemas, tables = {}, dependents = {}, inheritance = {}, references = {}, publications = {},
    event_triggers = {}, bins = {}, now = STAMP, may_create = true, user = "app", life = {} }
  for index, entry in ipairs(schemas) do
    made.names[index] = entry.name
  end
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

local function settings(values)
  return { get = function(_, name) return values[name] end }
end

local function observed(more)
  local made = { flags = { reset = { set = true, name = "RESET_DATABASE" }, seed = {} }, build = { kind = "amplify" }, ledger = {},
    settings = settings({}), migrations = { {}, {}, {} }, reset = state({ schema("public") }) }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

function TestResetPlan:test_names_fit_and_do_not_collide()
  local long = ("x"):rep(63)
  local wide = ("ü"):rep(31)
  local cases = {
    { { "public" }, {}, { public = "tilth_bin_20261123102030_public" } },
    { { "public" }, { "tilth_bin_20261123102030_public" }, { public = "tilth_bin_20261123102030_public_2" } },
    { { long }, {}, { [long] = "tilth_bin_20261123102030_" .. ("x"):rep(38) } },
    { { long .. "a", long .. "b" }, {}, { [long .. "a"] = "tilth_bin_20261123102030_" .. ("x"):rep(38),
      [long .. "b"] = "tilth_bin_20261123102030_" .. ("x"):rep(36) .. "_2" } },
    { { wide }, {}, { [wide] = "tilth_bin_20261123102030_" .. ("ü"):rep(19) } },
  }
  for _, case in ipairs(cases) do
    local chosen = names.choose(case[1], STAMP, case[2])
    lu.assertEquals(chosen, case[3])
    for _, bin in pairs(chosen) do
      lu.assertTrue(#bin <= 63)
      lu.assertNotNil(utf8.len(bin))
      lu.assertTrue(names.is_bin(bin))
    end
  end
end

function TestResetPlan:test_is_bin_takes_no_other_name()
  for _, name in ipairs({ "public", "tilth", "tilth_bin_", "tilth_bin_2026_x",
    "my_tilth_bin_20261123102030_x", "tilth_bin_20261123102030" }) do
    lu.assertFalse(names.is_bin(name), name)
  end
end

function TestResetPlan:test_actions_put_filled_schemas_into_bins()
  local actions, skipped = plan.actions(observed({ reset = state({ schema("base"), schema("public", { objects = 0 }),
    { name = "absent", objects = 0, tables = 0, bytes = 0, defaults = {}, extensions = {} } }) }))
  lu.assertEquals(#actions, 1)
  lu.assertEquals(skipped, {})
  lu.assertEquals(actions[1].schemas, { "base" })
  lu.assertEquals(actions[1].bins, { base = "tilth_bin_20261123102030_base" })
  lu.assertEquals(actions[1].all, { "base", "public", "absent" })
  lu.assertEquals(actions[1].expected, 3)
  lu.assertFalse(actions[1].empty)
end

function TestResetPlan:test_actions_of_an_empty_database_still_note_the_reset()
  local actions = plan.actions(observed({ reset = state({ schema("public", { objects = 0, tables = 0, bytes = 0 }) }) }))
  lu.assertTrue(actions[1].empty)
  lu.assertEquals(actions[1].bins, {})
end

function TestResetPlan:test_actions_give_a_history_elsewhere_a_bin_of_its_own()
  local actions = plan.actions(observed({ reset = state({ schema("base") }, { history = { schema = "public" } }) }))
  lu.assertEquals(actions[1].bins.public, "tilth_bin_20261123102030_public")
  lu.assertEquals(actions[1].schemas, { "base" })
end

local SPENT <const> = { id = 7, job = "0000000041", command = "flow", at = "2026-11-20 10:11:12", commit = "0123456789abcdef" }

function TestResetPlan:test_stale_judges_the_flag()
  local cases = {
    { { ledger = {} }, nil },
    { { ledger = { spent = SPENT, plain = 0 } }, "refuse" },
    { { ledger = { spent = SPENT, plain = 6 } }, "refuse" },
    { { ledger = { spent = SPENT, plain = 8 } }, nil },
    { { ledger = { spent = SPENT, plain = 0 }, build = { kind = "local" } }, nil },
    { { ledger = { spent = SPENT, plain = 0 }, flags = { reset = { set = false } } }, nil },
    { { ledger = { spent = SPENT, plain = 0 }, settings = settings({ reset_stale = "skip" }) }, "skip" },
    { { ledger = { spent = SPENT, plain = 0 }, settings = settings({ reset_stale = "reset" }) }, "reset" },
  }
  local file = { set = true, source = "/app/.env" }
  for index, case in ipairs({
    { { ledger = { spent = SPENT, plain = 0 }, build = { kind = "local" }, flags = { reset = file } }, "refuse", { by_flags = true } },
    { { ledger = { spent = SPENT, plain = 0 }, build = { kind = "local" }, flags = { reset = file } }, nil, { reset = true } },
    { { ledger = { spent = SPENT, plain = 8 }, build = { kind = "local" }, flags = { reset = file } }, nil, { by_flags = true } },
  }) do
    local found = stale.judge(observed(case[1]), case[3])
    lu.assertEquals(found and found.policy, case[2], "file " .. index)
  end
  for index, case in ipairs(cases) do
    local found = stale.judge(observed(case[1]))
    lu.assertEquals(found and found.policy, case[2], "case " .. index)
  end
  lu.assertEquals(stale.describe(SPENT), "build 0000000041 (flow, 2026-11-20 10:11:12 UTC, commit 0123456789ab)")
end

function TestResetPlan:test_actions_skip_a_flag_left_set_where_that_is_wanted()
  local actions, skipped = plan.actions(observed({ ledger = { spent = SPENT, plain = 0 },
    settings = settings({ reset_stale = "skip" }) }))
  lu.assertEquals(actions, {})
  lu.assertStrContains(skipped[1].why, "0000000041")
end

local function reset(id, more)
  local made = { id = id, kind = "reset", state = "done", schemas = { { bin = "b" .. id } }, build_id = id, build_status = "done" }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

function TestResetPlan:test_keep_purges_the_oldest_and_never_the_data_of_a_failed_row_of_attempts()
  local failed = { build_status = "failed" }
  local cases = {
    { {}, 1, {} },
    { { reset(1) }, 1, {} },
    { { reset(1), reset(2) }, 1, { 1 } },
    { { reset(1), reset(2), reset(3) }, 2, { 1 } },
    { { reset(1) }, 0, { 1 } },
    { { reset(1, failed), reset(2) }, 1, {} },
    { { reset(1, { build_status = "running" }), reset(2) }, 1, {} },
    { { reset(1, failed), reset(2, failed), reset(3, { build_status = "running" }) }, 1, {} },
    { { reset(1), reset(2, failed), reset(3, { build_status = "running" }) }, 1, { 1 } },
    { { reset(1, failed), reset(2), reset(3) }, 1, { 1, 2 } },
    { { reset(1, { state = "open" }), reset(2), reset(3) }, 1, { 2 } },
    { { reset(1, { state = "undone" }), reset(2), reset(3) }, 1, { 2 } },
    { { reset(1, { schemas = { { empty = true } } }), reset(2), reset(3) }, 1, { 2 } },
    { { reset(1, { build_status = "done" }), reset(2, { kind = "undo", build_id = 9 }), reset(3) }, 1, { 1, 2 } },
  }
  for index, case in ipairs(cases) do
    local ids = {}
    for _, entry in ipairs(keep.surplus(case[1], case[2])) do
      ids[#ids + 1] = entry.id
    end
    table.sort(ids)
    lu.assertEquals(ids, case[3], "case " .. index)
  end
end

function TestResetPlan:test_ties_are_let_be_by_consent_only()
  local tied = state({ schema("public") }, { dependents = { "view o.v" }, inheritance = { "a and b" }, publications = { "p" },
    subscribed = 1 })
  lu.assertEquals(#obstacles.list(tied), 4)
  lu.assertEquals(#obstacles.list(tied, settings({ reset_ties = "refuse" })), 4)
  local left = obstacles.list(tied, settings({ reset_ties = "keep" }))
  lu.assertEquals(#left, 1)
  lu.assertStrContains(left[1].message, "receive rows")
  lu.assertEquals(#obstacles.ties(tied), 3)
end

function TestResetPlan:test_undo_means_the_first_attempt_of_the_newest_reset()
  local function row(id, more)
    local made = { id = id, kind = "reset", state = "done", holding = true, build_id = id, build_status = "done",
      schemas = { { schema = "public" } } }
    for key, value in pairs(more or {}) do
      made[key] = value
    end
    return made
  end
  local failed, lost, other = { build_status = "failed" }, { build_status = "running" }, { schemas = { { schema = "other" } } }
  local cases = {
    { { row(1), row(2) }, 2 },
    { { row(1, failed), row(2) }, 1 },
    { { row(1), row(2, lost), row(3, failed), row(4) }, 2 },
    { { row(1, failed) }, 1 },
    { { row(1, { build_status = "failed", holding = false, state = "undone" }), row(2) }, 2 },
    { { row(1, failed), row(2), row(3, { kind = "undo" }) }, 3 },
    { { row(1, failed), row(2, { kind = "undo" }), row(3) }, 3 },
    { { row(1, { build_id = false }), row(2) }, 2 },
    { { row(1), row(2, other) }, 1 },
    { { row(1, failed), row(2, other), row(3) }, 1 },
  }
  for index, case in ipairs(cases) do
    lu.assertEquals(list.choose(case[1], nil, { "public" }).id, case[2], "case " .. index)
  end
  lu.assertEquals(list.choose(cases[2][1], 2, { "public" }).id, 2)
  lu.assertEquals(list.choose({ row(1, other) }, 1, { "public" }).id, 1)
  local none, message, code, detail = list.choose({ row(1, other) }, nil, { "public", "base" })
  lu.assertNil(none)
  lu.assertStrContains(message, "nothing in the bin of public, base")
  lu.assertStrContains(detail.advice, "other projects")
  lu.assertEquals(code, "usage")
  none, message, code = list.choose({ row(1, { holding = false, state = "purged" }) }, 1, { "public" })
  lu.assertNil(none)
  lu.assertStrContains(message, "it is purged")
  lu.assertEquals(code, "usage")
end

function TestResetPlan:test_obstacles_name_reason_and_way_out()
  local cases = {
    { state({ schema("public") }), nil },
    { state({ schema("public") }, { may_create = false }), "may not create schemas" },
    { state({ schema("tilth") }), "not a schema of the application" },
    { state({ schema("pg_catalog") }), "not a schema of the application" },
    { state({ schema("tilth_bin_20261123102030_x") }), "bin of an earlier reset" },
    { state({ schema("public", { may_rename = false, owner = "boss" }) }), nil },
    { state({ schema("public", { may_rename = false, owner = "boss", strange = { "table a of ann" } }) }), "belongs to boss" },
    { state({ schema("public", { may_rename = false, owner = "boss", strange = { "table a of ann" } }) }), "table a of ann" },
    { state({ schema("public", { may_rename = false, may_fill = false }) }), "may not make objects in it" },
    { state({ schema("public", { may_give = false, strange = { "type t of ann" } }) }), "may not make a schema" },
    { state({ schema("public", { strange = { "type t of ann" } }) }), nil },
    { state({ schema("public", { extensions = { { name = "postgis", relocatable = false, may = true } } }) }), nil },
    { state({ schema("public", { extensions = { { name = "postgis", relocatable = false, may = true } }, strange = { "table a of b" } }) }),
      "extension postgis" },
    { state({ schema("public", { extensions = { { name = "citext", relocatable = true, may = false } }, strange = { "table a of b" } }) }),
      "extension citext" },
    { state({ schema("public", { defaults = { { role = "boss", may = false } }, strange = { "table a of b" } }) }),
      "default privileges of boss" },
    { state({ schema("public") }, { dependents = { "view o.v uses table a" } }), "view o.v" },
    { state({ schema("public") }, { inheritance = { "a and b" } }), "inherit" },
    { state({ schema("public") }, { publications = { "p" } }), "logical replication" },
    { state({ schema("public") }, { subscribed = 2 }), "2 tables receive" },
  }
  for index, case in ipairs(cases) do
    local found = obstacles.list(case[1])
    lu.assertEquals(#found, case[2] and 1 or 0, "case " .. index)
    if case[2] then
      lu.assertStrContains(found[1].message, case[2])
      lu.assertTrue(#found[1].advice > 10)
    end
  end
end

function TestResetPlan:test_protection_takes_the_stricter_environment()
  local cases = {
    { nil, "staging", "staging" }, { "development", "production", "production" }, { "production", "development", "production" },
    { "staging", "preview", "staging" }, { "weird", "development", "production" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(protection.environment({ ledger = { environment = case[1] }, environment = { name = case[2] } }), case[3])
  end
end

function TestResetPlan:test_protection_takes_an_unknown_mark_for_production()
  for mark, found in pairs({ Production = 1, prod = 1, [""] = 1, production = 1, staging = 0, development = 0 }) do
    local reasons = protection.reasons(observed({ environment = { name = "development" }, ledger = { environment = mark } }))
    lu.assertEquals(#reasons, found, mark)
    if found == 1 and mark ~= "production" then
      lu.assertStrContains(reasons[1], "\"" .. mark .. "\", which is no environment that tilth knows")
    end
  end
end

function TestResetPlan:test_protection_keeps_a_preview_from_the_database_of_another_environment()
  for mark, found in pairs({ staging = 1, production = 1, preview = 0, development = 0 }) do
    local reasons = protection.reasons(observed({ environment = { name = "preview", source = "AWS_PULL_REQUEST_ID" },
      ledger = { environment = mark } }))
    lu.assertEquals(#reasons, found, mark)
  end
  lu.assertEquals(#protection.reasons(observed({ environment = { name = "preview" } })), 0)
end

function TestResetPlan:test_protection_guards_a_lively_unmarked_remote_database_from_a_laptop()
  local life = { last_ago = 3600, sessions = 2, estimate = 10 }
  local function reasons(more)
    local world = observed({ environment = { name = "development" }, target = { host = "db.example.com" },
      reset = state({ schema("public") }, { life = life }) })
    for key, value in pairs(more or {}) do
      world[key] = value
    end
    return #protection.reasons(world)
  end
  lu.assertEquals(reasons(), 1)
  lu.assertEquals(reasons({ target = { host = "/run/pg" } }), 0)
  lu.assertEquals(reasons({ target = { host = "127.0.0.1" } }), 0)
  lu.assertEquals(reasons({ environment = { name = "staging" } }), 0)
  lu.assertEquals(reasons({ ledger = { environment = "development" } }), 0)
  lu.assertEquals(reasons({ reset = state({ schema("public") }, { life = { last_ago = 86400 * 30, sessions = 2 } }) }), 0)
  lu.assertEquals(reasons({ reset = state({ schema("public") }, { life = { estimate = 60000000 } }) }), 1)
end

function TestResetPlan:test_removal_names_the_place()
  lu.assertStrContains(removal.steps("RUN_SEED", { kind = "amplify", app = "d1", branch = "dev" }, "environment"), "for the branch dev")
  lu.assertStrContains(removal.steps("RUN_SEED", { kind = "amplify" }, "/p/.env"), "from /p/.env")
  lu.assertStrContains(removal.steps("RUN_SEED", { kind = "github" }), "Actions")
  lu.assertStrContains(removal.steps("RUN_SEED", { kind = "local" }), "unset RUN_SEED")
end

function TestResetPlan:test_size_is_for_people()
  for bytes, text in pairs({ [0] = "0 bytes", [1023] = "1023 bytes", [8192] = "8.0 kB", [1073741824] = "1.0 GB" }) do
    lu.assertEquals(size.text(bytes), text)
  end
end

return TestResetPlan
