--- Reset into the bin and back, on a real server, through the modules themselves.
local lu = require("luaunit")

local TestResetBin = {}

local db = require("tilth.db")
local ledger = require("tilth.ledger")
local resets = require("tilth.ledger.resets")
local bin = require("tilth.reset.bin")
local observe = require("tilth.reset.observe")
local obstacles = require("tilth.reset.obstacles")
local holders = require("tilth.reset.holders")
local plan = require("tilth.reset.plan")
local purge = require("tilth.reset.purge")
local undo = require("tilth.reset.undo")
local database = require("support.database")

local SHOP <const> = [[
create extension citext;
create type mood as enum ('good', 'bad');
create table "User" (id serial primary key, email citext not null unique, mood mood);
create table "Order" (id serial primary key, "userId" int not null references "User", "updatedAt" timestamp not null default now());
create view active as select * from "User";
insert into "User" (email, mood) values ('a@example.com', 'good'), ('b@example.com', 'bad');
insert into "Order" ("userId") select 1 + i % 2 from generate_series(1, 10) i;
create table _prisma_migrations (id varchar(36) primary key, finished_at timestamptz, rolled_back_at timestamptz,
  migration_name text, started_at timestamptz not null default now());
insert into _prisma_migrations values ('1', now(), null, 'one');
]]

