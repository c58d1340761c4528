--- The Prisma schema language.
local lu = require("luaunit")

local schema = require("tilth.prisma.schema")

local TestPrismaSchema = {}

local function parse(text)
  local parsed, message = schema.parse({ { path = "schema.prisma", text = text } })
  lu.assertNotNil(parsed, message)
  return parsed
end

local WHOLE <const> = [[
// A comment
generator client {
  provider        = "prisma-client-js" // which
  previewFeatures = ["views", "multiSchema"]
}

datasource db {
  provider  = "postgresql"
  url       = env("DATABASE_URL")
  schemas   = ["a", "b"]
}

/// People who log in.
/// Two lines.
model User {
  id      String   @id @default(cuid(2)) @db.VarChar(30) /// the key
  email   String   @unique(map: "users_email")
  /* a block
     comment */
  age     Int?
  tags    String[] @default(["a", "b\"c"])
  score   Float    @default(-1.5)
  active  Boolean  @default(true)
  shape   Unsupported("circle")?
  shapes  Unsupported("box")[]
  role    Role     @default(USER)
  posts   Post[]   @relation("author")
  meta    Json     @default("{\"a\": 1}") @map(
    "meta_data"
  )

  @@unique([email, age(sort: Desc)], name: "both", map: "m")
  @@index(fields: [createdAt, address.city], type: Gin,)
  @@map("users")
  @@schema("a")
}

enum Role {
  USER  @map("user")
  ADMIN // may do all
  @@map("roles")
}

view Recent {
  id String @unique
}

type Address {
  city String
}

model Post {
  id        Int  @id @default(autoincrement())
  createdAt DateTime @default(now())
  author    User @relation("author", fields: [authorId], references: [id])
  authorId  String
}
]]

