--- Models as the database has them.
local lu = require("luaunit")

local model = require("tilth.prisma.model")
local schema = require("tilth.prisma.schema")

local TestPrismaModel = {}

local function resolve(text)
  local parsed, message = schema.parse({ { path = "s", text = text } })
  lu.assertNotNil(parsed, message)
  return model.resolve(parsed)
end

local SHOP <const> = [[
model User {
  id        String   @id @default(cuid())
  email     String   @unique @map("email_address") @db.VarChar(255)
  name      String
  nick      String?
  role      Role     @default(ADMIN)
  createdAt DateTime @default(now()) @map("created_at")
  updatedAt DateTime @updatedAt
  posts     Post[]
  profile   Profile?
  boss      User?    @relation("boss", fields: [bossId], references: [id], onDelete: SetNull)
  bossId    String?
  staff     User[]   @relation("boss")
  @@map("users")
  @@schema("app")
}

model Profile {
  userId String @id
  user   User   @relation(fields: [userId], references: [id], onDelete: Cascade, map: "fk")
  price  Decimal @db.Decimal(10, 2)
}

model Post {
  a     Int
  b     Int
  title String
  user  User   @relation(fields: [userId], references: [id])
  userId String @map("user_id")
  tags  Tag[]
  old   Tag[]  @relation("Old")
  @@id([a, b], name: "ab")
  @@unique([title(sort: Desc), userId], map: "u")
  @@index([title])
}

model Tag {
  id    Int    @id @default(autoincrement())
  posts Post[]
  older Post[] @relation("Old")
}

enum Role {
  USER
  ADMIN @map("admin")
  @@map("roles")
}
]]

function TestPrismaModel:test_resolve_names_tables_schemas_and_columns()
  local found = resolve(SHOP)
  local user = found.models.User
  lu.assertEquals({ user.table, user.schema, user.kind }, { "users", "app", "model" })
  lu.assertEquals(user.by_field.email.column, "email_address")
  lu.assertIs(user.by_column.created_at, user.by_field.createdAt)
  lu.assertIs(found.by_table["app.users"], user)
  lu.assertEquals(found.by_table.Tag.name, "Tag")
  lu.assertNil(user.by_field.posts.column)
end

function TestPrismaModel:test_resolve_knows_keys()
  local found = resolve(SHOP)
  lu.assertEquals(found.models.User.id.columns, { "id" })
  lu.assertEquals(found.models.User.uniques, { { fields = { "email" }, columns = { "email_address" } } })
  lu.assertEquals(found.models.Post.id, { fields = { "a", "b" }, columns = { "a", "b" }, name = "ab" })
  lu.assertEquals(found.models.Post.uniques, { { fields = { "title", "userId" }, columns = { "title", "user_id" }, map = "u" } })
  lu.assertEquals(found.models.Post.indexes, { { fields = { "title" }, columns = { "title" } } })
end

