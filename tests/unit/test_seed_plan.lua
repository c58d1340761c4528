-- Which seeds run, in which order, and what is said of the others.
local lu = require("luaunit")
local command = require("tilth.seed.command")
local discover = require("tilth.seed.discover")
local order = require("tilth.seed.order")
local plan = require("tilth.seed.plan")
local seed = require("tilth.seed")
local transaction_words = require("tilth.seed.transaction_words")

local TestSeedPlan = {}

local function named(...)
  local list = {}
  for index, entry in ipairs({ ... }) do
    list[index] = { name = entry[1], after = entry.after, environments = entry.environments, once = entry.once, sha256 = "x" }
  end
  return list
end

local function names(list)
  local out = {}
  for index, entry in ipairs(list) do
    out[index] = entry.name
  end
  return table.concat(out, " ")
end

local ORDERS <const> = {
  { named({ "b" }, { "a" }), "a b" },
  { named({ "a", after = { "c" } }, { "b" }, { "c" }), "c a b" },
  { named({ "a", after = { "b" } }, { "b", after = { "c" } }, { "c" }), "c b a" },
  { named({ "010_users" }, { "020_posts", after = { "users" } }), "010_users 020_posts" },
  { named({ "a", after = { "c", "b" } }, { "b" }, { "c" }, { "d" }), "c b a d" },
  { {}, "" },
}

function TestSeedPlan:test_order_puts_dependencies_first_then_names()
  for _, case in ipairs(ORDERS) do
    lu.assertEquals(names(assert(order.sort(case[1]))), case[2])
  end
end

local WRONG_ORDERS <const> = {
  { named({ "a", after = { "a" } }), "a -> a" },
  { named({ "x", after = { "a" } }, { "a", after = { "b" } }, { "b", after = { "c" } }, { "c", after = { "a" } }), "a -> b -> c -> a" },
  { named({ "a", after = { "usres" } }, { "users" }), 'seed a runs after "usres", but there is no seed "usres"; did you mean "users"?' },
  { named({ "1_a" }, { "2_a" }, { "b", after = { "a" } }), '"a" may be 1_a or 2_a' },
}

function TestSeedPlan:test_order_names_cycles_and_unknown_seeds()
  for _, case in ipairs(WRONG_ORDERS) do
    local sorted, message, code, detail = order.sort(case[1])
    lu.assertNil(sorted)
    lu.assertStrContains(message, case[2])
    lu.assertEquals(code, "config")
    lu.assertIsString(detail.advice)
  end
end

function TestSeedPlan:test_select_takes_what_the_named_ones_need_unless_only()
  local sorted = assert(order.sort(named({ "a", after = { "b" } }, { "b", after = { "c" } }, { "c" }, { "d" })))
  lu.assertEquals(names(order.select(sorted, { "a" })), "c b a")
  lu.assertEquals(names(order.select(sorted, { "a" }, true)), "a")
  lu.assertEquals(names(order.select(sorted, { "d", "c" })), "c d")
  lu.assertEquals(names(order.select(sorted, {})), "c b a d")
  local none, message = order.select(sorted, { "e" })
  lu.assertNil(none)
  lu.assertStrContains(message, 'no seed "e"')
end

local function planned(seeds, observed, request)
  observed = observed or {}
  observed.seeds = seeds
  return plan.actions(observed, request or {})
end