function TestPrismaSchema:test_parse_reads_every_kind_of_block()
  local parsed = parse(WHOLE)
  lu.assertEquals({ #parsed.generators, #parsed.datasources, #parsed.models, #parsed.enums, #parsed.views, #parsed.types },
    { 1, 1, 2, 1, 1, 1 })
  lu.assertEquals(parsed.files, { "schema.prisma" })
  lu.assertEquals(parsed.models.User.documentation, "People who log in.\nTwo lines.")
  lu.assertEquals({ parsed.models.User.line, parsed.models.User.column }, { 15, 1 })
end

function TestPrismaSchema:test_parse_reads_types_and_arity()
  local fields = parse(WHOLE).models.User.by_field
  local function shape(name)
    local field = fields[name]
    return { field.type, field.list, field.optional, field.unsupported }
  end
  lu.assertEquals(shape("id"), { "String", false, false })
  lu.assertEquals(shape("age"), { "Int", false, true })
  lu.assertEquals(shape("tags"), { "String", true, false })
  lu.assertEquals(shape("shape"), { "Unsupported", false, true, "circle" })
  lu.assertEquals(shape("shapes"), { "Unsupported", true, false, "box" })
  lu.assertEquals(shape("posts"), { "Post", true, false })
end

function TestPrismaSchema:test_parse_keeps_order_lines_and_documentation_of_fields()
  local user = parse(WHOLE).models.User
  lu.assertEquals(user.fields[1].name, "id")
  lu.assertEquals(user.fields[1].documentation, "the key")
  lu.assertEquals({ user.by_field.age.line, user.by_field.age.column }, { 20, 3 })
end

function TestPrismaSchema:test_parse_reads_values_of_every_kind()
  local fields = parse(WHOLE).models.User.by_field
  local function default(name)
    return schema.argument(schema.attribute(fields[name], "default"), nil, 1)
  end
  lu.assertEquals(default("id"), { kind = "function", name = "cuid", args = { { value = { kind = "number", value = "2" } } } })
  lu.assertEquals(default("score"), { kind = "number", value = "-1.5" })
  lu.assertEquals(default("active"), { kind = "constant", value = "true" })
  lu.assertEquals(default("tags"),
    { kind = "array", items = { { kind = "string", value = "a" }, { kind = "string", value = "b\"c" } } })
  lu.assertEquals(default("meta"), { kind = "string", value = "{\"a\": 1}" })
end

function TestPrismaSchema:test_parse_reads_arguments_over_several_lines()
  local map = schema.attribute(parse(WHOLE).models.User.by_field.meta, "map")
  lu.assertEquals(schema.argument(map, "name", 1).value, "meta_data")
end

function TestPrismaSchema:test_parse_reads_block_attributes_with_names_and_trailing_comma()
  local user = parse(WHOLE).models.User
  local unique, index = schema.attribute(user, "unique"), schema.attribute(user, "index")
  lu.assertEquals(schema.argument(unique, "name").value, "both")
  lu.assertEquals(schema.argument(unique, "fields", 1).items[2].name, "age")
  lu.assertEquals(schema.argument(index, "fields", 1).items[2].value, "address.city")
  lu.assertEquals(schema.argument(index, "type").value, "Gin")
end

function TestPrismaSchema:test_parse_decodes_escapes()
  local parsed = parse("datasource d {\n  url = \"a\\n\\t\\\\\\\"\\u00e9\\uD83D\\uDE00\"\n}\n")
  lu.assertEquals(parsed.datasources[1].by_property.url.value.value, "a\n\t\\\"é😀")
end

function TestPrismaSchema:test_parse_accepts_crlf_bom_and_an_empty_text()
  lu.assertEquals(#parse("\xEF\xBB\xBFmodel A {\r\n  id Int @id\r\n}\r\n").models, 1)
  lu.assertEquals(#parse("").models, 0)
  lu.assertEquals(#parse("model A {\n  id Int @id\n} // end").models, 1)
end

function TestPrismaSchema:test_parse_accepts_blanks_where_prisma_does()
  local field = parse("model A {\n  id Int ? @ default( 1 )\n  s Unsupported(\"x\") []\n}").models.A
  lu.assertTrue(field.by_field.id.optional)
  lu.assertEquals(field.by_field.id.attributes[1].name, "default")
  lu.assertTrue(field.by_field.s.list)
end

function TestPrismaSchema:test_parse_joins_several_files()
  local parsed = schema.parse({
    { path = "a.prisma", text = "model A {\n  id Int @id\n  b B?\n}" }, { path = "b.prisma", text = "enum B {\n  X\n}" },
  })
  lu.assertEquals(parsed.enums.B.file, "b.prisma")
  lu.assertEquals(parsed.files, { "a.prisma", "b.prisma" })
end

-- Each case: text, the place, part of the message.
local BROKEN <const> = {
  { "modle A {\n}", "1:1", "does not start with any known" },
  { "model A {\n  id Int\n", "1:1", "never closed" },
  { "model A\n  id Int\n}", "2:3", "expected {" },
  { "model A {\n  id\n}", "2:5", "no valid type" },
  { "model A {\n  id Int @\n}", "2:10", "expected the name of an attribute" },
  { "model A {\n  id Int x\n}", "2:10", "not a valid" },
  { "model A {\n  id [Int]\n}", "2:6", "brackets after the type" },
  { "model A {\n  id Int[]?\n}", "2:3", "optional lists" },
  { "model A {\n  id Int!\n}", "2:3", "required by default" },
  { "model A {\n  id Int @default(\"x)\n}", "2:19", "not closed on its line" },
  { "model A {\n  id String @default(\"\\q\")\n}", "2:23", "unknown escape" },
  { "model A {\n  id Int @default(1\n}", "3:1", "expected a comma" },
  { "model A {\n  id Int @default(value:)\n}", "2:19", "has no value" },
  { "model A {\n  *x Int\n}", "2:3", "not a valid field" },
  { "model A {\n  na.ve Int\n}", "2:5", "no valid type" },
  { "model A {\n  id Int @idd\n}", "2:10", "\"@idd\". Did you mean \"id\"?" },
  { "model A {\n  id Int\n  @@uniqe([id])\n}", "3:4", "Did you mean \"unique\"?" },
  { "model A {\n  id Strng\n}", "2:3", "Did you mean \"String\"?" },
  { "model A {\n  id Int\n  id Int\n}", "3:3", "already defined in model \"A\"" },
  { "model A {\n id Int\n}\nenum A {\n X\n}", "4:1", "exists already (schema.prisma:1)" },
  { "enum A {\n  X\n  X\n}", "3:3", "value \"X\" is already defined" },
  { "datasource db {\n  url\n}", "2:3", "not a valid property" },
  { "datasource db {\n  url = \n}", "3:1", "expected a value" },
  { "/* open\nmodel A {\n}", "1:1", "never closed" },
  { "model A {\n  x Unsupported(circle)\n}", "2:5", "one string" },
}

function TestPrismaSchema:test_parse_fails_with_the_place_and_the_reason()
  for index, case in ipairs(BROKEN) do
    local parsed, message, code, detail = schema.parse({ { path = "schema.prisma", text = case[1] } })
    lu.assertNil(parsed, "case " .. index)
    lu.assertEquals(code, "P1012")
    lu.assertStrContains(message, "schema.prisma:" .. case[2] .. ":", false, false, "case " .. index)
    lu.assertStrContains(message, case[3])
    lu.assertEquals(("%d:%d"):format(detail.line, detail.column_number), case[2])
  end
end

function TestPrismaSchema:test_datasources_reads_them_without_the_models()
  local found = schema.datasources({ { path = "s", text = WHOLE .. "\nmodel Broken {\n  ???\n}" } })
  lu.assertEquals(#found, 1)
  lu.assertEquals(found[1].name, "db")
  lu.assertEquals(found[1].by_property.url.line, 9)
end

function TestPrismaSchema:test_datasources_skips_comments()
  local cases = {
    "// datasource a {\n//  url = \"x\"\n//}\n", "/* datasource a {\n  url = \"x\"\n} */\n", "/// the datasource db {\n",
    "model A {\n  /* x */ id Int\n}\n/*\ndatasource a {\n}*/\n", "/*\ndatasource a {\n}*/\n/*\ndatasource b {\n}*/\n/* c */\n",
    "// files: src/**/*.ts\n", "generator g {\n  output = \"src/*.ts\"\n}\n", "generator g {\n  u = \"http://x\" /* datasource */\n}\n",
    "model A {\n  datasource String\n  x String // datasource y {\n}\n",
  }
  for index, text in ipairs(cases) do
    lu.assertEquals(#schema.datasources({ { path = "s", text = text } }), 0, "case " .. index)
    local found = schema.datasources({ { path = "s", text = text .. "datasource db {\n  url = \"y\"\n}" } })
    lu.assertEquals(#found, 1, "case " .. index)
    lu.assertEquals(found[1].name, "db")
  end
end

function TestPrismaSchema:test_datasources_fails_with_the_place()
  local found, message, code = schema.datasources({ { path = "s", text = "datasource db {\n  url = env(\n" } })
  lu.assertNil(found)
  lu.assertStrContains(message, "s:2:")
  lu.assertEquals(code, "P1012")
end

local WALKS <const> = 4

--- How long the processor is busy with a function, at best.
local function measure(fn, best)
  local before = os.clock()
  fn()
  return math.min(best, os.clock() - before)
end

function TestPrismaSchema:test_parse_of_300_models_takes_as_long_as_a_few_walks_through_their_words()
  local blocks = {}
  for index = 1, 300 do
    blocks[index] = (WHOLE:match("model Post.*")):gsub("Post", "Post" .. index):gsub("User", "Other")
      :gsub("authorId  String", "authorId  String\n" .. ("  text%d String? @db.VarChar(255) @map(\"t\")\n"):rep(8):gsub("%%d", function()
        return "x"
      end))
  end
  for index, text in ipairs(blocks) do
    local count = 0
    blocks[index] = text:gsub("textx", function()
      count = count + 1
      return "text" .. count
    end)
  end
  local text = table.concat(blocks) .. "model Other {\n  id String @id\n}\n"
  local function walk()
    local words = {}
    for at, word in text:gmatch("()([%w_]+)") do
      words[#words + 1] = { at = at, word = word }
    end
    return words
  end
  -- The best of several of both, by turns: neither other work on the machine nor a slow one must fail the test.
  local best, walked = math.huge, math.huge
  for _ = 1, 20 do
    best = measure(function() lu.assertNotNil(parse(text)) end, best)
    walked = measure(walk, walked)
    if best < WALKS * walked then
      break
    end
  end
  lu.assertTrue(best < WALKS * walked, ("%.1f ms, and a walk %.1f ms"):format(best * 1000, walked * 1000))
end

return TestPrismaSchema
