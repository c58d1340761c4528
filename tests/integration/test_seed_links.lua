--- Many-to-many relations without a model of their own, in nested rows.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedLinks = {}

local SCHEMA <const> = [[
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model Post {
  id    Int    @id @default(autoincrement())
  slug  String @unique
  title String
  tags  Tag[]
}

model Tag {
  id    String @id @default(cuid())
  name  String @unique
  color String
  posts Post[]

  @@map("labels")
}

model Person {
  id        Int      @id
  friends   Person[] @relation("friendship")
  friendsOf Person[] @relation("friendship")
}
]]
local TABLES <const> = [[
create table "Post" (id serial primary key, slug text not null unique, title text not null);
create table labels (id text primary key, name text not null unique, color text not null);
create table "_PostToTag" ("A" int not null references "Post" on delete cascade, "B" text not null references labels on delete cascade);
create unique index "_PostToTag_AB_unique" on "_PostToTag" ("A", "B");
create index on "_PostToTag" ("B");
create table "Person" (id int primary key);
create table _friendship ("A" int not null references "Person", "B" int not null references "Person", primary key ("A", "B"));
]]
local PAIRS <const> = [[
select slug || ' ' || name || ' ' || color from "_PostToTag" join "Post" p on p.id = "A" join labels t on t.id = "B" order by 1]]

function TestSeedLinks:setUp()
  self.database = database.new()
  self.project = project.new({ schema = SCHEMA, migrations = { { "20240101000000_init", TABLES } }, package = { name = "p" } })
  local result = program.run({ args = { "migrate", "deploy" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.status, 0, result.text)
end

function TestSeedLinks:tearDown()
  self.database:close()
end

local function seed(self, body, status, expected)
  self.project:write("seeds/one.lua",
    'local seed = require("tilth.seed")\nreturn seed.define({ run = function(db, ctx)\n' .. body .. "\nend })\n")
  local result = program.run({ args = { "seed" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.status, status, result.text)
  for _, fragment in ipairs(expected) do
    lu.assertStrContains(result.text, fragment)
  end
end

local NESTED <const> = [[
  db:upsert("Post", {
    { slug = "a", title = "A", tags = { { name = "lua", color = "blue" }, { name = "c", color = "grey" } } },
    { slug = "b", title = "B", tags = { { name = "lua", color = "blue" }, { name = "lua", color = "blue" } } },
    { slug = "c", title = "C", tags = db.null },
    { slug = "d", title = "D" },
  }, { key = "slug" })]]

function TestSeedLinks:test_nested_rows_are_written_and_joined_once()
  seed(self, NESTED, 0, { "Post: 4 inserted", "Tag: 2 inserted", "_PostToTag: 3 inserted" })
  lu.assertEquals(self.database:column(PAIRS), { "a c grey", "a lua blue", "b lua blue" })
  local before = self.database:value([[select string_agg(xmin::text || ctid::text, ',' order by ctid) from "_PostToTag"]])
  seed(self, NESTED, 0, { "Post: 4 unchanged", "Tag: 2 unchanged", "_PostToTag: 3 unchanged" })
  lu.assertEquals(self.database:value([[select string_agg(xmin::text || ctid::text, ',' order by ctid) from "_PostToTag"]]), before)
end

function TestSeedLinks:test_a_row_that_is_only_a_key_names_what_is_there()
  seed(self, NESTED, 0, {})
  seed(self, [[db:upsert("Post", { slug = "d", title = "D", tags = { { name = "lua" } } }, { key = "slug" })]], 0,
    { "Post: 1 unchanged", "_PostToTag: 1 inserted" })
  seed(self, [[db:upsert("Tag", { name = "lua", color = "red", posts = { { slug = "c" }, { slug = "e", title = "E" } } },
    { key = "name" })]], 0, { "Tag: 1 updated", "Post: 1 inserted", "_PostToTag: 2 inserted" })
  lu.assertEquals(self.database:column(PAIRS), { "a c grey", "a lua red", "b lua red", "c lua red", "d lua red", "e lua red" })
end

function TestSeedLinks:test_what_is_missing_is_named_with_its_row()
  seed(self, [[db:upsert("Post", { { slug = "x", title = "X" }, { slug = "y", title = "Y", tags = { { name = "nope" } } } },
    { key = "slug" })]], 1, { "seeds/one.lua:3", "row 2", 'slug = "y"', "tags: there is no Tag with nope" })
  seed(self, [[db:upsert("Post", { slug = "x", title = "X", tags = { { nam = "c" } } }, { key = "slug" })]], 1, { "row 1", "tags:" })
  seed(self, [[db:upsert("Post", { slug = "x", title = "X", tags = { "c" } }, { key = "slug" })]], 1, { "tags holds a string, not a row" })
  seed(self, [[db:upsert("Post", { slug = "x", title = "X", tags = "c" }, { key = "slug" })]], 1, { "tags is a relation: give a list" })
  seed(self, [[db:upsert("Post", { slug = "x", title = "X", tags = { { name = "c", color = "a" }, { name = "c", color = "b" } } },
    { key = "slug" })]], 1, { "Tag", "have the same key" })
  lu.assertEquals(self.database:value('select count(*) from "Post"'), 0)
end

function TestSeedLinks:test_a_model_joined_with_itself_has_two_sides()
  seed(self, [[db:upsert("Person", { { id = 1, friends = { { id = 2 }, { id = 3 } } }, { id = 4, friendsOf = { { id = 1 } } } })]], 0,
    { "_friendship: 3 inserted" })
  lu.assertEquals(self.database:column([[select "A" || '-' || "B" from _friendship order by 1]]), { "1-2", "1-3", "1-4" })
end

function TestSeedLinks:test_load_and_sync_write_relations_by_sets()
  seed(self, [[
    local n = 0
    db:load("Post", function()
      n = n + 1
      if n <= 12000 then return { slug = "p" .. n, title = "P", tags = { { name = "t" .. n % 10, color = "x" } } } end
    end, { key = "slug" })
    db:sync("Tag", { { name = "t1", color = "y", posts = { { slug = "p2" } } } }, { key = "name" })]], 0,
    { "Post: 12000 inserted", "Tag: 10 inserted, 1 updated", "_PostToTag: 12001 inserted" })
  lu.assertEquals(self.database:value([[select count(*) from "_PostToTag" join labels t on t.id = "B" where t.color = 'y']]), 1201)
  seed(self, [[
    local n = 0
    db:load("Post", function()
      n = n + 1
      return n == 6001 and { slug = "x", title = "X", tags = {} } or n < 6002 and { slug = "q" .. n, title = "Q" } or nil
    end, { key = "slug" })]], 1, { "row 6001", "Post.tags is a relation, which the rows before it do not have" })
end

return TestSeedLinks
