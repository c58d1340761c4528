--- tilth reset, undo, list, purge, history and check through the program; interruptions; rights; many at once.
local lu = require("luaunit")

local TestResetCommands = {}

local clock = require("tilth.clock")
local env = require("tilth.core.env")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local MIGRATIONS <const> = { { "20240101000000_one", "create table a (id serial primary key, t text);" } }
local SLOW <const> = { "20240102000000_slow", "create table b (id int);\nselect pg_sleep(60);" }
local SIGKILL <const>, SIGTERM <const> = 9, 15

function TestResetCommands:setUp()
  self.base = database.new()
  self.folder = project.new({ migrations = MIGRATIONS })
end

function TestResetCommands:tearDown()
  self.base:close()
end

function TestResetCommands:options(args, variables)
  local with = { DATABASE_URL = ("postgresql://postgres@localhost/%s?host=%s"):format(self.base.name, self.base.params.host) }
  for name, value in pairs(variables or {}) do
    with[name] = value
  end
  return { args = args, env = with, cwd = self.folder.path }
end

function TestResetCommands:run(args, variables, exit)
  local result = program.run(self:options(args, variables))
  lu.assertEquals(result.status, exit or 0, result.text)
  return result
end

function TestResetCommands:deploy_with_a_row()
  self:run({ "flow" })
  self.base:query("insert into a (t) values ('kept')")
end

function TestResetCommands:kept()
  return self.base:value("select count(*) from a where t = 'kept'")
end

