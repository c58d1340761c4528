--- Rows by the ten thousand: what they cost the server, what happens beside other sessions, and values of every kind.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedStream = {}

local COUNT <const> = 20000
local SCHEMA <const> = [[
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

enum Mood {
  HAPPY @map("happy")
  SAD
}

model Item {
  id      Int      @id @default(autoincrement())
  slug    String   @unique
  note    String?

  @@map("items")
}

model Thing {
  id      String   @id @default(cuid())
  number  Int      @unique
  mood    Mood
  tags    String[]
  meta    Json?
  bytes   Bytes?
  at      DateTime? @db.Timestamptz(3)
  score   Float?
  on      Boolean  @default(false)
  touched DateTime @updatedAt

  @@map("things")
}
]]
local TABLES <const> = [[
create type "Mood" as enum ('happy', 'SAD');
create table items (id serial primary key, slug text not null unique, note text);
create table things (id text primary key, number int not null unique, mood "Mood" not null, tags text[], meta jsonb, bytes bytea,
  at timestamptz(3), score float8, "on" boolean not null default false, touched timestamp(3) not null);
]]

function TestSeedStream:setUp()
  self.database = database.new()
  self.project = project.new({ schema = SCHEMA, migrations = { { "20240101000000_init", TABLES } }, package = { name = "p" } })
  local result = program.run({ args = { "migrate", "deploy" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.status, 0, result.text)
end

function TestSeedStream:tearDown()
  self.database:close()
end

local function options(self, body)
  self.project:write("seeds/one.lua",
    'local seed = require("tilth.seed")\nreturn seed.define({ run = function(db, ctx)\n' .. body .. "\nend })\n")
  return { args = { "seed" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } }
end

local function seed(self, body)
  local result = program.run(options(self, body))
  lu.assertEquals(result.status, 0, result.text)
  return result
end

local function failing(self, body, expected)
  local result = program.run(options(self, body))
  lu.assertEquals(result.status, 1, result.text)
  for _, fragment in ipairs(expected) do
    lu.assertStrContains(result.stderr, fragment)
  end
end

--- An iterator of items; `note` is an expression over n.
local function items(note, count)
  return ([[
    local n = 0
    db:load("Item", function()
      n = n + 1
      if n <= %d then return { slug = "s" .. n, note = %s } end
    end, { key = "slug" })]]):format(count or COUNT, note)
end

local ITEM_STATE <const> = [[
select sum(hashtextextended(xmin::text || ctid::text || i::text, 0))::text || ' ' || (select last_value from items_id_seq)
from items i]]

function TestSeedStream:test_equal_rows_cost_no_wal_no_sequence_value_and_no_new_version()
  seed(self, items('"note " .. n'))
  local before, start = self.database:value(ITEM_STATE), self.database:value("select pg_current_wal_insert_lsn()::text")
  lu.assertStrContains(seed(self, items('"note " .. n')).stdout, "Item: 20000 unchanged")
  local bytes = self.database:value("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::bigint", { start })
  lu.assertEquals(self.database:value(ITEM_STATE), before)
  -- The ledger, and the catalog rows of the stage. A lock on each row alone would be a megabyte.
  lu.assertTrue(bytes < COUNT * 10, tostring(bytes))
end

function TestSeedStream:test_one_changed_row_in_a_hundred_writes_only_these()
  seed(self, items('"note " .. n'))
  local sequence = self.database:value("select last_value from items_id_seq")
  self.database:query("create table old as select ctid as c, xmin::text as x, id from items")
  lu.assertStrContains(seed(self, items('"note " .. n .. (n % 100 == 0 and "!" or "")')).stdout,
    "Item: 200 updated, 19800 unchanged")
  lu.assertEquals(self.database:value("select count(*) from items join old using (id) where items.ctid = c and items.xmin::text = x"),
    19800)
  -- ON CONFLICT takes a value for a row that it then updates: for the changed ones only.
  lu.assertTrue(self.database:value("select last_value from items_id_seq") - sequence <= 200)
end

--- Runs a seed while another session holds an uncommitted row, which it commits when the seed waits for it.
local function beside(self, body, sql)
  local conn = self.database:connect()
  assert(conn:script("begin; " .. sql))
  local child <close> = program.start(options(self, body))
  local waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
  local give_up = clock.monotonic() + 60
  while self.database:value(waiting) == 0 do
    lu.assertTrue(clock.monotonic() < give_up, "the seed never waits for the other session: " .. child.stderr)
    clock.sleep(0.02)
  end
  assert(conn:script("commit"))
  return child:wait(), child
end

function TestSeedStream:test_rows_of_another_session_met_by_the_copy_are_merged()
  local ended, child = beside(self, items('"note " .. n'), "insert into items (slug, note) values ('s15000', 'the application')")
  lu.assertEquals(ended.status, 0, child.stderr)
  lu.assertStrContains(child.stdout, "Item: 19999 inserted, 1 updated")
  lu.assertEquals(self.database:value("select count(*) from items"), COUNT)
  lu.assertEquals(self.database:value("select note from items where slug = 's15000'"), "note 15000")
end

function TestSeedStream:test_rows_of_another_session_met_by_a_csv_file_are_merged()
  local lines = { "slug,note" }
  for number = 1, COUNT do
    lines[#lines + 1] = ('s%d,"note, %d"'):format(number, number)
  end
  self.project:write("seeds/items.csv", table.concat(lines, "\r\n") .. "\r\n")
  local ended, child = beside(self, [[db:load("Item", "items.csv", { key = "slug", verb = "ensure" })]],
    "insert into items (slug, note) values ('s3', 'the application')")
  lu.assertEquals(ended.status, 0, child.stderr)
  lu.assertStrContains(child.stdout, "Item: 19999 inserted, 1 unchanged")
  lu.assertEquals(self.database:value("select note from items where slug = 's3'"), "the application")
  lu.assertEquals(self.database:value("select count(*) from items where note = 'note, ' || substr(slug, 2)"), COUNT - 1)
end

function TestSeedStream:test_a_unique_value_of_another_row_is_still_an_error()
  self.database:query("create unique index on items (note)")
  failing(self, items('"note " .. (n == 12000 and 5 or n)'), { "row 12000", "items_note_idx", "23505" })
  lu.assertEquals(self.database:value("select count(*) from items"), 0)
end

function TestSeedStream:test_a_key_that_comes_twice_is_named()
  failing(self, [[
    local n = 0
    db:load("Item", function()
      n = n + 1
      if n <= 9000 then return { slug = "s" .. (n == 8888 and 7 or n), note = "x" } end
    end, { key = "slug" })]], { "rows 7, 8888 have the same key", 'slug = "s7"' })
  lu.assertEquals(self.database:value("select count(*) from items"), 0)
end

local THINGS <const> = [[
  local n = 0
  local function row()
    n = n + 1
    if n > %d then return nil end
    return { number = n, mood = n %% 2 == 0 and "HAPPY" or "SAD", tags = { "a\tb", 'q"\\', "t" .. n },
      meta = n %% 3 ~= 0 and { list = { n, 1.5 }, text = "new\nline" } or db.null, bytes = "\0\1\255\\" .. n,
      at = 1700000000 + n + 0.25, score = n / 7, on = n %% 5 == 0 }
  end
  db:load("Thing", row, { key = "number" })]]

function TestSeedStream:test_values_of_every_kind_go_by_copy_and_are_equal_the_second_time()
  lu.assertStrContains(seed(self, THINGS:format(6000)).stdout, "Thing: 6000 inserted")
  lu.assertStrContains(seed(self, THINGS:format(6000)).stdout, "Thing: 6000 unchanged")
  local row = self.database:query([[select mood::text as mood, tags[1] || '|' || tags[2] || '|' || tags[3] as tags, meta::text as meta,
    encode(bytes, 'hex') as bytes, extract(epoch from at)::text as at, score, "on" from things where number = 4000]])[1]
  lu.assertEquals(row, { mood = "happy", tags = 'a\tb|q"\\|t4000', meta = '{"list": [4000, 1.5], "text": "new\\nline"}',
    bytes = "0001ff5c34303030", at = "1700004000.250000", score = 4000 / 7, on = true })
  lu.assertEquals(self.database:value("select count(distinct id) from things where id ~ '^c[a-z0-9]{24}$'"), 6000)
  lu.assertEquals(self.database:value("select count(*) from things where meta is null"), 2000)
end

function TestSeedStream:test_a_row_of_another_shape_on_the_way_is_written_too()
  lu.assertStrContains(seed(self, [[
    local n = 0
    db:load("Thing", function()
      n = n + 1
      if n > 12000 then return nil end
      local row = { number = n, mood = "SAD" }
      if n == 7000 then row.score = 1.5 elseif n >= 11000 then row.on = true end
      return row
    end, { key = "number" })]]).stdout, "Thing: 12000 inserted")
  lu.assertEquals(self.database:value("select number from things where score = 1.5"), 7000)
  lu.assertEquals(self.database:value([[select min(number) from things where "on"]]), 11000)
end

local WRONG <const> = {
  { "number = n == 6001 and 1.5 or n", "row 6001", "number: 1.5 is not a whole number" },
  { 'number = n, mood = n == 6001 and "HAPY" or "SAD"', "row 6001", 'mood: "HAPY" is no value of enum Mood' },
  { "number = n, score = n == 6001 and {} or 1", "row 6001", "score: a table cannot be" },
  { "number = n, bytes = n == 6001 and 5 or 'x'", "row 6001", "bytes: a number cannot be bytes" },
  { "number = n, tags = n == 6001 and { {}, a = 1 } or {}", "row 6001", "tags:" },
  { "number = n == 6001 and 'seven' or n", "row 6001", "seven" },
  { "number = n, [n == 6001 and 'nummer' or 'score'] = 1", "row 6001", 'has no field "nummer"' },
  { "number = n, score = n == 6001 and 'a\\0b' or 1", "row 6001", "holds a NUL byte" },
}

function TestSeedStream:test_a_wrong_value_far_down_names_its_row()
  for _, case in ipairs(WRONG) do
    local mood = case[1]:find("mood") and "" or 'mood = "SAD", '
    failing(self, ([[
    local n = 0
    db:load("Thing", function()
      n = n + 1
      if n <= 6500 then return { %s%s } end
    end, { key = "number" })]]):format(mood, case[1]), { "seeds/one.lua:4", case[2], case[3] })
    lu.assertEquals(self.database:value("select count(*) from things"), 0)
  end
  failing(self, [[
    local n = 0
    db:load("Thing", function()
      n = n + 1
      return n == 6001 and "text" or { number = n, mood = "SAD" }
    end, { key = "number" })]],
    { "row 6001 is a string, not a table" })
end

function TestSeedStream:test_csv_rows_get_the_defaults_that_the_client_makes()
  local lines = { "number,mood,meta,at,score" }
  for number = 1, 30000 do
    lines[#lines + 1] = ('%d,SAD,"{""a"": ""line %d""}",%s,%s'):format(number, number,
      number % 2 == 0 and "2024-01-02T03:04:05Z" or "", number)
  end
  self.project:write("seeds/things.csv", table.concat(lines, "\n") .. "\n")
  local body = [[db:load("Thing", "things.csv", { key = "number" })]]
  lu.assertStrContains(seed(self, body).stdout, "Thing: 30000 inserted")
  lu.assertStrContains(seed(self, body).stdout, "Thing: 30000 unchanged")
  lu.assertEquals(self.database:value("select count(*) from things where meta->>'a' = 'line ' || number and touched is not null"), 30000)
  lu.assertEquals(self.database:value("select count(*) from things where at is null"), 15000)
  lines[20001] = '20000,SAD,"{",,1,2'
  self.project:write("seeds/things.csv", table.concat(lines, "\n") .. "\n")
  failing(self, body, { "things.csv:20001: 6 fields where the header names 5 columns" })
end

return TestSeedStream
