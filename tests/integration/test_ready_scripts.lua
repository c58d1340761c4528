--- Tests the scripts that teams use as they are: wait, anonymise, refresh.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local database = require("support.database")
local program = require("support.program")
local shop = require("support.shop")

local TestReadyScripts = {}

local PERSONAL <const> = [[
return { User = { email = "email", name = "name" }, Address = { street = "street", city = { "choice", { "Here", "There" } } } }]]

function TestReadyScripts:setUp()
  self.shop = shop.new()
  self.scripts = env.get("TILTH_SOURCE") .. "/scripts/"
  self.shop.folder:write("personal.lua", PERSONAL)
  lu.assertEquals(self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" }).status, 0)
end

function TestReadyScripts:tearDown()
  self.shop:close()
end

function TestReadyScripts:script(name, args, options)
  local all = { "run" }
  table.move(options or {}, 1, #(options or {}), #all + 1, all)
  all[#all + 1] = self.scripts .. name .. ".lua"
  table.move(args or {}, 1, #(args or {}), #all + 1, all)
  return self.shop:run(all)
end

function TestReadyScripts:users()
  return self.shop.database:value("select string_agg(concat_ws('|', id, email, name), e'\\n' order by id) from users")
end

function TestReadyScripts:test_every_script_compiles()
  for _, entry in ipairs(assert(fs.list(self.scripts))) do
    if entry.name:find("%.lua$") then lu.assertNotNil(load(assert(fs.read(self.scripts .. entry.name)), "@" .. entry.name)) end
  end
end

function TestReadyScripts:test_wait_says_that_the_database_answers()
  local result = self:script("wait", { "60s" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "answers (")
end

function TestReadyScripts:test_wait_gives_up_in_time()
  local result = program.run({ args = { "run", self.scripts .. "wait.lua", "1s" }, cwd = self.shop.path,
    env = { DATABASE_URL = "postgresql://u@127.0.0.1:1/x" } })
  lu.assertEquals(result.status, 4, result.text)
  lu.assertTrue(result.seconds < 50)
end

function TestReadyScripts:test_wait_refuses_what_is_no_time()
  for _, args in ipairs({ { "soon" }, { "5s", "more" }, { "-1s" } }) do
    local result = self:script("wait", args)
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, ("how long is %q? Usage: tilth run wait.lua [TIME]"):format(table.concat(args, " ")))
  end
end

function TestReadyScripts:test_anonymise_replaces_what_is_personal_and_nothing_else()
  local before, rest = self:users(), self.shop.database:value("select string_agg(p::text, ',' order by id) from products p")
  local result = self:script("anonymise", { "personal.lua" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Anonymised User: 5 rows")
  local after = self:users()
  lu.assertNotEquals(after, before)
  lu.assertEquals(self.shop.database:value("select count(*) from users where email not like '%@example.com'"), 0)
  lu.assertEquals(self.shop.database:value("select count(*) from addresses where city not in ('Here', 'There')"), 0)
  lu.assertEquals(self.shop.database:value("select string_agg(p::text, ',' order by id) from products p"), rest)
  lu.assertEquals(self:script("anonymise", { "personal.lua" }).status, 0)
  lu.assertEquals(self:users(), after)
end

function TestReadyScripts:test_anonymise_works_through_more_than_one_batch()
  self.shop.database:script([[create table many (a int, b text, secret text, primary key (a, b));
    insert into many select n % 70, 'b' || n, case when n % 10 = 0 then null else 'geheim' end from generate_series(1, 5000) n]])
  self.shop.folder:write("many.lua", [[return { many = { secret = "sentence" } }]])
  local result = self:script("anonymise", { "many.lua" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "many: 5000 rows")
  lu.assertEquals(self.shop.database:value("select count(*) from many where secret = 'geheim'"), 0)
  lu.assertEquals(self.shop.database:value("select count(*) from many where secret is null"), 500)
end

function TestReadyScripts:test_anonymise_is_refused_on_production()
  local before = self:users()
  local result = self:script("anonymise", { "personal.lua" }, { "--env", "production" })
  lu.assertEquals(result.status, 3, result.text)
  lu.assertStrContains(result.stderr, "is protected")
  lu.assertEquals(self:users(), before)
end

function TestReadyScripts:test_a_table_that_does_not_fit_changes_nothing()
  local before = self:users()
  for _, case in ipairs({
    { [[return { Userr = { email = "email" } }]], 'Did you mean "User"?' },
    { [[return { User = { emial = "email" } }]], 'User has no field "emial". Did you mean "email"?' },
    { [[return { User = { email = "emall" } }]], 'there is no kind emall. Did you mean "email"?' },
    { [[return { User = { id = "uuid" } }]], "part of the primary key" },
    { [[return {}]], "is empty" }, { [[return { User = {} }]], "which of its fields" },
    { [[return { User = { email = { "choice", { "same" } } } }]], "users_email_key" },
  }) do
    self.shop.folder:write("wrong.lua", case[1])
    local result = self:script("anonymise", { "wrong.lua" })
    lu.assertTrue(result.status == 1 or result.status == 2, result.text)
    lu.assertStrContains(result.stderr, case[2])
    lu.assertEquals(self:users(), before)
  end
end

function TestReadyScripts:test_a_table_that_does_not_fit_is_told_with_its_line()
  for _, case in ipairs({
    { "return {\n  User = {\n    name = 'name',\n    emial = 'email' } }", "wrong.lua:4: User has no field" },
    { "return {\n  User = { name = 'name' },\n  Adress = { city = 'city' } }", "wrong.lua:3: there is no model or table" },
    { "return {\n  ['User'] = {\n    ['email'] = 'emall' } }", "wrong.lua:3: User.email: there is no kind" },
    { "local f = 'em' .. 'ial'\nreturn {\n  User = { [f] = 'email' } }", "wrong.lua:3: User has no field" },
    { "local model = 'Us' .. 'r'\nreturn { [model] = { email = 'email' } }", "wrong.lua: there is no model or table" },
    { "return {\n  User = { email = nosuch.x } }", "wrong.lua:2: attempt to index" },
    { "return {\n  User = { email = } }", "wrong.lua:2: unexpected symbol" },
    { "return 5", "wrong.lua: the table of personal data is missing" },
    { "error({})", "wrong.lua: table" },
  }) do
    self.shop.folder:write("wrong.lua", case[1])
    local result = self:script("anonymise", { "wrong.lua" })
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, "tilth: " .. case[2])
  end
  lu.assertStrContains(self:script("anonymise", { "nosuch.lua" }).stderr, "nosuch.lua: No such file")
end

function TestReadyScripts:test_a_dry_run_changes_nothing()
  local before = self:users()
  local result = self:script("anonymise", { "personal.lua", "--dry-run" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "would anonymise User (2 fields)")
  lu.assertEquals(self:users(), before)
  lu.assertEquals(self:script("anonymise", { "personal.lua", "--dryrun" }).status, 2)
end

function TestReadyScripts:test_refresh_brings_a_backup_up_to_date_and_anonymises_it()
  local made = self.shop:run({ "backup", "--format", "copy", "--file", self.shop.path .. "/shop.backup" })
  lu.assertEquals(made.status, 0, made.text)
  self.shop:migration("20250101000000_notes", "create table notes (id int);")
  self.shop.database:query("delete from reviews")
  local result = self:script("refresh", { self.shop.path .. "/shop.backup", "personal.lua" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.shop.database:value("select count(*) from reviews"), 3)
  lu.assertTrue(self.shop.database:has("notes"))
  lu.assertEquals(self.shop.database:value("select count(*) from users where email not like '%@example.com'"), 0)
end

function TestReadyScripts:test_refresh_says_when_personal_data_is_left()
  local made = self.shop:run({ "backup", "--format", "copy", "--file", self.shop.path .. "/shop.backup" })
  lu.assertEquals(made.status, 0, made.text)
  self.shop.folder:write("wrong.lua", "return {\n  User = { emial = 'email' } }")
  local result = self:script("refresh", { self.shop.path .. "/shop.backup", "wrong.lua" })
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, "wrong.lua:2: User has no field")
  lu.assertStrContains(result.stdout, "personal data is as it was in the backup")
end

function TestReadyScripts:test_refresh_is_refused_on_production()
  local other <close> = database.new()
  local result = program.run({ args = { "run", "--env", "production", self.scripts .. "refresh.lua", "x.backup" }, cwd = self.shop.path,
    env = { DATABASE_URL = other.url } })
  lu.assertEquals(result.status, 3, result.text)
  lu.assertStrContains(result.stderr, "Nothing was changed")
end

return TestReadyScripts
