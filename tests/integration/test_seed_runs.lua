--- How seeds run through the real program: once, twice, at once, killed, interrupted, checked, and as a command.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedRuns = {}

local TABLES <const> = [[
create table items (id serial primary key, slug text not null unique, note text);
create table facts (k int primary key, v text);
]]

function TestSeedRuns:setUp()
  self.database = database.new()
  self.project = project.new({ migrations = { { "20240101000000_init", TABLES } }, package = { name = "p" } })
  local result = program.run({ args = { "migrate", "deploy" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.status, 0, result.text)
end

function TestSeedRuns:tearDown()
  self.database:close()
end

local function write(self, name, fields, body)
  self.project:write("seeds/" .. name .. ".lua",
    ('local seed = require("tilth.seed")\nreturn seed.define({ %s run = function(db, ctx)\n%s\nend })\n'):format(fields, body))
end

local function run(self, args, env)
  local variables = { DATABASE_URL = self.database.url }
  for name, value in pairs(env or {}) do
    variables[name] = value
  end
  return program.run({ args = args, cwd = self.project.path, env = variables })
end

local function start(self, args)
  return program.start({ args = args, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local BODY <const> = [[
  local rows = {}
  for i = 1, 3000 do rows[i] = { slug = "s" .. i, note = "note " .. i } end
  db:upsert("items", rows, { key = "slug" })
  for i = 1, 200 do db:ensure("facts", { k = i, v = "v" }) end]]

local CONTENT <const> = "select count(*) || ':' || sum(hashtext(slug || note)) || ':' || (select count(*) from facts) from items"

function TestSeedRuns:test_ten_runs_equal_one()
  write(self, "a", "", BODY)
  lu.assertEquals(run(self, { "seed" }).status, 0)
  local content = self.database:value(CONTENT)
  local ids = self.database:value("select sum(id) || '/' || (select last_value from items_id_seq) from items")
  for _ = 2, 10 do
    lu.assertEquals(run(self, { "seed" }).status, 0)
  end
  lu.assertEquals(self.database:value(CONTENT), content)
  lu.assertEquals(self.database:value("select sum(id) || '/' || (select last_value from items_id_seq) from items"), ids)
end

function TestSeedRuns:test_killed_runs_leave_all_or_nothing_and_the_next_one_ends_well()
  write(self, "a", "", BODY)
  for attempt = 1, 8 do
    local child <close> = start(self, { "seed" })
    clock.sleep(attempt * 0.012)
    child:signal("KILL")
    child:wait()
    local count = self.database:value("select count(*) from items")
    lu.assertTrue(count == 0 or count == 3000, tostring(count))
  end
  local result = run(self, { "seed" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrMatches(self.database:value(CONTENT), "3000:.*:200")
end

function TestSeedRuns:test_two_builds_at_once_equal_one()
  write(self, "a", "", BODY)
  local first <close> = start(self, { "seed" })
  local second <close> = start(self, { "seed" })
  lu.assertEquals(first:wait().status, 0, first.stderr)
  lu.assertEquals(second:wait().status, 0, second.stderr)
  lu.assertStrMatches(self.database:value(CONTENT), "3000:.*:200")
end

function TestSeedRuns:test_interrupt_rolls_back_from_loops_and_queries()
  for _, wait in ipairs({ "while true do end", 'db:query("select pg_sleep(60)")', "pcall(function() while true do end end)" }) do
    write(self, "a", "", 'db:upsert("facts", { k = 1 }) db:flush() ctx.note("ready")\n' .. wait)
    local child <close> = start(self, { "seed" })
    child:wait_for("ready")
    child:signal("INT")
    local ended = child:wait()
    lu.assertEquals(ended.status, 130, wait .. ": " .. child.stderr)
    lu.assertEquals(self.database:value("select count(*) from facts"), 0, wait)
  end
end

function TestSeedRuns:test_a_failing_seed_stops_and_what_ran_before_stays_recorded()
  write(self, "a", "", 'db:upsert("facts", { k = 1 })')
  write(self, "b", "", 'db:upsert("facts", { k = 2 })\nerror("stop here")')
  write(self, "c", "", 'db:upsert("facts", { k = 3 })')
  local result = run(self, { "seed" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "seed b: seeds/b.lua:4: stop here")
  lu.assertEquals(self.database:column("select k from facts"), { 1 })
  lu.assertEquals(self.database:column("select name from tilth.seeds"), { "a" })
end

function TestSeedRuns:test_once_runs_once_and_a_change_is_said()
  write(self, "a", "once = true,", 'db:exec("insert into items (slug) values (gen_random_uuid())")')
  lu.assertEquals(run(self, { "seed" }).status, 0)
  local result = run(self, { "seed" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Seed a: runs once, and has run")
  write(self, "a", "once = true,", 'db:exec("insert into items (slug) values (gen_random_uuid()) ")')
  lu.assertStrContains(run(self, { "seed" }).stdout, "has changed since")
  lu.assertEquals(self.database:value("select count(*) from items"), 1)
end

function TestSeedRuns:test_names_order_and_environments_choose()
  for name, fields in pairs({ a = 'after = { "b" },', b = "", c = 'environments = { "production" },' }) do
    write(self, name, fields, ('db:exec("insert into facts select count(*), \'%s\' from facts")'):format(name))
  end
  lu.assertEquals(run(self, { "seed", "a" }).status, 0)
  lu.assertEquals(self.database:column("select v from facts order by k"), { "b", "a" })
  self.database:query("delete from facts")
  lu.assertStrContains(run(self, { "seed", "a", "c", "--only" }).stdout, "Seed c: only for production, this is development.")
  lu.assertEquals(self.database:column("select v from facts order by k"), { "a" })
  local result = run(self, { "seed", "aa" })
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, 'there is no seed "aa"')
end

local BROKEN <const> = {
  { "return {", "seeds/a.lua:1:", "Lua syntax" }, { "return 5", "seeds/a.lua: the file returns a number", 'require("tilth.seed").define' },
  { 'error("at load")', "seeds/a.lua:1: at load", "cannot be loaded" },
  { 'return require("tilth.seed").define({ afte = 1, run = print })', "seeds/a.lua: seed.define", 'did you mean "after"' },
  { 'return require("nothere")', "module 'nothere' not found", "cannot be loaded" },
}

function TestSeedRuns:test_files_that_are_no_seeds_are_named_before_anything_runs()
  write(self, "0", "", 'db:upsert("facts", { k = 1 })')
  for _, case in ipairs(BROKEN) do
    self.project:write("seeds/a.lua", case[1])
    local result = run(self, { "seed" })
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, case[2])
    lu.assertStrContains(result.stderr, case[3])
  end
  lu.assertEquals(self.database:value("select count(*) from facts"), 0)
end

function TestSeedRuns:test_seeds_require_modules_and_sql_runs_as_it_is()
  self.project:write("seeds/lib/rows.lua", 'return { { k = 7, v = "from lib" } }')
  write(self, "a", "", 'db:upsert("facts", require("lib.rows"))')
  self.project:write("seeds/b.sql", "insert into facts values (8, 'sql;') on conflict do nothing;\n-- done\n")
  self.project:write("seeds/_helper.lua", "error('never loaded')")
  lu.assertEquals(run(self, { "seed" }).status, 0)
  lu.assertEquals(self.database:column("select v from facts order by k"), { "from lib", "sql;" })
  self.project:write("seeds/b.sql", "delete from facts;\ncommit;\n")
  local result = run(self, { "seed" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "COMMIT is not for a seed")
  lu.assertEquals(self.database:value("select count(*) from facts"), 2)
  self.project:write("seeds/b.sql", "select 1;\n\nselect 'é' || nope;\n")
  result = run(self, { "seed" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "seeds/b.sql:3: ")
  lu.assertStrContains(result.stderr, 'column "nope" does not exist')
end

function TestSeedRuns:test_byte_order_marks_of_seeds_are_passed_over()
  write(self, "a", "", 'db:upsert("facts", { { k = 7, v = "marked" } })')
  self.project:write("seeds/a.lua", "\u{FEFF}" .. self.project:read("seeds/a.lua"))
  self.project:write("seeds/b.sql", "\u{FEFF}insert into facts values (8, 'sql') on conflict do nothing;\n")
  local result = run(self, { "seed" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.database:column("select v from facts order by k"), { "marked", "sql" })
end

function TestSeedRuns:test_check_accepts_idempotent_seeds_and_leaves_nothing()
  write(self, "a", "", BODY)
  local result = run(self, { "seed", "check" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "seed a: the second run changed nothing")
  lu.assertEquals(self.database:value("select count(*) from items"), 0)
  lu.assertEquals(self.database:value("select to_regclass('tilth.seeds') is null"), true)
end

function TestSeedRuns:test_check_names_table_kind_and_line_of_what_changes_twice()
  write(self, "a", "", 'db:upsert("facts", { k = 1 })\ndb:exec("insert into items (slug) values (gen_random_uuid())")')
  write(self, "b", "", 'db:exec("update facts set v = v")')
  local result = run(self, { "seed", "check" })
  lu.assertEquals(result.status, 1, result.text)
  for _, fragment in ipairs({ "not idempotent", "seed a: the second run changed data", "seeds/a.lua:4: items: inserted 1",
    "seeds/b.lua:3: facts: updated 1 (with the same content", "moved sequences", "public.items_id_seq" }) do
    lu.assertStrContains(result.stderr, fragment)
  end
  lu.assertEquals(self.database:value("select count(*) from items"), 0)
end

function TestSeedRuns:test_check_judges_content_as_well_as_counts()
  self.database:script("create materialized view sums as select count(*) from facts; create table old (v text)")
  write(self, "a", "", 'db:upsert("facts", { k = 1 })\ndb:exec("refresh materialized view sums")')
  local result = run(self, { "seed", "check" })
  lu.assertEquals(result.status, 0, result.text)
  write(self, "a", "", [[db:upsert("facts", { k = 1, v = "v" }) db:exec("alter table facts alter k type int using k + 1")]])
  result = run(self, { "seed", "check" })
  lu.assertEquals(result.status, 1, result.text)
  write(self, "a", "", [[db:ensure("facts", { k = 1, v = "v" }) db:exec("alter table facts alter v type text using v || 'v'")]])
  result = run(self, { "seed", "check" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "facts: its content differs, though no row was counted")
  write(self, "a", "", [[db:exec("truncate old; insert into old values ('a')")]])
  result = run(self, { "seed", "check" })
  lu.assertStrContains(result.stderr, "old: inserted 1 (with the same content")
  lu.assertNotStrContains(result.stderr, "-1")
end

function TestSeedRuns:test_rehearsals_say_which_sequences_they_have_moved()
  write(self, "a", "", 'db:upsert("items", { slug = "a" }, { key = "slug" })')
  for _, args in ipairs({ { "seed", "--dry-run" }, { "seed", "check" } }) do
    lu.assertStrContains(run(self, args).stdout, "no row has changed; these sequences have moved on: public.items_id_seq")
  end
  write(self, "a", "", 'db:upsert("facts", { k = 1 })')
  for _, args in ipairs({ { "seed", "--dry-run" }, { "seed", "check" } }) do
    lu.assertStrContains(run(self, args).stdout, "Rolled back: nothing has changed.")
    local json = { args = { args[1], args[2], "--json" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } }
    lu.assertEquals(program.json(json).moved, {})
  end
end

function TestSeedRuns:test_flow_proves_seeds_first_where_that_is_wanted()
  write(self, "a", "", 'db:exec("insert into items (slug) values (gen_random_uuid())")')
  write(self, "b", "once = true,", 'db:exec("insert into items (slug) values (gen_random_uuid())")')
  for _, env in ipairs({ { TILTH_SEED_CHECK = "true" }, { TILTH_ENV = "production" } }) do
    env.RUN_SEED = "true"
    local result = run(self, { "flow", "--no-build" }, env)
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.stderr, "seeds/a.lua:3: items: inserted 1")
    lu.assertNotStrContains(result.stderr, "seed b:")
    lu.assertEquals(self.database:value("select count(*) from items"), 0)
  end
  local result = run(self, { "flow", "--no-build" }, { RUN_SEED = "true", TILTH_ENV = "production", TILTH_SEED_CHECK = "false" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.database:value("select count(*) from items"), 2)
end

function TestSeedRuns:test_status_says_what_ran_and_what_changed()
  write(self, "a", "", 'db:upsert("facts", { k = 1 })')
  write(self, "b", 'environments = { "production" },', "")
  local function states()
    local found = program.json({ args = { "seed", "status" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
    local list = {}
    for index, entry in ipairs(found.seeds) do
      list[index] = entry.name .. ": " .. entry.state
    end
    return list
  end
  lu.assertEquals(states(), { "a: never ran", "b: not for development" })
  lu.assertEquals(run(self, { "seed" }).status, 0)
  lu.assertEquals(states(), { "a: ran", "b: not for development" })
  write(self, "a", "", 'db:upsert("facts", { k = 2 })')
  lu.assertEquals(states(), { "a: changed since", "b: not for development" })
end

function TestSeedRuns:test_new_writes_a_seed_that_runs_and_never_overwrites()
  lu.assertEquals(run(self, { "seed", "new", "first" }).status, 0)
  lu.assertEquals(run(self, { "seed" }).status, 0)
  local text = self.project:read("seeds/first.lua")
  local result = run(self, { "seed", "new", "first" })
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, "exists already")
  lu.assertEquals(self.project:read("seeds/first.lua"), text)
  lu.assertEquals(run(self, { "seed", "new", "../x" }).status, 2)
end

local function command_project(self, command)
  self.project:write("package.json", ('{ "name": "p", "prisma": { "seed": %q } }'):format(command))
end

function TestSeedRuns:test_without_seeds_the_command_of_package_json_runs()
  self.project:write("node_modules/.bin/fake-ts-node", '#!/bin/sh\necho "args: $*"\necho "url: ${DATABASE_URL:+set}"\nexit 0\n')
  assert(os.execute("chmod +x " .. self.project.path .. "/node_modules/.bin/fake-ts-node"))
  command_project(self, "fake-ts-node 'a b' prisma/seed.ts")
  local result = run(self, { "db", "seed", "--", "--small", "x" })
  lu.assertEquals(result.status, 0, result.text)
  for _, fragment in ipairs({ "Running seed command `fake-ts-node a b prisma/seed.ts --small x`", "args: a b prisma/seed.ts --small x",
    "url: set", "The seed command has been executed." }) do
    lu.assertStrContains(result.stdout, fragment)
  end
end

function TestSeedRuns:test_the_commands_own_status_is_passed_through()
  self.project:write("fail.sh", "echo broken >&2\nexit 7\n")
  command_project(self, "sh fail.sh")
  local result = run(self, { "seed" })
  lu.assertEquals(result.status, 7, result.text)
  lu.assertStrContains(result.stderr, "`sh fail.sh` (")
  lu.assertStrContains(result.stderr, "exit status 7")
  command_project(self, "no-such-program seed.ts")
  result = run(self, { "seed" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "cannot be started")
  lu.assertStrContains(result.stderr, "devDependency")
end

return TestSeedRuns