local function quiet()
  local said = { warnings = {}, lines = {} }
  said.report = {
    status = function() end,
    done = function(_, text) said.lines[#said.lines + 1] = text end,
    warn = function(_, text) said.warnings[#said.warnings + 1] = text end,
    mask = function(_, text) return (text:gsub("s3cret", "***")) end,
  }
  return said
end

-- What a flow holds when it comes to the reset.
local function open(target, options)
  options = options or {}
  local said = quiet()
  local session = assert(db.connect({ params = target.params, options = {} }, { command = "test" }))
  local world = { db = session, report = said.report, said = said, state = {}, target = { schema = options.schema },
    settings = { get = function(_, name) return ({ reset_keep = options.keep or 1 })[name] end } }
  world.database = function() return world.db end
  world.take_lock = function() return true end
  world.observed = { migrations = options.migrations or { {}, {} }, ledger = {} }
  assert(ledger.ensure(session))
  world.ledger_build = assert(ledger.begin_build(session, { build = { kind = "local", text = "local test" }, command = "flow" }))
  world.look = function()
    world.observed.reset = assert(observe.observe(session, world.target, options.project))
    world.observed.ledger = assert(ledger.observe(session, { kind = "local" }))
    return world.observed.reset
  end
  world.look()
  return setmetatable(world, { __close = function() session:close() end })
end

local function reset(world)
  world.look()
  local actions = plan.actions(world.observed)
  return assert(bin.run(world, actions[1])), actions[1]
end

local function schema_facts(base)
  return base:query([[
select pg_get_userbyid(nspowner) as owner, coalesce(nspacl::text, '') as acl, obj_description(oid, 'pg_namespace') as comment,
  (select string_agg(extname, ',' order by extname) from pg_extension e where e.extnamespace = n.oid) as extensions,
  (select string_agg(defaclrole::regrole || defaclobjtype::text || defaclacl::text, ';' order by defaclobjtype)
    from pg_default_acl where defaclnamespace = n.oid) as defaults
from pg_namespace n where nspname = 'public']])[1]
end

local function contents(base)
  return base:value([[select string_agg(t::text, ';' order by t::text) from "User" t]])
    .. base:value([[select string_agg(t::text, ';' order by t::text) from "Order" t]])
end

function TestResetBin:setUp()
  self.base = database.new()
end

function TestResetBin:tearDown()
  self.base:close()
end

function TestResetBin:test_reset_empties_the_schema_and_keeps_the_data_in_the_bin()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  lu.assertFalse(self.base:has([["User"]]))
  lu.assertFalse(self.base:has("_prisma_migrations"))
  lu.assertEquals(self.base:value(('select count(*) from %s."Order"'):format(step.bins[1])), 10)
  lu.assertEquals(self.base:value("select state from tilth.resets"), "open")
  lu.assertStrContains(world.said.lines[1], step.bins[1])
end

function TestResetBin:test_reset_gives_the_new_schema_what_the_old_one_had()
  self.base:script(SHOP)
  self.base:script(([[
create role app_%s; grant usage on schema public to app_%s with grant option; revoke usage on schema public from public;
alter default privileges in schema public grant select on tables to app_%s;
alter default privileges in schema public grant usage on sequences to public;
comment on schema public is 'the ''shop''';]]):gsub("%%s", self.base.name))
  local before = schema_facts(self.base)
  local world <close> = open(self.base)
  reset(world)
  lu.assertEquals(schema_facts(self.base), before)
  self.base:script(("drop owned by app_%s; drop role app_%s"):gsub("%%s", self.base.name))
end

function TestResetBin:test_reset_works_for_a_database_owner_who_is_no_superuser()
  local name = "owner_" .. self.base.name
  self.base:script(("create role %s login; alter database %s owner to %s"):format(name, self.base.name, name))
  if self.base:value("select current_setting('server_version_num')::int") < 150000 then
    -- Only since PostgreSQL 15 does public belong to the database's owner.
    self.base:script("alter schema public owner to " .. name)
  end
  local params = { user = name }
  for key, value in pairs(self.base.params) do
    params[key] = params[key] or value
  end
  do
    local world <close> = open({ params = params })
    assert(world.db:script("create table t (id int); insert into t values (1)"))
    local before = schema_facts(self.base)
    reset(world)
    lu.assertEquals(schema_facts(self.base), before)
    assert(world.db:script("create table u (id int)"))
  end
  self.base:script(("reassign owned by %s to postgres; drop owned by %s; alter database %s owner to postgres; drop role %s"):format(
    name, name, self.base.name, name))
end

-- As public is until PostgreSQL 14, and where a provider keeps the ownership.
function TestResetBin:test_a_role_that_owns_the_objects_but_not_the_schema_resets_and_undoes()
  local name = "user_" .. self.base.name
  self.base:script(([[create role %s login; alter schema public owner to postgres; grant all on schema public to %s;
grant create on database %s to %s]]):format(name, name, self.base.name, name))
  local params = { user = name }
  for key, value in pairs(self.base.params) do
    params[key] = params[key] or value
  end
  do
    local world <close> = open({ params = params })
    assert(world.db:script("create type mood as enum ('a'); create table t (id serial primary key, m mood)"))
    assert(world.db:script("insert into t (m) values ('a')"))
    local before = schema_facts(self.base)
    local step = reset(world)
    lu.assertFalse(self.base:has("t"))
    lu.assertEquals(self.base:value(("select count(*) from %s.t"):format(step.bins[1])), 1)
    assert(world.db:script("create table u (id int); insert into u values (1)"))
    assert(undo.automatic(world, step, "no"))
    lu.assertEquals(self.base:value("select count(*) from t"), 1)
    lu.assertFalse(self.base:has("u"))
    lu.assertEquals(schema_facts(self.base), before)
    self.base:script("create table strangers (id int)")
    lu.assertStrContains(obstacles.list(world.look())[1].message, "table strangers of postgres")
  end
  self.base:script(("reassign owned by %s to postgres; drop owned by %s; drop role %s"):format(name, name, name))
end

function TestResetBin:test_undo_brings_everything_back()
  self.base:script(SHOP)
  local facts, rows = schema_facts(self.base), contents(self.base)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(world.db:script("create table half (id int)"))
  local text = assert(undo.automatic(world, step, "column s3cret missing"))
  lu.assertStrContains(text, "public is as before")
  lu.assertEquals(contents(self.base), rows)
  lu.assertEquals(schema_facts(self.base), facts)
  lu.assertEquals(self.base:column("select nspname from pg_namespace where nspname like 'tilth_bin%'"), {})
  lu.assertEquals(self.base:column("select state from tilth.resets order by id"), { "undone", "purged" })
  lu.assertEquals(self.base:value("select ended_why from tilth.resets order by id limit 1"), "migrations failed: column *** missing")
end

function TestResetBin:test_undo_keeps_a_half_made_schema_that_holds_rows()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(world.db:script("create table half (id int); insert into half values (7)"))
  local text = assert(undo.automatic(world, step, "no"))
  local kept = text:match("kept in (tilth_bin_[%w_]+)")
  lu.assertEquals(self.base:value(("select id from %s.half"):format(kept)), 7)
  lu.assertEquals(self.base:value([[select count(*) from "User"]]), 2)
end

function TestResetBin:test_undo_works_from_a_failed_transaction_and_another_role()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(world.db:script("set role pg_monitor; set search_path = nowhere"))
  lu.assertNil(world.db:script("begin; select 1 / 0"))
  lu.assertEquals(world.db:status(), "failed")
  lu.assertStrContains(assert(undo.automatic(world, step, "no")), "as before")
  lu.assertEquals(self.base:value([[select count(*) from "User"]]), 2)
end

function TestResetBin:test_undo_drops_an_extension_that_only_the_failed_migrations_brought()
  self.base:script(SHOP)
  local facts = schema_facts(self.base)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(world.db:script("create extension pg_trgm; create table half (t text); create index on half using gin (t gin_trgm_ops)"))
  assert(undo.automatic(world, step, "no"))
  lu.assertEquals(schema_facts(self.base), facts)
end

function TestResetBin:test_undo_of_an_undo_brings_the_newer_data_back()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(world.db:script("create table newer (id int); insert into newer values (1)"))
  assert(bin.settle(world, step))
  local _, first = assert(undo.bring_back(world.db, step.reset_id, { history_schema = "public" }))
  lu.assertTrue(self.base:has([["User"]]))
  lu.assertFalse(self.base:has("newer"))
  assert(undo.bring_back(world.db, first.kept, { history_schema = "public" }))
  lu.assertTrue(self.base:has("newer"))
  lu.assertFalse(self.base:has([["User"]]))
end

function TestResetBin:test_undo_fails_clearly_when_it_was_done_before()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(undo.automatic(world, step, "no"))
  local text, message, code = undo.bring_back(world.db, step.reset_id, { history_schema = "public" })
  lu.assertNil(text)
  lu.assertStrContains(message, "is undone already")
  lu.assertEquals(code, "usage")
end

function TestResetBin:test_undo_fails_and_changes_nothing_when_the_bin_is_gone()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  self.base:script(("alter schema %s rename to elsewhere; create table now_live (id int)"):format(step.bins[1]))
  local text, message, code = undo.bring_back(world.db, step.reset_id, { history_schema = "public" })
  lu.assertNil(text)
  lu.assertStrContains(message, "no longer there")
  lu.assertEquals(code, "failed")
  lu.assertTrue(self.base:has("now_live"))
end

function TestResetBin:test_recover_takes_back_a_reset_whose_migrations_did_not_finish()
  self.base:script(SHOP)
  do
    local world <close> = open(self.base)
    reset(world)
    assert(world.db:script("create table half (id int)"))
  end
  local world <close> = open(self.base)
  local text = assert(undo.recover(world))
  lu.assertStrContains(text, "cut short")
  lu.assertTrue(self.base:has([["User"]]))
  world.look()
  lu.assertFalse(undo.recover(world))
end

function TestResetBin:test_recover_lets_a_reset_stand_whose_migrations_were_all_applied()
  self.base:script(SHOP)
  do
    local world <close> = open(self.base, { migrations = { {} } })
    reset(world)
    assert(world.db:script([[create table _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz);
insert into _prisma_migrations values ('one', now(), null); create table made (id int)]]))
  end
  local world <close> = open(self.base)
  lu.assertStrContains(assert(undo.recover(world)), "it stands")
  lu.assertTrue(self.base:has("made"))
  lu.assertEquals(self.base:value("select state from tilth.resets"), "done")
end

function TestResetBin:test_settle_purges_what_is_beyond_keep()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local first = reset(world)
  assert(bin.settle(world, first))
  assert(ledger.end_build(world.db, world.ledger_build, { ok = true, steps = {} }))
  assert(world.db:script("create table again (id int)"))
  world.ledger_build = assert(ledger.begin_build(world.db, { build = { kind = "local", text = "t" }, command = "flow" }))
  local second = reset(world)
  assert(bin.settle(world, second))
  lu.assertEquals(world.said.warnings, {})
  lu.assertEquals(self.base:column("select nspname from pg_namespace where nspname like 'tilth_bin%'"), { second.bins[1] })
  lu.assertEquals(self.base:column("select state from tilth.resets order by id"), { "purged", "done" })
end

function TestResetBin:test_settle_keeps_the_data_of_before_when_the_build_between_failed()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local first = reset(world)
  assert(bin.settle(world, first))
  assert(ledger.end_build(world.db, world.ledger_build, { ok = false, steps = {}, error = { message = "npm", code = "failed" } }))
  assert(world.db:script("create table again (id int)"))
  world.ledger_build = assert(ledger.begin_build(world.db, { build = { kind = "local", text = "t" }, command = "flow" }))
  assert(bin.settle(world, reset(world)))
  lu.assertEquals(self.base:value(('select count(*) from %s."User"'):format(first.bins[1])), 2)
end

function TestResetBin:test_purge_refuses_when_others_depend_on_the_bin()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(bin.settle(world, step))
  self.base:script(('create table leaning (id int references %s."User")'):format(step.bins[1]))
  local text, message, code = purge.run(world.db, step.reset_id)
  lu.assertNil(text)
  lu.assertStrContains(message, "leaning")
  lu.assertEquals(code, "unsafe")
  lu.assertEquals(self.base:value(('select count(*) from %s."User"'):format(step.bins[1])), 2)
end

function TestResetBin:test_purge_refuses_a_schema_that_was_put_in_the_place_of_the_bin()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  assert(bin.settle(world, step))
  self.base:script(("alter schema %s rename to mine; create schema %s"):format(step.bins[1], step.bins[1]))
  local text, message = purge.run(world.db, step.reset_id)
  lu.assertNil(text)
  lu.assertStrContains(message, "not the one that the reset put there")
end

function TestResetBin:test_several_schemas_go_and_come_back_together()
  self.base:script([[create schema base; create schema empty_one; create table base.a (id int primary key);
create table b (id int references base.a); insert into base.a values (1); insert into b values (1)]])
  local project = { schema = { datasource = { schemas = { "base", "public", "empty_one", "not_there" } } } }
  local world <close> = open(self.base, { project = project })
  local step = reset(world)
  lu.assertEquals(#step.bins, 2)
  lu.assertFalse(self.base:has("base.a"))
  assert(world.db:script("create schema not_there; create table not_there.x (id int); create table empty_one.y (id int)"))
  assert(undo.automatic(world, step, "no"))
  lu.assertEquals(self.base:value("select count(*) from b join base.a using (id)"), 1)
  lu.assertFalse(self.base:has("empty_one.y"))
  lu.assertEquals(self.base:column("select nspname from pg_namespace where nspname in ('not_there', 'empty_one')"), { "empty_one" })
end

function TestResetBin:test_history_outside_of_the_listed_schemas_goes_and_comes_back()
  self.base:script("create schema base; create table base.a (id int); create table _prisma_migrations (id int); "
    .. "insert into _prisma_migrations values (5)")
  local project = { schema = { datasource = { schemas = { "base" } } } }
  local world <close> = open(self.base, { project = project })
  local step = reset(world)
  lu.assertFalse(self.base:has("_prisma_migrations"))
  assert(world.db:script("create table _prisma_migrations (id int)"))
  assert(undo.automatic(world, step, "no"))
  lu.assertEquals(self.base:value("select id from _prisma_migrations"), 5)
  lu.assertTrue(self.base:has("base.a"))
end

function TestResetBin:test_an_empty_database_is_left_alone_and_noted()
  local world <close> = open(self.base)
  local step, action = reset(world)
  lu.assertTrue(action.empty)
  lu.assertEquals(step.bins, {})
  lu.assertEquals(self.base:value("select count(*) from tilth.resets"), 1)
  assert(world.db:script("create table kept (id int)"))
  lu.assertStrContains(assert(undo.automatic(world, step, "no")), "empty before")
  lu.assertTrue(self.base:has("kept"))
end

function TestResetBin:test_obstacles_are_found()
  local cases = {
    { "create schema o; create table t (id int primary key); create table o.f (id int references t)", "f_id_fkey" },
    { "create schema o; create table t (id int); create view o.v as select * from t", "view o.v" },
    { "create schema o; create type m as enum ('a'); create table o.t (m m)", "uses type m" },
    { "create schema o; create table o.p (id int) partition by range (id); create table t partition of o.p for values from (1) to (2)",
      "inherit" },
    { "create table t (id int); create publication p for table t", "published" },
    { "create function f() returns event_trigger language plpgsql as 'begin end'; "
      .. "create event trigger e on ddl_command_end execute function f()", "event trigger e" },
  }
  for _, case in ipairs(cases) do
    local base <close> = setmetatable({ own = database.new() }, { __close = function(this) this.own:close() end })
    base.own:script(case[1])
    local world <close> = open(base.own)
    local found = obstacles.list(world.observed.reset)
    lu.assertEquals(#found, 1, case[1])
    lu.assertStrContains(found[1].message, case[2])
    local _, action = nil, plan.actions(world.observed)[1]
    local step, _, code = bin.run(world, action)
    lu.assertNil(step)
    lu.assertEquals(code, "unsafe")
    lu.assertTrue(base.own:value("select count(*) from pg_namespace where nspname like 'tilth_bin%'") == 0)
  end
end

function TestResetBin:test_reset_refuses_when_the_schema_changed_after_the_plan()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local action = plan.actions(world.observed)[1]
  self.base:script("alter schema public rename to was; create schema public; create table other (id int)")
  local step, message = bin.run(world, action)
  lu.assertNil(step)
  lu.assertStrContains(message, "replaced by somebody else")
  lu.assertTrue(self.base:has("other"))
end

function TestResetBin:test_who_holds_locks_on_the_schema_is_named_with_the_way_to_end_it()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  lu.assertNil(holders.advice(world.db, { "public", "nosuch" }))
  local reader <close> = self.base:connect({ application_name = "report" })
  assert(reader:script([[begin; select * from "User"]]))
  lu.assertStrContains(holders.advice(world.db, { "public" }), "\"report\", user postgres, idle in transaction")
  local maker <close> = self.base:connect({ application_name = "maker" })
  assert(maker:script("begin; create table made (id int)"))
  -- Renaming a schema waits for who has made something in it, and not for who only reads.
  local advice = holders.advice(world.db, { "public" })
  lu.assertStrContains(advice, "\"maker\"")
  lu.assertNotStrContains(advice, "report")
  lu.assertStrContains(advice, ("pg_terminate_backend(%d)"):format(maker:info().pid))
end

function TestResetBin:test_rows_and_signs_of_life_are_seen()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local seen = world.observed.reset
  lu.assertTrue(seen.rows)
  lu.assertEquals(seen.life.last_in, "Order.updatedAt")
  lu.assertNotNil(seen.life.first_at)
  lu.assertTrue(seen.life.sessions >= 1)
  self.base:script([[delete from "Order"; delete from "User"]])
  lu.assertFalse(world.look().rows)
end

function TestResetBin:test_long_schema_names_fit_their_bins()
  local name = ("ä"):rep(31)
  self.base:script(("create schema %s; create table %s.t (id int)"):format(name, name))
  local world <close> = open(self.base, { schema = name })
  local step = reset(world)
  lu.assertTrue(#step.bins[1] <= 63)
  assert(undo.automatic(world, step, "no"))
  lu.assertTrue(self.base:has(name .. ".t"))
end

function TestResetBin:test_resets_are_listed_with_their_builds()
  self.base:script(SHOP)
  local world <close> = open(self.base)
  local step = reset(world)
  local list = assert(resets.list(world.db))
  lu.assertEquals(#list, 1)
  lu.assertEquals(list[1].schemas[1].bin, step.bins[1])
  lu.assertEquals(list[1].schemas[1].extensions[1], "citext")
  lu.assertEquals(list[1].build, "local test")
end

return TestResetBin
