-- Names, keys, shapes and statements of the verbs, on a catalog made by hand.
local lu = require("luaunit")
local catalog = require("tilth.seed.catalog")
local explain = require("tilth.seed.explain")
local merge = require("tilth.seed.merge")
local model = require("tilth.seed.model")
local prisma = require("tilth.seed.prisma")
local shape = require("tilth.seed.shape")

local TestSeedModel = {}

local SCHEMA <const> = [[
model User {
  id    String @id @default(cuid())
  email String @unique @map("mail")
  name  String
  posts Post[]
  seen  DateTime @updatedAt
  @@map("users")
}
model Post {
  id     Int  @id @default(autoincrement())
  userId String @map("user_id")
  user   User @relation(fields: [userId], references: [id])
  nr     Int
  @@unique([userId, nr])
}
model Lost { id Int @id }
]]

local function column(number, name, more)
  local made = { number = number, name = name, type = "text", cast = "text", base = "text", kind = "b", identity = "",
    required = true, has_default = false, generated = false, comparable = true, item = 25 }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

local function models(with_schema)
  local content = { tables = {
    { oid = 1, schema = "public", name = "users", visible = true, columns = { column(1, "id"), column(2, "mail"), column(3, "name"),
      column(4, "seen", { base = "timestamp" }), column(5, "extra", { required = false, comparable = false }),
      column(6, "sum", { generated = true }) },
      uniques = { { name = "users_pkey", primary = true, columns = { 1 } }, { name = "users_mail", columns = { 2 } } } },
    { oid = 2, schema = "public", name = "Post", visible = true, columns = { column(1, "id", { base = "int4", has_default = true }),
      column(2, "user_id"), column(3, "nr", { base = "int4" }) },
      uniques = { { name = "p", primary = true, columns = { 1 } }, { name = "u", columns = { 2, 3 } } } },
    { oid = 3, schema = "other", name = "alone", visible = false, columns = { column(1, "x") } },
  } }
  local described = with_schema ~= false and assert(prisma.describe({ { path = "schema.prisma", text = SCHEMA } })) or nil
  return model.new(catalog.build(content), described)
end

function TestSeedModel:test_names_are_the_models_or_the_tables()
  local found = models()
  lu.assertEquals(found:get("User").table.name, "users")
  lu.assertEquals(found:get("users").table.name, "users")
  lu.assertEquals(found:get("alone").table.schema, "other")
  lu.assertEquals(found:get("other.alone").table.schema, "other")
  lu.assertIs(found:get("User"), found:get("User"))
  lu.assertEquals(found:get("User"):field("email").column.name, "mail")
  lu.assertEquals(found:get("User"):field("mail").name, "email")
end

local UNKNOWN <const> = {
  { "Usr", 'Did you mean "User"' }, { "Lost", "model Lost: there is no table" }, { "other.none", 'no table "none" in schema "other"' },
}

function TestSeedModel:test_unknown_names_are_said_with_the_nearest()
  for _, case in ipairs(UNKNOWN) do
    local binding, message = models():get(case[1])
    lu.assertNil(binding, case[1])
    lu.assertStrContains(message, case[2])
  end
  local _, message = models(false):get("user")
  lu.assertStrContains(message, 'Did you mean "users"')
  lu.assertStrContains(select(2, models():get(5)), "not a number")
end

function TestSeedModel:test_key_is_given_or_the_first_unique_that_rows_hold()
  local user, post = models():get("User"), models():get("Post")
  lu.assertEquals(user:key(nil, { email = "a" }), { "mail" })
  lu.assertEquals(user:key(nil, { id = "i", email = "a" }), { "id" })
  lu.assertEquals(user:key("email"), { "mail" })
  lu.assertEquals(post:key({ "nr", "userId" }), { "user_id", "nr" })
  lu.assertEquals(post:key(nil, { user = { email = "a" }, nr = 1 }), { "user_id", "nr" })
  local key, message, detail = user:key("name")
  lu.assertNil(key)
  lu.assertStrContains(message, "no unique constraint over { name }")
  lu.assertStrContains(detail.advice, "{ id }, { email }")
  key, message = user:key(nil, { name = "n" })
  lu.assertNil(key)
  lu.assertStrContains(message, "nothing in the rows tells")
  lu.assertStrContains(select(2, user:key("emial")), 'Did you mean "email"')
end

local function operation(name, key, more)
  local op = { verb = "upsert", binding = models():get(name), key = key, makes = function(field)
    if field.updated_at then
      return function() return "now" end
    elseif field.default then
      return function() return "made " .. field.default.kind end
    end
  end }
  for field, value in pairs(more or {}) do
    op[field] = value
  end
  return op
end

