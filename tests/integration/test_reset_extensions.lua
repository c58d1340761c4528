--- A reset keeps extensions, and the migrations that follow it meet them: those that make one anew, and those that drop one.
local lu = require("luaunit")

local TestResetExtensions = {}

local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TABLE <const> = "create table a (id serial primary key, t citext);\n"
local FIRST <const> = "20240101000000_one"

function TestResetExtensions:setUp()
  self.base = database.new()
end

function TestResetExtensions:tearDown()
  self.base:close()
end

function TestResetExtensions:run(args, exit, reset)
  local result = program.run({ args = args, cwd = self.folder.path, env = {
    DATABASE_URL = ("postgresql://postgres@localhost/%s?host=%s"):format(self.base.name, self.base.params.host),
    RESET_DATABASE = reset and "true" or false,
  } })
  lu.assertEquals(result.status, exit or 0, result.text)
  return result
end

-- A database that a first migration has made, with a row; then the file is another one, and so is what the history knows of it.
function TestResetExtensions:deploy(text, later)
  self.folder = project.new({ migrations = { { FIRST, text } } })
  self:run({ "flow", "--no-build" })
  self.base:query("insert into a (t) values ('kept')")
  if later then
    self.folder:migration(FIRST, later)
  end
end

function TestResetExtensions:kept()
  return self.base:value("select count(*) from public.a where t = 'kept'")
end

function TestResetExtensions:test_an_extension_is_made_once()
  local text = "-- what all need\ncreate extension citext;\n" .. TABLE .. "CREATE EXTENSION \"uuid-ossp\" WITH SCHEMA public;\n"
  self:deploy(text)
  local result = self:run({ "flow", "--no-build" }, 0, true)
  lu.assertStrContains(result.text, "line 2: CREATE EXTENSION citext is passed over")
  lu.assertStrContains(result.text, "line 4: CREATE EXTENSION uuid-ossp is passed over")
  lu.assertEquals(self:kept(), 0)
  lu.assertStrContains(self:run({ "migrate", "status" }).stdout, "up to date")
  self:run({ "reset", "undo", "--force" })
  lu.assertEquals(self:kept(), 1)
end

function TestResetExtensions:test_a_file_that_runs_statement_by_statement_makes_it_once_too()
  self:deploy("create extension citext;\n" .. TABLE .. "create index concurrently i on a (t);\n")
  lu.assertStrContains(self:run({ "flow", "--no-build" }, 0, true).text, "line 1: CREATE EXTENSION citext is passed over")
end

function TestResetExtensions:test_an_error_after_it_has_its_own_line_and_column()
  self:deploy("create extension citext;\n" .. TABLE, "create extension\n citext; " .. TABLE .. " select nonsense;\n")
  local result = self:run({ "flow", "--no-build" }, 1, true)
  lu.assertStrContains(result.text, "migration.sql:3:9 (statement 3 of 3)")
  lu.assertStrContains(result.text, "public is as before it")
  lu.assertEquals(self:kept(), 1)
end

function TestResetExtensions:test_without_a_reset_nothing_is_passed_over()
  self:deploy("create extension citext;\n" .. TABLE)
  self.folder:migration("20240102000000_two", "create extension citext;")
  local result = self:run({ "flow", "--no-build" }, 1)
  lu.assertStrContains(result.text, "extension \"citext\" already exists")
  lu.assertStrContains(result.text, "write CREATE EXTENSION IF NOT EXISTS")
end

function TestResetExtensions:test_an_extension_in_a_schema_that_stays_is_not_passed_over()
  self:deploy("create schema lib; create extension citext schema lib; set search_path = public, lib;\n" .. TABLE)
  local result = self:run({ "flow", "--no-build" }, 1, true)
  lu.assertStrContains(result.text, "\"lib\" already exists")
  lu.assertEquals(self.base:value("select count(*) from public.a where t::text = 'kept'"), 1)
end

-- Each: what the migration does anew to the extension that the old tables use.
local DESTROYING <const> = {
  "drop extension citext cascade; create extension citext;\n" .. TABLE,
  "create table z (id int); create index concurrently zi on z (id);\ndrop extension citext cascade;\n",
  "begin; drop extension citext cascade; commit; create table z (id int); create index concurrently zi on z (id);\n",
  "do $$ begin execute 'drop extension citext cascade'; end $$;\n",
  "do $$ declare n text; begin for n in select nspname from pg_namespace where nspname like 'tilth\\_bin\\_%' loop "
    .. "execute format('truncate %I.a', n); end loop; end $$;\n",
  "drop schema lib cascade;\n",
  "delete from lib.ref;\n",
  "alter table lib.ref drop constraint ref_pkey cascade;\n",
  "drop function lib.f() cascade;\n",
}

-- What the reset does not put aside, and the table of the bin uses.
local LIBRARY <const> = [[
create schema lib; create domain lib.word as text;
create table lib.ref (id int primary key); insert into lib.ref values (1);
create function lib.f() returns trigger language plpgsql as 'begin return new; end';
]]
local USER <const> = [[
alter table a add w lib.word default 'w', add r int default 1 references lib.ref on delete cascade;
create trigger tr before update on a for each row execute function lib.f();
]]

function TestResetExtensions:test_a_migration_that_reaches_into_the_bin_is_rolled_back()
  for index, text in ipairs(DESTROYING) do
    self.base:close()
    self.base = database.new()
    self:deploy("create extension citext;\n" .. LIBRARY .. TABLE .. USER, text)
    local result = self:run({ "flow", "--no-build" }, 1, true)
    lu.assertStrContains(result.text, "would change what the reset has put into the bin (tilth_bin_", false, false, "case " .. index)
    lu.assertStrContains(result.text, "The reset was taken back: public is as before it.")
    lu.assertNotStrContains(result.text, "the next deploy goes on")
    lu.assertEquals(self.base:value("select count(*) from public.a where t = 'kept' and w = 'w' and r = 1"), 1, "case " .. index)
    lu.assertEquals(self.base:value("select count(*) from pg_trigger where tgname = 'tr'"), 1, "case " .. index)
  end
end

function TestResetExtensions:test_a_database_without_plpgsql_is_guarded_too()
  self:deploy("create extension citext;\n" .. TABLE, "drop extension citext cascade;\n")
  self.base:script("drop extension plpgsql")
  local result = self:run({ "flow", "--no-build" }, 1, true)
  lu.assertStrContains(result.text, "would change what the reset has put into the bin")
  lu.assertEquals(self:kept(), 1)
end

function TestResetExtensions:test_an_undo_tells_what_somebody_else_has_dropped_from_the_bin()
  self:deploy("create extension citext;\n" .. TABLE)
  self:run({ "reset", "--force" })
  self.base:script("set client_min_messages = warning; drop schema public cascade; create schema public")
  local result = self:run({ "reset", "undo", "--force" })
  lu.assertStrContains(result.stdout, "but for what something else has dropped")
  lu.assertStrContains(result.stdout, "_public has lost 1 of ")
  lu.assertEquals(self.base:value("select count(*) from public.a"), 1)
end

return TestResetExtensions
