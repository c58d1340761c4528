--- The ready-made seeds, copied into a project, on a real server: the second run changes nothing.
local TestReadySeeds = {}

local fs = require("tilth.core.fs")
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local SCHEMA <const> = [[
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model Country {
  id      Int    @id @default(autoincrement())
  code    String @unique @db.Char(2)
  alpha3  String
  numeric String
  name    String
}

model Currency {
  code    String @id @db.Char(3)
  numeric String
  name    String
}

model Language {
  code   String @id
  alpha3 String
  name   String
}

model TimeZone {
  name      String   @id
  country   String
  latitude  Decimal  @db.Decimal(8, 4)
  longitude Decimal  @db.Decimal(8, 4)

  @@map("time_zones")
}

enum Status {
  PENDING
  PAID
  SHIPPED
  CANCELLED
}

model User {
  id        String   @id @default(cuid())
  email     String   @unique
  name      String
  orders    Order[]
  updatedAt DateTime @updatedAt

  @@map("users")
}

model Order {
  id       BigInt   @id @default(autoincrement())
  number   String   @unique
  status   Status
  total    Decimal  @db.Decimal(12, 2)
  placedAt DateTime @db.Timestamptz(3)
  userId   String
  user     User     @relation(fields: [userId], references: [id])
}
]]
local TABLES <const> = [[
CREATE TYPE "Status" AS ENUM ('PENDING', 'PAID', 'SHIPPED', 'CANCELLED');
CREATE TABLE "Country" (id SERIAL PRIMARY KEY, code CHAR(2) NOT NULL UNIQUE,
  alpha3 TEXT NOT NULL, "numeric" TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE "Currency" (code CHAR(3) PRIMARY KEY, "numeric" TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE "Language" (code TEXT PRIMARY KEY, alpha3 TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE time_zones (name TEXT PRIMARY KEY, country TEXT NOT NULL,
  latitude DECIMAL(8,4) NOT NULL, longitude DECIMAL(8,4) NOT NULL);
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, "updatedAt" TIMESTAMP(3) NOT NULL);
CREATE TABLE "Order" (id BIGSERIAL PRIMARY KEY, number TEXT NOT NULL UNIQUE, status "Status" NOT NULL, total DECIMAL(12,2) NOT NULL,
  "placedAt" TIMESTAMPTZ(3) NOT NULL, "userId" TEXT NOT NULL REFERENCES users(id));
]]
-- Any change of a row gives it another xmin.
local CONTENT <const> = [[
select md5(string_agg(line, ',' order by line)) from (
  select t::text || xmin::text from "Country" t union all select t::text || xmin::text from "Currency" t
  union all select t::text || xmin::text from "Language" t union all select t::text || xmin::text from time_zones t
  union all select t::text || xmin::text from users t union all select t::text || xmin::text from "Order" t) x(line)]]
local COUNTS <const> = [[
select (select count(*) from "Country") as countries, (select count(*) from "Currency") as currencies,
  (select count(*) from "Language") as languages, (select count(*) from time_zones) as zones,
  (select count(*) from users) as users, (select count(*) from "Order") as orders]]

--- Copies the ready-made seeds, with their folder of data, into a project.
local function copy_seeds(made, folder, target)
  for _, entry in ipairs(assert(fs.list(folder))) do
    local path = folder .. "/" .. entry.name
    if entry.type == "directory" then
      copy_seeds(made, path, target .. "/" .. entry.name)
    elseif entry.name:find("%.lua$") or entry.name:find("%.csv$") then
      made:write(target .. "/" .. entry.name, assert(fs.read(path)))
    end
  end
end

local function prepare()
  local made = project.new({ schema = SCHEMA, migrations = { { "20240101000000_init", TABLES } } })
  local tests = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*/[^/]*$")
  copy_seeds(made, tests .. "/../seeds", "seeds")
  return made
end

local function seed(made, db, more)
  local variables = { DATABASE_URL = db.url, RUN_SEED = "true" }
  for name, value in pairs(more or {}) do variables[name] = value end
  return program.run({ args = { "flow", "--no-build" }, cwd = made.path, env = variables })
end

function TestReadySeeds:test_second_run_changes_nothing()
  local made = prepare()
  local db <close> = database.new()
  lu.assertEquals(seed(made, db).status, 0)
  lu.assertEquals(db:query(COUNTS)[1],
    { countries = 249, currencies = 181, languages = 184, zones = 312, users = 100, orders = 1000 })
  lu.assertEquals(db:value("select count(*) from \"Order\" o join users u on u.id = o.\"userId\""), 1000)
  local before = db:value(CONTENT)
  local again = seed(made, db)
  lu.assertEquals(again.status, 0, again.text)
  lu.assertEquals(db:value(CONTENT), before)
end

function TestReadySeeds:test_demo_data_stays_out_of_production()
  local made = prepare()
  local db <close> = database.new()
  local result = seed(made, db, { TILTH_ENV = "production" })
  lu.assertEquals(result.status, 0, result.text)
  local counts = db:query(COUNTS)[1]
  lu.assertEquals({ counts.countries, counts.users, counts.orders }, { 249, 0, 0 })
end

function TestReadySeeds:test_copied_seed_takes_the_names_of_the_team()
  local made = prepare()
  for _, name in ipairs({ "currencies", "languages", "time_zones", "demo_users", "demo_orders" }) do
    assert(fs.remove(made.path .. "/seeds/" .. name .. ".lua"))
  end
  made:migration("20240102000000_nations", "CREATE TABLE nations (iso TEXT PRIMARY KEY, title TEXT NOT NULL);")
  made:write("seeds/countries.lua", [[
    return require("ready.reference").define("countries", {
      description = "Where we ship to", model = "nations", key = "iso",
      columns = { iso = "alpha2", title = "name" },
      where = function(row) return row.alpha2 == "NO" or row.alpha2 == "SE" end,
    })]])
  local db <close> = database.new()
  local result = seed(made, db)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(db:column("select iso || ' ' || title from nations order by iso"), { "NO Norway", "SE Sweden" })
end

return TestReadySeeds