function TestResetCommands:test_undo_brings_the_newest_back_and_list_shows_it()
  self:deploy_with_a_row()
  self:run({ "reset", "--force" })
  local listed = program.json(self:options({ "reset", "list" }))
  lu.assertEquals(#listed.resets, 1)
  lu.assertTrue(listed.resets[1].holding)
  lu.assertEquals(listed.resets[1].bins[1].schema, "public")
  lu.assertStrContains(self:run({ "reset", "list" }).stdout, listed.resets[1].bins[1].bin)
  lu.assertStrContains(self:run({ "reset", "undo", "--force" }).stdout, "public is as before")
  lu.assertEquals(self:kept(), 1)
  lu.assertStrContains(self:run({ "reset", "list", "--all" }).stdout, "undone")
end

function TestResetCommands:test_a_refused_flow_says_nothing_of_what_would_follow()
  self:deploy_with_a_row()
  local result = self:run({ "flow" }, { RESET_DATABASE = "true", TILTH_ENV = "production" }, 3)
  lu.assertStrContains(result.stderr, "protected")
  lu.assertNotStrContains(result.text, "Nothing to build")
  lu.assertStrContains(self:run({ "flow" }).text, "Nothing to build")
end

function TestResetCommands:test_a_reset_where_nothing_may_be_written_says_where_to_connect()
  self:deploy_with_a_row()
  self.base:query(("alter database %q set default_transaction_read_only = on"):format(self.base.name))
  local result = self:run({ "reset", "--force" }, nil, 1)
  lu.assertStrContains(result.stderr, "read-only transaction")
  lu.assertStrContains(result.stderr, "connect to the primary")
  lu.assertEquals(self:kept(), 1)
end

function TestResetCommands:test_a_bin_that_will_go_is_named_before_it_goes()
  self:deploy_with_a_row()
  lu.assertNotStrContains(self:run({ "reset", "--force" }).text, "goes for good")
  local name = self.base:value("select schemas -> 0 ->> 'bin' from tilth.resets")
  local planned = self:run({ "reset", "--force", "--dry-run" }).text
  lu.assertStrContains(planned, "goes for good when the migrations have gone well: reset 1 of ")
  lu.assertStrContains(planned, name)
  self.folder:write("tilth.config.lua", "return { reset = { keep = 2 } }")
  lu.assertNotStrContains(self:run({ "reset", "--force" }).text, "goes for good")
end

function TestResetCommands:test_a_restore_leaves_the_bin_of_an_earlier_reset()
  self:run({ "flow" })
  self:run({ "backup", "--file", self.folder:join("old.tilth"), "--format", "copy" })
  self.base:query("insert into a (t) values ('kept')")
  self:run({ "reset", "--force" })
  local result = self:run({ "restore", "--force", self.folder:join("old.tilth") })
  lu.assertNotStrContains(result.text, "goes for good")
  self:run({ "reset", "undo", "1", "--force" })
  lu.assertEquals(self:kept(), 1)
end

function TestResetCommands:test_undo_and_purge_want_force_without_a_terminal()
  self:deploy_with_a_row()
  self:run({ "reset", "--force" })
  for _, name in ipairs({ "undo", "purge" }) do
    lu.assertStrContains(self:run({ "reset", name }, nil, 3).stderr, "--force")
  end
  lu.assertEquals(self.base:value("select state from tilth.resets"), "done")
end

function TestResetCommands:test_undo_and_purge_of_a_protected_database_want_its_name()
  self:deploy_with_a_row()
  self:run({ "reset", "--force" })
  self.base:query("update tilth.ledger set environment = 'production'")
  for _, name in ipairs({ "undo", "purge" }) do
    lu.assertStrContains(self:run({ "reset", name, "--force" }, nil, 3).stderr, "RESET_DATABASE_CONFIRM=" .. self.base.name)
    lu.assertStrContains(self:run({ "reset", name, "--force" }, { CLAUDECODE = "1", RESET_DATABASE_CONFIRM = self.base.name }, 3).stderr,
      "Claude Code")
  end
  self:run({ "reset", "undo", "--force" }, { RESET_DATABASE_CONFIRM = self.base.name })
  lu.assertEquals(self:kept(), 1)
end

function TestResetCommands:test_purge_frees_the_bin_for_good()
  self:deploy_with_a_row()
  self:run({ "reset", "--force" })
  lu.assertStrContains(self:run({ "reset", "purge", "--force" }).stdout, "freed")
  lu.assertEquals(self.base:column("select nspname from pg_namespace where nspname like 'tilth_bin%'"), {})
  lu.assertStrContains(self:run({ "reset", "undo", "--force" }, nil, 2).stderr, "nothing in the bin")
  lu.assertStrContains(self:run({ "reset", "purge", "--force" }).stdout, "nothing in the bin")
end

function TestResetCommands:test_a_wrong_number_is_a_usage_error()
  self:deploy_with_a_row()
  self:run({ "reset", "--force" })
  lu.assertStrContains(self:run({ "reset", "undo", "99", "--force" }, nil, 2).stderr, "no reset 99")
  lu.assertStrContains(self:run({ "reset", "undo", "x", "--force" }, nil, 2).stderr, "not the number of a reset")
  lu.assertEquals(self:kept(), 0)
end

function TestResetCommands:test_undo_is_refused_when_others_depend_on_the_data_in_use()
  self:deploy_with_a_row()
  self:run({ "reset", "--force" })
  self.base:script("create schema o; create view o.v as select * from a")
  lu.assertStrContains(self:run({ "reset", "undo", "--force" }, nil, 3).stderr, "view o.v")
  self.base:script("drop view o.v")
  self:run({ "reset", "undo", "--force" })
  lu.assertEquals(self:kept(), 1)
end

function TestResetCommands:test_commands_without_a_ledger_say_so()
  self.base:script("create table x (id int)")
  lu.assertStrContains(self:run({ "history" }).stdout, "not worked on this database yet")
  lu.assertStrContains(self:run({ "reset", "list" }).stdout, "nothing in the bin")
  lu.assertStrContains(self:run({ "reset", "undo", "--force" }, nil, 2).stderr, "no ledger")
  lu.assertNil(self.base:value("select to_regnamespace('tilth')::text"))
end

function TestResetCommands:test_history_shows_builds_flags_and_deeds()
  self:run({ "flow" }, { AWS_APP_ID = "d1", AWS_BRANCH = "dev", AWS_JOB_ID = "0000000007", RUN_SEED = "false" })
  self.base:query("insert into a (t) values ('kept')")
  self:run({ "flow" }, { AWS_APP_ID = "d1", AWS_BRANCH = "dev", AWS_JOB_ID = "0000000008", RESET_DATABASE = "true" })
  self:run({ "flow" }, { AWS_APP_ID = "d1", AWS_BRANCH = "dev", AWS_JOB_ID = "0000000009", RESET_DATABASE = "true" }, 3)
  local text = self:run({ "history" }).stdout
  for _, part in ipairs({ "Marked as staging", "0000000008", "RESET_DATABASE", "reset 1 (done), 1 migration", "refused" }) do
    lu.assertStrContains(text, part)
  end
  local document = program.json(self:options({ "history", "--limit", "2" }))
  lu.assertEquals(#document.builds, 2)
  lu.assertEquals(document.builds[1].status, "refused")
  lu.assertEquals(document.builds[2].resets[1].kind, "reset")
  lu.assertEquals(document.environment, "staging")
end

function TestResetCommands:test_history_survives_a_reset_by_prisma()
  self:deploy_with_a_row()
  self.base:script("drop schema public cascade; create schema public")
  lu.assertStrContains(self:run({ "history" }).stdout, "1 migration")
end

function TestResetCommands:test_check_lists_its_rules_and_changes_nothing()
  lu.assertStrContains(self:run({ "check", "--list" }).stdout, "reset-stale-flag")
  self:run({ "check", "--reset" })
  lu.assertEquals(self.base:value("select count(*) from pg_class where relnamespace = 'public'::regnamespace"), 0)
  lu.assertNil(self.base:value("select to_regnamespace('tilth')::text"))
end

-- The server notices a killed client within about a second (before PostgreSQL 14: when its statement ends); the next run
-- waits for the lock until then.
function TestResetCommands:test_a_killed_reset_is_taken_back_by_the_next_run()
  self:deploy_with_a_row()
  self.folder:migration(SLOW[1], (SLOW[2]:gsub("60", "6")))
  self.folder:migration("20240103000000_after", "create table c (id int);")
  do
    local child <close> = program.start(self:options({ "flow" }, { RESET_DATABASE = "true" }))
    child:wait_for("Reset: public")
    child:signal(SIGKILL)
    child:wait()
  end
  self.folder:migration(SLOW[1], "create table b (id int);")
  local result = self:run({ "flow" })
  lu.assertStrContains(result.text, "cut short")
  lu.assertEquals(self:kept(), 1)
  lu.assertTrue(self.base:has("b"))
  lu.assertEquals(self.base:value("select state from tilth.resets order by id limit 1"), "undone")
end

function TestResetCommands:test_a_terminated_reset_brings_the_data_back_before_it_ends()
  self:deploy_with_a_row()
  self.folder:migration(SLOW[1], SLOW[2])
  local child <close> = program.start(self:options({ "flow" }, { RESET_DATABASE = "true" }))
  child:wait_for("Reset: public")
  self.base:wait_for_query("pg_sleep(")
  child:signal(SIGTERM)
  local result = child:wait()
  lu.assertEquals(result.status, 143, result.stdout .. result.stderr)
  lu.assertEquals(self:kept(), 1)
  lu.assertFalse(self.base:has("b"))
end

function TestResetCommands:test_a_lost_connection_in_the_migrations_brings_the_data_back()
  self:deploy_with_a_row()
  self.folder:migration(SLOW[1], SLOW[2])
  local child <close> = program.start(self:options({ "flow" }, { RESET_DATABASE = "true" }))
  child:wait_for("Reset: public")
  self.base:wait_for_query("pg_sleep(")
  self.base:query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
    .. "and application_name like 'tilth%'")
  local result = child:wait()
  lu.assertNotEquals(result.status, 0)
  lu.assertStrContains(result.stderr, "as before")
  lu.assertEquals(self:kept(), 1)
end

function TestResetCommands:test_a_seed_that_fails_after_a_reset_leaves_the_data_one_undo_away()
  self:deploy_with_a_row()
  self.folder:write("seeds/bad.lua", [[
return require("tilth.seed").define({ description = "bad", run = function(db) db:exec("select nonsense") end })]])
  local result = program.run(self:options({ "flow" }, { RESET_DATABASE = "true", RUN_SEED = "true" }))
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "tilth reset undo")
  self:run({ "reset", "undo", "--force" })
  lu.assertEquals(self:kept(), 1)
