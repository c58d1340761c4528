--- What seeds write: upsert, ensure, sync, load, relations, and how their errors explain themselves.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedVerbs = {}

local SCHEMA <const> = [[
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

enum Mood {
  HAPPY @map("happy")
  SAD
}

model Author {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String
  mood  Mood    @default(HAPPY)
  posts Post[]
  touched DateTime @updatedAt

  @@map("authors")
}

model Post {
  id       String  @id @default(cuid())
  slug     String  @unique @db.VarChar(10)
  title    String?
  rank     Decimal @default(0) @db.Decimal(6, 2)
  authorId Int     @map("author_id")
  author   Author  @relation(fields: [authorId], references: [id])
  tags     String[]
  meta     Json?

  @@map("posts")
}
]]

local TABLES <const> = [[
create type "Mood" as enum ('happy', 'SAD');
create table authors (id serial primary key, email text not null unique, name text not null, mood "Mood" not null default 'happy',
  touched timestamp(3) not null);
create table posts (id text primary key, slug varchar(10) not null unique, title text, rank decimal(6,2) not null default 0,
  author_id int not null references authors, tags text[], meta jsonb, check (rank >= 0));
create table pairs (a int not null, b int not null, c text, d text not null default 'd', primary key (a, b));
create table docs (id int primary key, plain json, bytes bytea, at timestamptz, word varchar(3), pad char(4), span interval, f float8);
create table loose (x int, y int);
create table many (id bigint primary key, t text, n numeric);
]]