function TestSeedPlan:test_what_a_left_out_seed_needs_is_not_run_for_it()
  local seeds = named({ "a" }, { "b", after = { "a" }, environments = { "staging" } }, { "c", after = { "b" } })
  local observed = { seeds = seeds, environment = { name = "development" } }
  local actions, skipped = plan.actions(observed, { seeds = { "b" } })
  lu.assertEquals({ #actions, #skipped, skipped[1].name }, { 0, 1, "b" })
  actions, skipped = plan.actions(observed, { seeds = { "b", "c" } })
  lu.assertEquals({ names(actions), #skipped }, { "a c", 1 })
end

function TestSeedPlan:test_actions_leave_out_other_environments_and_say_so()
  local seeds = named({ "a", environments = { "development", "preview" } }, { "b" })
  local actions, skipped = planned(seeds, { environment = { name = "production" } })
  lu.assertEquals(names(actions), "b")
  lu.assertEquals(skipped[1].why, "Seed a: only for development, preview, this is production.")
  lu.assertEquals(names((planned(seeds, { environment = { name = "preview" } }))), "a b")
end

function TestSeedPlan:test_once_runs_once_and_a_change_is_reported()
  local seeds = named({ "a", once = true }, { "b" })
  lu.assertEquals(names((planned(seeds, { ledger = { seeds = {} } }))), "a b")
  local actions, skipped = planned(seeds, { ledger = { seeds = { a = { sha256 = "x", at = "2026-01-01" }, b = { sha256 = "x" } } } })
  lu.assertEquals(names(actions), "b")
  lu.assertStrContains(skipped[1].why, "has run on 2026-01-01")
  lu.assertNil(skipped[1].changed)
  actions, skipped = planned(seeds, { ledger = { seeds = { a = { sha256 = "other" } } } })
  lu.assertEquals(names(actions), "b")
  lu.assertTrue(skipped[1].changed)
  lu.assertStrContains(skipped[1].why, "changed since")
end

function TestSeedPlan:test_once_says_when_the_tables_may_be_others_than_those_it_ran_in()
  local seeds, ledger = named({ "a", once = true }), { seeds = { a = { sha256 = "x", at = "2026-01-02 10:00:00" } } }
  local function why(observed)
    observed.ledger = ledger
    local actions, skipped = planned(seeds, observed)
    lu.assertEquals(actions, {})
    return skipped[1].why
  end
  local plain = "Seed a: runs once, and has run on 2026-01-02 10:00:00 UTC."
  for _, history in ipairs({ {}, { exists = true }, { exists = true, began = "2026-01-02 10:00:00" }, { exists = false } }) do
    lu.assertEquals(why({ history = history }), plain)
  end
  lu.assertEquals(why({ history = { exists = false }, migrations = { {} }, objects = { {} } }), plain)
  lu.assertStrContains(why({ history = { exists = true, began = "2026-01-02 10:00:01" } }),
    plain .. " The history of migrations begins later, on 2026-01-02 10:00:01 UTC: if another tool has emptied the database")
  lu.assertStrContains(why({ history = { exists = false }, migrations = { {} }, objects = {} }), plain .. " There are no tables now: ")
end

function TestSeedPlan:test_without_seeds_the_command_runs_with_its_arguments()
  local actions = planned({ command = { text = "tsx prisma/seed.ts", from = "package.json" } }, {}, { seed_args = { "--small" } })
  lu.assertEquals(#actions, 1)
  lu.assertEquals(actions[1].kind, "seed_command")
  lu.assertEquals(actions[1].argv, { "tsx", "prisma/seed.ts", "--small" })
  local none, skipped = planned({})
  lu.assertEquals(none, {})
  lu.assertStrContains(skipped[1].why, "No seeds")
end

local COMMANDS <const> = {
  { "tsx prisma/seed.ts", { "tsx", "prisma/seed.ts" } },
  { "  node   a.js ", { "node", "a.js" } },
  { "echo $HOME && x | y", { "echo", "$HOME", "&&", "x", "|", "y" } },
  { "node my\\ file.js", { "node", "my file.js" } },
  { [[ts-node --compiler-options '{"module":"CommonJS"}' seed.ts]],
    { "ts-node", "--compiler-options", '{"module":"CommonJS"}', "seed.ts" } },
  { [[ts-node --x {\"a\":1} b]], { "ts-node", "--x", '{"a":1}', "b" } },
  { [[a "" b]], { "a", "", "b" } },
  { [[echo don't]], { "echo", "don't" } },
  { "", {} },
}

function TestSeedPlan:test_command_is_split_as_prisma_does_with_quotes_understood()
  for _, case in ipairs(COMMANDS) do
    lu.assertEquals(command.split(case[1]), case[2], case[1])
  end
end

function TestSeedPlan:test_command_path_has_the_bins_of_the_folder_and_its_parents()
  lu.assertEquals(command.path("/a/b", "/usr/bin"), "/a/b/node_modules/.bin:/a/node_modules/.bin:/node_modules/.bin:/usr/bin")
end

function TestSeedPlan:test_discover_finds_seeds_and_leaves_helpers_out()
  local files = { list = function(path)
    lu.assertEquals(path, "/p/seeds")
    return { { name = "b.lua", type = "file" }, { name = "_h.lua", type = "file" }, { name = "a.sql", type = "file" },
      { name = "data", type = "directory" }, { name = ".x.lua", type = "file" }, { name = "readme.md", type = "file" } }
  end }
  lu.assertEquals(names(assert(discover.files(files, "/p/seeds"))), "a b")
  lu.assertEquals(discover.files({ list = function() return nil, "no", 2 end }, "/p/seeds"), {})
  local found, message, code = discover.files({ list = function() return nil, "/p/seeds: Permission denied", 13 end }, "/p/seeds")
  lu.assertNil(found)
  lu.assertStrContains(message, "Permission denied")
  lu.assertEquals(code, 13)
  found, message = discover.files({ list = function()
    return { { name = "a.lua", type = "file" }, { name = "a.sql", type = "file" } }
  end }, "/p/seeds")
  lu.assertNil(found)
  lu.assertStrContains(message, 'two seeds are named "a"')
  found, message, code = discover.files({ list = function() return { { name = "caf\xE9.lua", type = "file" } } end }, "/p/seeds")
  lu.assertNil(found)
  lu.assertEquals({ message, code }, { "the name of the seed /p/seeds/caf?.lua is not UTF-8, as the ledger's names are", "config" })
end

local DEFINITIONS <const> = {
  { {}, "run = function(db, ctx)" }, { { run = 1 }, "run must be a function" }, { { run = print, afer = {} }, 'did you mean "after"' },
  { { run = print, after = { 1 } }, "after is a list of names" }, { { run = print, once = "yes" }, "once must be a boolean" },
}

function TestSeedPlan:test_define_refuses_what_is_wrong()
  for _, case in ipairs(DEFINITIONS) do
    lu.assertErrorMsgContains(case[2], seed.define, case[1])
  end
  lu.assertErrorMsgContains("unknown field \"b\"", seed.define, { e = 1, d = 1, c = 1, b = 1, run = print })
  lu.assertErrorMsgContains("expects a table", seed.define)
  local made = seed.define({ run = print, after = "a" })
  lu.assertTrue(seed.is(made))
  lu.assertEquals(made.after, { "a" })
  lu.assertFalse(seed.is({ run = print }))
end

local STATEMENTS <const> = {
  { "select 1" }, { "  -- x\n/* y */ COMMIT", "COMMIT" }, { "begin", "BEGIN" }, { "end;", "END" }, { "Rollback to a", "ROLLBACK" },
  { "savepoint x", "SAVEPOINT" }, { "prepare transaction 'x'", "PREPARE" }, { "prepare q as select 1" }, { "" }, { "-- only" },
  { "start transaction", "START" }, { "update t set a = 'commit'" }, { "/* a /* b */ c */ commit", "COMMIT" },
}

function TestSeedPlan:test_transaction_statements_are_found()
  for _, case in ipairs(STATEMENTS) do
    lu.assertEquals(transaction_words.find(case[1]), case[2], case[1])
  end
end

return TestSeedPlan