function TestPrismaModel:test_resolve_tells_required_fields()
  local user = resolve(SHOP).models.User
  local required = {}
  for _, field in ipairs(user.fields) do
    if field.required then
      required[#required + 1] = field.name
    end
  end
  lu.assertEquals(required, { "email", "name" })
end

function TestPrismaModel:test_resolve_reads_native_types()
  local found = resolve(SHOP)
  lu.assertEquals(found.models.User.by_field.email.native, { name = "VarChar", args = { 255 } })
  lu.assertEquals(found.models.Profile.by_field.price.native, { name = "Decimal", args = { 10, 2 } })
  lu.assertNil(found.models.User.by_field.name.native)
end

function TestPrismaModel:test_resolve_tells_kinds_of_defaults()
  local cases = {
    { "Int @default(autoincrement())", { kind = "autoincrement", by = "database" } },
    { "String @default(cuid())", { kind = "cuid", by = "client", version = 1 } },
    { "String @default(cuid(2))", { kind = "cuid", by = "client", version = 2 } },
    { "String @default(uuid())", { kind = "uuid", by = "client", version = 4 } },
    { "String @default(uuid(7))", { kind = "uuid", by = "client", version = 7 } },
    { "String @default(ulid())", { kind = "ulid", by = "client" } },
    { "String @default(nanoid())", { kind = "nanoid", by = "client", length = 21 } },
    { "String @default(nanoid(10))", { kind = "nanoid", by = "client", length = 10 } },
    { "DateTime @default(now())", { kind = "now", by = "both" } },
    { "String @default(dbgenerated(\"gen()\"))", { kind = "dbgenerated", by = "database", sql = "gen()" } },
    { "String @default(dbgenerated())", { kind = "dbgenerated", by = "database" } },
    { "String @default(\"x\", map: \"df\")", { kind = "static", by = "database", value = "x", map = "df" } },
    { "Int @default(5)", { kind = "static", by = "database", value = "5", number = true } },
    { "Boolean @default(false)", { kind = "static", by = "database", value = false } },
    { "Role @default(ADMIN)", { kind = "static", by = "database", value = "ADMIN", enum = true, stored = "admin" } },
    { "String[] @default([\"a\"])", { kind = "static", by = "database", value = { "a" }, list = true } },
  }
  for _, case in ipairs(cases) do
    local found = resolve(("model A {\n  x %s\n}\nenum Role {\n  ADMIN @map(\"admin\")\n}"):format(case[1]))
    lu.assertEquals(found.models.A.by_field.x.default, case[2], case[1])
  end
end

function TestPrismaModel:test_resolve_maps_enum_values()
  local role = resolve(SHOP).enums.Role
  lu.assertEquals(role.type, "roles")
  lu.assertEquals(role.by_value, { USER = "USER", ADMIN = "admin" })
  lu.assertEquals(role.values[2], { name = "ADMIN", stored = "admin" })
end

function TestPrismaModel:test_resolve_joins_both_ends_of_a_relation()
  local found = resolve(SHOP)
  local held, back = found.models.Post.by_field.user.relation, found.models.User.by_field.posts.relation
  lu.assertEquals({ held.side, held.model, held.opposite }, { "holder", "User", "posts" })
  lu.assertEquals({ held.columns, held.reference_columns }, { { "user_id" }, { "id" } })
  lu.assertEquals({ back.side, back.model, back.opposite, back.list }, { "back", "Post", "user", true })
  lu.assertEquals({ back.columns, back.reference_columns }, { { "id" }, { "user_id" } })
  local one = found.models.Profile.by_field.user.relation
  lu.assertEquals({ one.on_delete, one.map }, { "Cascade", "fk" })
end

function TestPrismaModel:test_resolve_joins_a_model_with_itself()
  local user = resolve(SHOP).models.User
  lu.assertEquals(user.by_field.boss.relation.opposite, "staff")
  lu.assertEquals(user.by_field.staff.relation.opposite, "boss")
  lu.assertEquals(user.by_field.staff.relation.side, "back")
end

function TestPrismaModel:test_resolve_knows_join_tables_of_many_to_many()
  local found = resolve(SHOP)
  lu.assertEquals(found.models.Post.by_field.tags.relation.join,
    { table = "_PostToTag", own_column = "A", other_column = "B" })
  lu.assertEquals(found.models.Tag.by_field.posts.relation.join,
    { table = "_PostToTag", own_column = "B", other_column = "A" })
  lu.assertEquals(found.models.Post.by_field.old.relation.join.table, "_Old")
end

function TestPrismaModel:test_resolve_takes_one_field_without_brackets_for_a_list_of_one()
  local found = resolve("model A {\n  id Int @id\n  s String\n  bs B[]\n  @@unique(s)\n  @@index(fields: s)\n}\n"
    .. "model B {\n  aId Int\n  a A @relation(fields: aId, references: id)\n  @@id(aId)\n}")
  lu.assertEquals(found.models.A.uniques, { { fields = { "s" }, columns = { "s" } } })
  lu.assertEquals(found.models.A.indexes, { { fields = { "s" }, columns = { "s" } } })
  lu.assertEquals(found.models.B.id.columns, { "aId" })
  lu.assertEquals(found.models.B.by_field.a.relation.fields, { "aId" })
  lu.assertEquals(found.models.B.by_field.a.relation.references, { "id" })
end

function TestPrismaModel:test_resolve_takes_names_beyond_ascii_and_values_named_like_constants()
  local found = resolve("model A {\n  id Int @id\n  größe Größe @default(größer)\n  on Flag @default(true)\n  @@unique([größe])\n}\n"
    .. "enum Größe {\n  klein\n  größer @map(\"g\")\n}\nenum Flag {\n  true\n}")
  local default = found.models.A.by_field["größe"].default
  lu.assertEquals({ default.value, default.stored }, { "größer", "g" })
  lu.assertEquals(found.models.A.by_field.on.default.stored, "true")
  lu.assertEquals(found.models.A.uniques[1].columns, { "größe" })
end

-- Each case: text, place, part of the message.
local BROKEN <const> = {
  { "model A {\n  id Int @id\n  @@unique([idd])\n}", "s:3:4:", "unknown field \"idd\". Did you mean \"id\"?" },
  { "model A {\n  id Int @id\n  @@id([id])\n}", "s:3:4:", "both @id and @@id" },
  { "model A {\n  id Int @id\n  @@index()\n}", "s:3:4:", "must name its fields" },
  { "model A {\n  id Int @default(autoincremnt())\n}", "s:2:10:", "Did you mean \"autoincrement\"?" },
  { "model A {\n  id Int @default()\n}", "s:2:10:", "has no value" },
  { "model A {\n  x R @default(BB)\n}\nenum R {\n  B\n}", "s:2:7:", "not a value of enum \"R\"" },
  { "model A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id Int @id\n}", "s:3:3:", "missing an opposite relation field on the model \"B\"" },
  { "model A {\n  id Int @id\n  b B?\n}\nmodel B {\n  id Int @id\n  a A?\n}", "s:3:3:", "no fields and references" },
  { "model A {\n  id Int @id\n  b B @relation(fields: [bIx], references: [id])\n bId Int\n}\nmodel B {\n  id Int @id\n  a A[]\n}",
    "s:3:7:", "unknown field \"bIx\" of model \"A\". Did you mean \"bId\"?" },
  { "model A {\n  id Int @id\n  b B @relation(fields: [id], references: [])\n}\nmodel B {\n  id Int @id\n  a A[]\n}",
    "s:3:7:", "as many fields as references" },
  { "model A {\n  id Int @id\n  @@map(\"t\")\n}\nmodel B {\n  id Int @id\n  @@map(\"t\")\n}", "s:5:1:", "same table \"t\"" },
  { "model A {\n  a Int @map(\"c\")\n  b Int @map(\"c\")\n}", "s:3:3:", "same column \"c\"" },
}

function TestPrismaModel:test_resolve_fails_with_the_place_and_the_reason()
  for index, case in ipairs(BROKEN) do
    local found, message, code = resolve(case[1])
    lu.assertNil(found, "case " .. index)
    lu.assertStrContains(message, case[2])
    lu.assertStrContains(message, case[3])
    lu.assertEquals(code, "P1012")
  end
end

return TestPrismaModel
