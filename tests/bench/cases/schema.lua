--- Reading a schema.prisma as large as they come.
local schema = { about = "a schema.prisma of 300 models, parsed and resolved by a process of its own" }

local fs = require("tilth.core.fs")
local measure = require("measure")

local RUNS <const> = 20
local MODELS <const> = 300
-- The start of the process is part of it.
local LIMIT <const> = 0.05

local MODEL <const> = [[
/// Number $n of many.
model Thing$n {
  id        String    @id @default(cuid())
  slug      String    @unique @db.VarChar(80)
  title     String    @map("title_$n")
  body      String?   @db.Text
  price     Decimal   @default(0) @db.Decimal(12, 2)
  status    Status    @default(DRAFT)
  tags      String[]  @default([])
  meta      Json?
  createdAt DateTime  @default(now()) @map("created_at") @db.Timestamptz(3)
  updatedAt DateTime  @updatedAt @map("updated_at") @db.Timestamptz(3)
  parentId  String?   @map("parent_id") // the one before
  parent    Thing$p?  @relation("to$n", fields: [parentId], references: [id], onDelete: SetNull)
  children  Thing$s[] @relation("to$s")

  @@index([status, createdAt(sort: Desc)])
  @@unique([parentId, slug])
  @@map("things_$n")
}

]]
local PARSE <const> = [[
local text = assert(require("tilth.core.fs").read(%q))
local parsed = assert(require("tilth.prisma.schema").parse({ { path = "schema.prisma", text = text } }))
assert(#parsed.models == %d)
]]
local DESCRIBE <const> = [[
local text = assert(require("tilth.core.fs").read(%q))
local described = assert(require("tilth.seed.prisma").describe({ { path = "schema.prisma", text = text } }))
assert(described.models.Thing%d.relations.children.model == "Thing1")
]]

local function text()
  local parts = { 'datasource db {\n  provider = "postgresql"\n}\n\nenum Status {\n  DRAFT\n  LIVE @map("live")\n}\n\n' }
  for number = 1, MODELS do
    local names = { n = number, p = (number - 2) % MODELS + 1, s = number % MODELS + 1 }
    parts[number + 1] = MODEL:gsub("%$(%l)", function(name) return tostring(names[name]) end)
  end
  return table.concat(parts)
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function schema.run(place)
  local folder = place:directory("schema")
  assert(fs.write(folder .. "/schema.prisma", text()))
  assert(fs.write(folder .. "/parse.lua", PARSE:format(folder .. "/schema.prisma", MODELS)))
  assert(fs.write(folder .. "/describe.lua", DESCRIBE:format(folder .. "/schema.prisma", MODELS)))
  assert(fs.write(folder .. "/empty.lua", "return\n"))
  local rows = {}
  for _, case in ipairs({ { "parse", "schema.prisma of %d models, parsed", LIMIT }, { "describe", "the same, resolved for seeds" } }) do
    local name, title, limit = table.unpack(case)
    rows[#rows + 1] = measure.pairs({
      name = title:format(MODELS), runs = place:runs(RUNS), limit = limit,
      a = { name = "tilth", command = function() return place:tilth({ "run", ("%s/%s.lua"):format(folder, name) }) end },
      b = { name = "tilth run empty.lua", command = function() return place:tilth({ "run", folder .. "/empty.lua" }) end },
    })
  end
  return rows
end

return schema