function TestSeedModel:test_shape_adds_client_defaults_and_tells_roles()
  local found = assert(shape.new(operation("User", { "mail" }, { update = { name = true } }),
    { email = "a", name = "n", extra = "e" }))
  local roles = {}
  for index, column_of in ipairs(found.columns) do
    roles[column_of.name] = found.roles[index]
  end
  lu.assertEquals(roles, { mail = "key", name = "value", extra = "insert", id = "insert", seen = "touch" })
  lu.assertEquals(found.convert[found.position.id](), "made cuid")
end

local WRONG <const> = {
  { { email = "a" }, "User.name is required and missing" }, { { email = "a", nam = "n" }, 'no field "nam". Did you mean "name"' },
  { { email = "a", mail = "b", name = "n" }, "given twice" }, { { email = "a", name = "n", sum = 1 }, "computed by the database" },
  { { id = "a", name = "n" }, "the key field email is missing" }, { { "a" }, 'no field "1"' },
}

function TestSeedModel:test_shape_names_what_is_wrong_with_a_row()
  for _, case in ipairs(WRONG) do
    local found, message = shape.new(operation("User", { "mail" }), case[1])
    lu.assertNil(found)
    lu.assertStrContains(message, case[2])
  end
end

function TestSeedModel:test_merge_compares_before_it_writes()
  local op = operation("User", { "mail" })
  local sql = merge.sql(op, assert(shape.new(op, { email = "a", name = "n", extra = "e" })), "stage", { ordered = true })
  for _, fragment in ipairs({ 'left join "public"."users" t on t."mail" = s."mail"', 't."extra"::text',
    'on conflict ("mail") do update set',
    '"seen" = excluded."seen"', "order by _tilth_row", "is distinct from" }) do
    lu.assertStrContains(sql, fragment)
  end
  lu.assertNotStrContains(sql, '"id" = excluded."id"')
  lu.assertNotStrContains(sql, '_t."seen"')
  op.binding.table.columns.extra.loose = true
  lu.assertStrContains(merge.sql(op, assert(shape.new(op, { email = "a", name = "n", extra = "e" })), "stage"),
    't."extra"::text collate "C"')
  op.verb = "ensure"
  sql = merge.sql(op, assert(shape.new(op, { email = "a", name = "n" })), "stage")
  lu.assertStrContains(sql, 'on conflict ("mail") do nothing')
  lu.assertNotStrContains(sql, "distinct")
end

local EXPLAINED <const> = {
  { "23505", { constraint = "u", table = "t", detail = "Key (a)=(1) already exists." },
    "unique constraint u of t already has a row with (a)=(1)",
    "Upsert or ensure by the fields" },
  { "23503", { constraint = "f", detail = 'Key (a)=(1) is not present in table "b".' }, "(a)=(1) is not in table b", "Seed b first" },
  { "23503", { constraint = "f", detail = 'Key (a)=(1) is still referenced from table "b".' },
    "still used by table b", "rows that use it first" },
  { "23502", { column = "c", table = "t" }, "column c of t may not be NULL", "Give c a value" },
  { "23502", { datatype = "d", column = "c" }, "a value of domain d may not be NULL (column c)", "Give it a value" },
  { "23514", { datatype = "d", constraint = "k", column = "c" },
    "check constraint k of domain d refuses the value (column c)", "condition" },
  { "23514", { detail = "Partition key of the failing row contains (id) = (7)." }, "contains (id) = (7)", "make the partition" },
  { "23P01", { constraint = "x", table = "t", detail = "Key (r)=([1,2)) conflicts with existing key (r)=([1,3))." },
    "exclusion constraint x of t: (r)=([1,2)) conflicts with a row that has (r)=([1,3))", "one of the two rows" },
  { "22012", {}, "(22012)", "Correct the value" }, { "P0001", { hint = "Ask." }, "(P0001)", "Ask." },
  { "23514", { constraint = "k", table = "t" }, "check constraint k of t", "condition" },
  { "42P01", {}, "raw text (42P01)", "migration missing" },
}

function TestSeedModel:test_errors_are_explained_by_their_code()
  for _, case in ipairs(EXPLAINED) do
    case[2].sqlstate = case[1]
    local message, detail = explain.failure({
      site = "seeds/a.lua:7", verb = "upsert", label = "T", row = 3, key_text = 'a = "1"', message = "raw text",
      code = case[1], detail = case[2],
    })
    lu.assertStrContains(message, 'seeds/a.lua:7: upsert T: row 3 (a = "1"): ')
    lu.assertStrContains(message, case[3])
    lu.assertStrContains(detail.advice, case[4])
    lu.assertEquals({ detail.file, detail.line }, { "seeds/a.lua", 7 })
  end
end

return TestSeedModel
