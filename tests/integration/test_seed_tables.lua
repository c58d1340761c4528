--- Tables with more to them than columns: identities, deferred constraints, triggers, rules, children that inherit; and what is no table.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedTables = {}

local TABLES <const> = [[
create table always (id int generated always as identity primary key, email text unique, n int);
create table owner (id int primary key);
create table later (id int primary key, r int references owner deferrable initially deferred);
create table lower (email text primary key, v text);
create function lower_email() returns trigger language plpgsql as 'begin new.email = lower(new.email); return new; end';
create trigger l before insert or update on lower for each row execute function lower_email();
create table ruled (id int primary key, v text);
create rule r as on update to ruled do also select 1;
create table base (id int primary key, v text);
create table kid (extra text) inherits (base);
insert into kid values (1, 'kid', 'e'), (9, 'kid', 'e');
create view a_view as select * from base;
create materialized view a_matview as select 1 as id;
]]

function TestSeedTables:setUp()
  self.database = database.new()
  self.database:script(TABLES)
  self.project = project.new({ package = { name = "p" } })
end

function TestSeedTables:tearDown()
  self.database:close()
end

local function seed(self, body, args)
  self.project:write("seeds/one.lua",
    'local seed = require("tilth.seed")\nreturn seed.define({ run = function(db, ctx)\n' .. body .. "\nend })\n")
  return program.run({ args = { "seed", table.unpack(args or {}) }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local function good(self, body, expected)
  local result = seed(self, body)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, expected)
end

local function bad(self, body, expected, args)
  local result = seed(self, body, args)
  lu.assertEquals(result.status, 1, result.text)
  for _, fragment in ipairs(expected) do
    lu.assertStrContains(result.stderr, fragment)
  end
end

function TestSeedTables:test_an_identity_that_is_always_generated_is_given_to_new_rows_only()
  good(self, 'db:upsert("always", { { id = 5, email = "a", n = 1 } }, { key = "email" })', "1 inserted")
  good(self, 'db:upsert("always", { { id = 5, email = "a", n = 2 } }, { key = "email" })', "1 updated")
  lu.assertEquals(self.database:query("select id, n from always")[1], { id = 5, n = 2 })
end

function TestSeedTables:test_a_deferred_constraint_is_explained_in_every_kind_of_run()
  for _, args in ipairs({ {}, { "--dry-run" }, { "check" } }) do
    bad(self, 'db:upsert("later", { { id = 1, r = 99 } })', { "seeds/one.lua: foreign key later_r_fkey: (r)=(99) is not in table owner",
      "Seed owner first" }, args)
  end
  good(self, 'db:upsert("later", { { id = 1, r = 99 } }) db:upsert("owner", { { id = 99 } })', "later: 1 inserted; owner: 1 inserted")
end

function TestSeedTables:test_a_deferred_constraint_waits_again_for_the_next_seed_of_a_rehearsal()
  self.project:write("seeds/two.lua", [[return require("tilth.seed").define({ run = function(db)
    db:upsert("later", { { id = 2, r = 98 } }) db:upsert("owner", { { id = 98 } }) end })]])
  lu.assertEquals(seed(self, 'db:upsert("owner", { { id = 1 } })', { "check" }).status, 0)
end

function TestSeedTables:test_rows_that_a_trigger_makes_equal_are_counted_as_unchanged()
  for _, body in ipairs({ 'db:upsert("lower", { { email = "A", v = "x" } })',
    'local rows = {} for i = 1, 5100 do rows[i] = { email = "A" .. i, v = "x" } end db:upsert("lower", rows)' }) do
    good(self, body, "inserted")
    local result = seed(self, body)
    lu.assertNotStrContains(result.stdout, "inserted")
    lu.assertStrContains(result.stdout, "unchanged")
  end
end

function TestSeedTables:test_rules_are_never_passed_over()
  local rows = 'local rows = {} for i = 1, 5100 do rows[i] = { id = i } end '
  bad(self, rows .. 'db:load("ruled", rows)', { "rules (0A000)" })
  lu.assertEquals(self.database:value("select count(*) from ruled"), 0)
end

function TestSeedTables:test_rows_of_tables_that_inherit_are_left_alone()
  good(self, 'db:upsert("base", { { id = 1, v = "base" } })', "1 inserted")
  good(self, 'db:sync("base", { { id = 2, v = "base" } }, { delete = true })', "1 inserted, 1 deleted")
  good(self, 'db:sync("base", {}, { delete = true, empty = true })', "1 deleted")
  lu.assertEquals(self.database:column("select id from base order by id"), { 1, 9 })
end

function TestSeedTables:test_what_is_no_table_is_said()
  bad(self, 'db:upsert("a_view", { { id = 1 } })', { '"a_view" is a view; the verbs write to tables' })
  bad(self, 'db:upsert("a_matview", { { id = 1 } })', { '"a_matview" is a materialized view' })
end

return TestSeedTables