function TestSeedVerbs:setUp()
  self.database = database.new()
  self.project = project.new({ schema = SCHEMA, migrations = { { "20240101000000_init", TABLES } }, package = { name = "p" } })
  local result = program.run({ args = { "migrate", "deploy" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.status, 0, result.text)
end

function TestSeedVerbs:tearDown()
  self.database:close()
end

--- Writes a seed whose run has this body, and runs the seeds.
local function seed(self, body, name, args)
  self.project:write("seeds/" .. (name or "one") .. ".lua",
    'local seed = require("tilth.seed")\nreturn seed.define({ run = function(db, ctx)\n' .. body .. "\nend })\n")
  return program.run({ args = { "seed", table.unpack(args or {}) }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local function good(self, body, expected)
  local result = seed(self, body)
  lu.assertEquals(result.status, 0, result.text)
  for _, fragment in ipairs(expected or {}) do
    lu.assertStrContains(result.stdout, fragment)
  end
  return result
end

local function bad(self, body, expected)
  local result = seed(self, body)
  lu.assertEquals(result.status, 1, result.text)
  for _, fragment in ipairs(expected) do
    lu.assertStrContains(result.stderr, fragment)
  end
  return result
end

function TestSeedVerbs:test_upsert_writes_only_what_differs()
  local body = [[
    local c = db:upsert("Author", { { email = "a@x", name = "A", mood = "SAD" }, { email = "b@x", name = "B" } }, { key = "email" })
    ctx.note(tostring(c))]]
  good(self, body, { "Author: 2 inserted", "2 inserted, 0 updated, 0 unchanged" })
  local before = self.database:value("select string_agg(xmin::text || ctid::text || touched::text, ',' order by id) from authors")
  local sequence = self.database:value("select last_value from authors_id_seq")
  good(self, body, { "Author: 2 unchanged" })
  lu.assertEquals(self.database:value("select string_agg(xmin::text || ctid::text || touched::text, ',' order by id) from authors"), before)
  lu.assertEquals(self.database:value("select last_value from authors_id_seq"), sequence)
  good(self, (body:gsub('"B"', '"C"')), { "Author: 1 updated, 1 unchanged" })
  lu.assertEquals(self.database:value("select name from authors where email = 'b@x'"), "C")
  lu.assertNotEquals(self.database:value("select string_agg(touched::text, ',' order by id) from authors"), before)
end

function TestSeedVerbs:test_ensure_never_touches_what_is_there()
  self.database:query("insert into authors (email, name, touched) values ('a@x', 'Kept', now())")
  good(self, [[db:ensure("Author", { { email = "a@x", name = "A" }, { email = "b@x", name = "B" } }, { key = "email" })]],
    { "Author: 1 inserted, 1 unchanged" })
  lu.assertEquals(self.database:value("select name from authors where email = 'a@x'"), "Kept")
end

function TestSeedVerbs:test_single_row_calls_are_written_together_in_their_order()
  good(self, [[
    local counts
    for i = 1, 300 do counts = db:upsert("pairs", { a = i, b = i, c = "x" .. i }) end
    db:upsert("pairs", { a = 1, b = 1, c = "second" })
    db:exec("insert into loose select count(*), count(*) from pairs")
    assert(counts.inserted == 1)]], { "pairs: 300 inserted, 1 updated" })
  lu.assertEquals(self.database:value("select c from pairs where a = 1"), "second")
  lu.assertEquals(self.database:value("select x from loose"), 300)
end

function TestSeedVerbs:test_rows_with_different_fields_keep_defaults_and_columns()
  good(self, [[
    db:upsert("pairs", { { a = 1, b = 1, c = "c", d = "mine" }, { a = 2, b = 2 } })
    db:upsert("pairs", { { a = 1, b = 1, c = db.null } })]], {})
  lu.assertEquals(self.database:query("select a, c is null as none, d from pairs order by a")[1], { a = 1, none = true, d = "mine" })
  lu.assertEquals(self.database:query("select a, d from pairs order by a")[2], { a = 2, d = "d" })
end

function TestSeedVerbs:test_update_names_the_fields_that_existing_rows_take_over()
  good(self, [[
    db:upsert("pairs", { a = 1, b = 1, c = "c", d = "d1" })
    db:upsert("pairs", { a = 1, b = 1, c = "c2", d = "d2" }, { update = { "c" } })]], {})
  lu.assertEquals(self.database:query("select c, d from pairs")[1], { c = "c2", d = "d1" })
end

function TestSeedVerbs:test_values_of_every_kind_are_equal_the_second_time()
  local body = [[
    db:upsert("docs", { { id = 1, plain = { a = { 1, 2 } }, bytes = "\0\1\255\\x", at = 1700000000.5, word = "abc", pad = "ab",
      span = "1 hour", f = 0.1 }, { id = 2, plain = db.null, bytes = "", at = "2024-01-01T00:00:00Z", word = "é", f = 1/0 } })
    db:upsert("Author", { email = "a@x", name = 'quote " back\\slash, {brace} \n line' }, { key = "email" })
    db:upsert("Post", { slug = "s", title = db.null, rank = 12.345, authorId = db:value("select id from authors"),
      tags = { "a b", 'q"', "", "NULL", "x,y" }, meta = { list = { 1, 2.5, "x" } } }, { key = "slug" })]]
  good(self, body, { "docs: 2 inserted" })
  lu.assertEquals(self.database:value("select encode(bytes, 'hex') from docs where id = 1"), "0001ff5c78")
  lu.assertEquals(self.database:value("select extract(epoch from at)::float8 from docs where id = 1"), 1700000000.5)
  lu.assertEquals(self.database:value("select array_length(tags, 1) from posts"), 5)
  lu.assertEquals(self.database:value("select tags[4] from posts"), "NULL")
  lu.assertEquals(self.database:value("select rank::text from posts"), "12.35")
  good(self, body, { "docs: 2 unchanged", "Author: 1 unchanged", "Post: 1 unchanged" })
end

function TestSeedVerbs:test_relations_become_foreign_keys_and_rows()
  local body = [[
    db:upsert("Author", { { email = "a@x", name = "A", posts = { { slug = "one", title = "1" }, { slug = "two" } } },
      { email = "b@x", name = "B" } }, { key = "email" })
    db:upsert("Post", { { slug = "three", author = { email = "b@x" } } }, { key = "slug" })]]
  good(self, body, { "Author: 2 inserted", "Post: 3 inserted" })
  lu.assertEquals(self.database:column("select slug || email from posts p join authors a on a.id = author_id order by 1"),
    { "onea@x", "threeb@x", "twoa@x" })
  good(self, body, { "Author: 2 unchanged", "Post: 3 unchanged" })
  bad(self, [[db:upsert("Post", { { slug = "four", author = { email = "no@x" } } }, { key = "slug" })]],
    { 'seeds/one.lua:3', "there is no Author with no@x", 'slug = "four"', "Seed Author first" })
end

function TestSeedVerbs:test_sync_makes_the_part_equal()
  good(self, [[
    db:upsert("pairs", { { a = 1, b = 1 }, { a = 1, b = 2 }, { a = 2, b = 1 } })
    local c = db:sync("pairs", { { b = 1, c = "kept" }, { b = 3 } }, { key = { "a", "b" }, where = { a = 1 } })
    assert(c.extra == 1 and c.deleted == 0)
    c = db:sync("pairs", { { b = 1, c = "kept" }, { b = 3 } }, { key = { "a", "b" }, where = { a = 1 }, delete = true })
    assert(c.deleted == 1 and c.unchanged == 2, tostring(c))]], { "1 deleted" })
  lu.assertEquals(self.database:column("select a * 10 + b from pairs order by 1"), { 11, 13, 21 })
  bad(self, [[db:sync("pairs", {}, { key = { "a", "b" }, delete = true })]], { "there are no rows", "empty = true" })
  bad(self, [[db:sync("pairs", { { a = 2, b = 9 } }, { where = { a = 1 } })]], { "outside the part" })
  lu.assertEquals(self.database:value("select count(*) from pairs"), 3)
end

local LARGE <const> = [[
  local n = 0
  local c = db:load("many", function()
    n = n + 1
    if n <= 20000 then return { id = n, t = n %% 3 ~= 0 and ("row\t" .. n) or nil, n = n / 4 + %s } end
  end, { key = "id" })
  ctx.note(tostring(c))]]

function TestSeedVerbs:test_sync_makes_the_part_equal_where_a_field_is_null()
  self.database:query("insert into docs (id, word) values (1, null), (2, null), (3, 'abc')")
  good(self, [[db:sync("docs", { { id = 2 }, { id = 4 } }, { where = { word = db.null }, delete = true })]],
    { "docs: 1 inserted, 1 deleted, 1 unchanged" })
  good(self, [[db:sync("docs", {}, { where = { word = db.null }, delete = true, empty = true })]], { "docs: 2 deleted" })
  lu.assertEquals(self.database:column("select id from docs"), { 3 })
end

function TestSeedVerbs:test_large_inputs_go_by_copy_and_are_compared()
  good(self, LARGE:format("0"), { "20000 inserted, 0 updated, 0 unchanged" })
  lu.assertEquals(self.database:value("select sum(n)::text from many"), "50002500.00")
  good(self, LARGE:format("0"), { "0 inserted, 0 updated, 20000 unchanged" })
  good(self, LARGE:format("(n > 19990 and 1 or 0)"), { "0 inserted, 10 updated, 19990 unchanged" })
  lu.assertEquals(self.database:value("select count(*) from many where t is null"), 6666)
end

function TestSeedVerbs:test_large_inputs_name_duplicate_keys_and_bad_values()
  local body = [[
    local rows = {}
    for i = 1, 9000 do rows[i] = { id = i, t = "x" } end
    %s
    db:upsert("many", rows)]]
  bad(self, body:format("rows[9000] = { id = 77, t = 'y' }"), { "seeds/one.lua", "many", "77" })
  self.database:query("insert into many values (0)")
  bad(self, body:format("rows[9000] = { id = 77, t = 'y' }"), { "rows 77, 9000 have the same key", "id = 77" })
  bad(self, body:format("rows[8000] = { id = 'abc', t = 'y' }"), { "row 8000", "abc", "22P02" })
  lu.assertEquals(self.database:value("select count(*) from many"), 1)
end

function TestSeedVerbs:test_load_reads_csv_json_and_json_lines()
  self.project:write("seeds/data/a.csv", "id,t,n\n1,one,\n2,\"two, too\",2.5\n")
  self.project:write("seeds/data/b.json", '[ {"id": 3, "t": "a \\"}\\" b"}, {"id": 4, "t": null, "n": 1.5} ]')
  self.project:write("seeds/data/c.jsonl", '{"id": 5, "t": "five"}\n\n{"id": 6}\n')
  good(self, [[
    assert(db:load("many", "data/a.csv").inserted == 2)
    assert(db:load("many", "data/b.json").inserted == 2)
    assert(db:load("many", "data/c.jsonl", { map = function(row) if row.id ~= 6 then return row end end }).inserted == 1)
    assert(db:load("many", "data/a.csv", { verb = "ensure" }).unchanged == 2)]], { "many: 5 inserted, 2 unchanged" })
  lu.assertEquals(self.database:column("select id || coalesce(t, '-') || coalesce(n::text, '-') from many order by id"),
    { "1one-", "2two, too2.5", '3a "}" b-', "4-1.5", "5five-" })
  bad(self, [[db:load("many", "data/none.csv")]], { "data/none.csv", "No such file", "seeds/one.lua:3" })
end

function TestSeedVerbs:test_large_csv_goes_to_the_server_as_it_is()
  local lines = { "id,t,n" }
  for i = 1, 30000 do
    lines[#lines + 1] = ('%d,"text, %d",%s'):format(i, i, i % 2 == 0 and "" or i .. ".5")
  end
  self.project:write("seeds/data/big.csv", table.concat(lines, "\n") .. "\n")
  good(self, [[db:load("many", "data/big.csv")]], { "many: 30000 inserted" })
  good(self, [[db:load("many", "data/big.csv")]], { "many: 30000 unchanged" })
  lu.assertEquals(self.database:value("select count(*) from many where n is null"), 15000)
  lines[20001] = "oops,x,1"
  self.project:write("seeds/data/big.csv", table.concat(lines, "\n") .. "\n")
  bad(self, [[db:load("many", "data/big.csv")]], { "big.csv:20001", "oops" })
end

local WRONG <const> = {
  { [[db:upsert("Autor", { email = "a" })]], { "seeds/one.lua:3", 'there is no model or table "Autor"', 'Did you mean "Author"' } },
  { [[db:upsert("Author", { emial = "a", name = "n" }, { key = "email" })]], { 'has no field "emial"', 'Did you mean "email"' } },
  { [[db:upsert("Author", { email = "a", name = "n", mood = "HAPY" }, { key = "email" })]],
    { '"HAPY" is no value of enum Mood', '"HAPPY"' } },
  { [[db:upsert("Author", { email = "a" }, { key = "email" })]], { "Author.name is required and missing" } },
  { [[db:upsert("Author", { email = "a", name = "n" }, { key = "name" })]], { "no unique constraint over { name }", "{ email }" } },
  { [[db:upsert("Author", { name = "n" })]], { "nothing in the rows tells one row of Author from another" } },
  { [[db:upsert("Author", { email = "a", name = "n" }, { kee = "email" })]], { 'unknown option "kee"', '"key"' } },
  { [[db:upsert("pairs", { { a = 1, b = 1 }, { a = 2, b = 1 }, { a = 1, b = 1 } })]],
    { "rows 1 and 3 have the same key", "a = 1, b = 1" } },
  { [[db:upsert("pairs", { { a = 1, b = db.null } })]], { "row 1", "key field b is NULL" } },
  { [[db:upsert("Post", { slug = "s", authorId = 9 }, { key = "slug" })]],
    { "foreign key", "author_id", 'slug = "s"', "23503", "authors" } },
  { [[db:upsert("docs", { { id = 1, word = "abc" }, { id = 2, word = "abcd" } })]], { "22001" } },
  { [[db:upsert("docs", { { id = 1, at = "never" } })]], { "row 1", "id = 1", "never", "column at" } },
  { [[db:upsert("pairs", { a = 1.5, b = 1 })]], { "a: 1.5 is not a whole number" } },
  { [[db:upsert("Post", { slug = "s", rank = -1, authorId = 1 }, { key = "slug" })]], { "check constraint", "23514" } },
  { [[db:upsert("Post", { slug = "s", author = {} }, { key = "slug" })]], { 'slug = "s"', "author names no field of Author" } },
  { [[db:upsert("Author", { email = "a", name = "n" }, { key = "email" })
      db:upsert("Post", { slug = "s", author = { email = "a" }, authorId = 0 }, { key = "slug" })]],
    { 'slug = "s"', "author and authorId name different rows of Author" } },
  { [[db:upsert("Author", { email = "a", name = "n", posts = { slug = "s" } }, { key = "email" })]],
    { 'email = "a"', "posts is a list of rows: write { { slug = ... } }" } },
  { [[db:upsert("Author", { email = "a", name = "n", posts = { "s" } }, { key = "email" })]], { "posts holds a string, not a row" } },
  { [[db:query("select nope")]], { "seeds/one.lua:3: query", '42703' } },
  { [[db:exec("insert into loose values (1, 2); commit; select 1")]], { "COMMIT is not for a seed" } },
  { [[db:query("/* x */ rollback")]], { "ROLLBACK is not for a seed" } },
  { [[error("no luck")]], { "seeds/one.lua:3: no luck" } },
  { [[local x = nil; x.y = 1]], { "seeds/one.lua:3: attempt to index a nil value" } },
}

function TestSeedVerbs:test_errors_explain_themselves_and_leave_nothing()
  for _, case in ipairs(WRONG) do
    bad(self, case[1], case[2])
  end
  for _, name in ipairs({ "authors", "posts", "pairs", "docs", "loose" }) do
    lu.assertEquals(self.database:value("select count(*) from " .. name), 0, name)
  end
end

function TestSeedVerbs:test_savepoint_takes_back_what_failed_in_it()
  good(self, [[
    db:upsert("pairs", { a = 1, b = 1 })
    local ok, problem = pcall(db.savepoint, db, function()
      db:upsert("pairs", { a = 2, b = 2 })
      db:exec("insert into pairs values (1, 1)")
    end)
    assert(not ok and problem.code == "23505" and problem.constraint == "pairs_pkey", tostring(problem))
    db:transaction(function() db:upsert("pairs", { a = 3, b = 3 }) end)]], { "pairs: 2 inserted" })
  lu.assertEquals(self.database:column("select a from pairs order by a"), { 1, 3 })
end

function TestSeedVerbs:test_dry_run_reports_and_changes_nothing()
  local result = seed(self, [[db:upsert("pairs", { a = 1, b = 1 })]], "one", { "--dry-run" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "pairs: 1 inserted")
  lu.assertEquals(self.database:value("select count(*) from pairs"), 0)
end

local ENDLESS <const> = {
  "while true do end", [[db:query("select pg_sleep(30)")]], "while true do pcall(function() while true do end end) end",
  "coroutine.wrap(function() while true do end end)()",
  "local one = coroutine.create(function() coroutine.wrap(function() while true do end end)() end)\n"
    .. "while true do coroutine.resume(one) end",
  "db:load('many', coroutine.wrap(function() local n = 0 while true do n = n + 1 coroutine.yield({ id = n }) end end))",
  "db:savepoint(function() db:upsert('many', { id = 1 }) while true do end end)",
}

function TestSeedVerbs:test_timeout_ends_loops_coroutines_and_queries()
  for _, body in ipairs(ENDLESS) do
    local result = seed(self, body, "one", { "--seed-timeout", "300ms" })
    lu.assertEquals(result.status, 1, body .. "\n" .. result.text)
    lu.assertStrContains(result.stderr, "seed.timeout")
    lu.assertEquals(self.database:value("select count(*) from many"), 0, body)
  end
end

function TestSeedVerbs:test_timeout_and_limits_hold_together()
  self.project:write("tilth.config.lua", 'return { limits = { instructions = 3000000, time = "120s" } }\n')
  local result = seed(self, "for _ = 1, 1e12 do end", "one", { "--seed-timeout", "100s" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "limits.instructions")
  self.project:write("tilth.config.lua", 'return { limits = { time = "300ms" } }\n')
  result = seed(self, "while true do pcall(db.query, db, 'select 1') end", "one", { "--seed-timeout", "100s" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "limits.time")
  self.project:write("tilth.config.lua", 'return { limits = { time = "120s" } }\n')
  result = seed(self, "db:upsert('many', { id = 1 })", "one", { "--seed-timeout", "100s" })
  lu.assertEquals(result.status, 0, result.text)
end

function TestSeedVerbs:test_coroutines_of_a_watched_seed_pass_values_and_errors()
  local result = seed(self, [[
    local source = coroutine.wrap(function(first) for i = first, 3 do coroutine.yield({ id = i }) end end)
    local started = false
    db:load("many", function()
      if started then return source() end
      started = true
      return source(2)
    end)
    local ok, message = pcall(coroutine.wrap(function() error({ 7 }) end))
    assert(not ok and message[1] == 7)
    coroutine.wrap(function() error("from within") end)()]], "one", { "--seed-timeout", "120s" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "seeds/one.lua:12: from within")
  good(self, [[db:load("many", coroutine.wrap(function() for i = 1, 6000 do coroutine.yield({ id = i }) end end))]],
    { "many: 6000 inserted" })
end

return TestSeedVerbs