end

function TestResetCommands:test_keep_nothing_still_keeps_the_data_until_the_run_has_ended_well()
  self:deploy_with_a_row()
  self.folder:write("tilth.config.lua", "return { reset = { keep = 0 } }")
  local bad = self.folder:write("seeds/bad.lua", [[
return require("tilth.seed").define({ description = "bad", run = function(db) db:exec("select nonsense") end })]])
  program.run(self:options({ "flow" }, { RESET_DATABASE = "true", RUN_SEED = "true" }))
  lu.assertEquals(#self.base:column("select nspname from pg_namespace where nspname like 'tilth_bin%'"), 1)
  lu.assertTrue(os.remove(bad))
  self:run({ "flow" }, { RESET_DATABASE = "true" })
  lu.assertEquals(self.base:column("select nspname from pg_namespace where nspname like 'tilth_bin%'"), {})
end

function TestResetCommands:dump()
  local bindir = env.get("TILTH_TEST_PG_PROGRAMS")
  local result = program.run({ program = bindir .. "/pg_dump", args = { "-h", self.base.params.host, "-U", "postgres", "-N", "tilth",
    self.base.name } })
  lu.assertEquals(result.status, 0, result.text)
  -- Newer programs put a random key into each dump.
  return (result.stdout:gsub("\\(u?n?restrict) %w+", "%1"))
end

function TestResetCommands:test_undo_gives_back_the_database_byte_for_byte()
  if not require("tilth.core.fs").stat((env.get("TILTH_TEST_PG_PROGRAMS") or "") .. "/pg_dump") then
    lu.skip("this server comes without pg_dump")
  end
  self:deploy_with_a_row()
  self.base:script([[create type mood as enum ('x', 'y'); create table m (id serial primary key, m mood, a_id int references a);
insert into m (m, a_id) select 'y', 1 from generate_series(1, 50); create index on m (m); create view v as select * from m;
create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger g before update on m
for each row execute function f(); comment on schema public is 'ours'; grant usage on schema public to pg_monitor;
alter default privileges in schema public grant select on tables to pg_monitor]])
  self.base:disconnect()
  local before = self:dump()
  lu.assertStrContains(before, "CREATE TRIGGER g")
  self.folder:migration("20240102000000_bad", "create table half (id int);\nselect nonsense;")
  self:run({ "flow" }, { RESET_DATABASE = "true" }, 1)
  lu.assertEquals(self:dump(), before)
  self.folder:migration("20240102000000_bad", "create table half (id int);")
  self:run({ "reset", "--force" })
  self:run({ "reset", "undo", "--force" })
  self:run({ "reset", "purge", "--force" })
  lu.assertEquals(self:dump(), before)
end

function TestResetCommands:test_a_role_that_may_not_make_a_ledger_migrates_but_does_not_reset()
  local name = "limited_" .. self.base.name
  self.base:script(("create role %s login; alter schema public owner to %s"):format(name, name))
  local url = { DATABASE_URL = ("postgresql://%s@localhost/%s?host=%s"):format(name, self.base.name, self.base.params.host) }
  lu.assertStrContains(self:run({ "flow" }, url).text, "cannot make tilth's ledger")
  lu.assertTrue(self.base:has("a"))
  lu.assertStrContains(self:run({ "reset", "--force" }, url, 3).stderr, "may not make tilth's ledger")
  lu.assertTrue(self.base:has("a"))
  self.base:script(("reassign owned by %s to postgres; drop owned by %s; drop role %s"):format(name, name, name))
end

function TestResetCommands:test_a_role_without_rights_on_the_ledger_migrates_but_does_not_reset()
  self:deploy_with_a_row()
  local name = "other_" .. self.base.name
  self.base:script(("create role %s login; grant create on database %s to %s; alter schema public owner to %s;"
    .. "grant all on all tables in schema public to %s"):format(name, self.base.name, name, name, name))
  local url = { DATABASE_URL = ("postgresql://%s@localhost/%s?host=%s"):format(name, self.base.name, self.base.params.host) }
  self:run({ "flow" }, url)
  lu.assertStrContains(self:run({ "reset", "--force" }, url, 3).stderr, "may not read tilth's ledger")
  lu.assertEquals(self:kept(), 1)
  self.base:script(("reassign owned by %s to postgres; drop owned by %s; drop role %s"):format(name, name, name))
end

function TestResetCommands:test_many_first_flows_at_once_all_end_well()
  local children = {}
  for index = 1, 6 do
    children[index] = program.start(self:options({ "flow" }))
  end
  for _, child in ipairs(children) do
    local result = child:wait()
    child:close()
    lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
  end
  lu.assertEquals(self.base:value("select count(*) from tilth.builds where status = 'done'"), 6)
  lu.assertEquals(self.base:value("select count(*) from tilth.ledger"), 1)
end

function TestResetCommands:test_a_connection_lost_in_the_midst_of_the_reset_says_how_to_find_out()
  self:deploy_with_a_row()
  local holder = self.base:connect()
  assert(holder:script("begin; lock table tilth.resets in share mode"))
  local child <close> = program.start(self:options({ "reset", "--force" }))
  local deadline = clock.monotonic() + 60
  repeat
    clock.sleep(0.02)
    local ended = self.base:value("select count(pg_terminate_backend(pid)) from pg_stat_activity "
      .. "where application_name like 'tilth reset%' and wait_event_type = 'Lock'")
  until ended > 0 or clock.monotonic() > deadline
  local result = child:wait()
  assert(holder:script("rollback"))
  lu.assertNotEquals(result.status, 0)
  lu.assertStrContains(result.stderr, "not known whether it was carried out")
  lu.assertStrContains(result.stderr, "tilth reset undo")
  lu.assertEquals(self.base:value("select count(*) from pg_namespace where nspname like 'tilth_bin%'"), 0)
end

function TestResetCommands:test_ties_are_kept_only_by_consent_and_behind_a_backup()
  local base <close> = setmetatable({ own = database.new() }, { __close = function(this) this.own:close() end })
  local own = base.own
  local folder = project.new({ migrations = { { "20240101000000_t", "create table t (id integer primary key)" } } })
  local function tilth(args, exit)
    local result = program.run({ args = args, cwd = folder.path, env = { DATABASE_URL = own.url } })
    lu.assertEquals(result.status, exit or 0, result.text)
    return result
  end
  tilth({ "flow" })
  own:script([[insert into t values (1), (2); create schema other; create view other.v as select * from t;
    create table other.child (id integer references t); insert into other.child values (2); create publication pub for table t]])
  local refused = tilth({ "reset", "--force" }, 3)
  for _, text in ipairs({ "view other.v", "child_id_fkey", "pub", 'ties = "keep"' }) do
    lu.assertStrContains(refused.stderr, text)
  end
  lu.assertEquals(own:value("select count(*) from t"), 2)
  folder:write("tilth.config.lua", 'return { reset = { ties = "keep" }, backup = { dir = "kept" } }')
  local done = tilth({ "reset", "--force" })
  lu.assertStrContains(done.text, "Backup: ")
  lu.assertStrContains(done.text, "stay tied to the old data in the bin")
  lu.assertEquals(own:value("select count(*) from t"), 0)
  lu.assertEquals(own:value("select count(*) from other.v"), 2)
  lu.assertStrContains(tilth({ "reset", "purge", "--force" }, 3).stderr, "other")
  tilth({ "reset", "undo", "--force" })
  own:query("insert into t values (3)")
  lu.assertEquals(own:value("select count(*) from other.v"), 3)
  lu.assertEquals(own:value("select tablename from pg_publication_tables where pubname = 'pub'"), "t")
end

return TestResetCommands
