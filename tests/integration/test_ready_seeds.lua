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

--- A project without seeds of its own, that finds the ready-made ones of the tree.
local function bare(schema)
  local made = project.new({ schema = schema or SCHEMA, migrations = { { "20240101000000_init", TABLES } } })
  local tests = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*/[^/]*$")
  made.ready = assert(fs.realpath(tests .. "/../seeds"))
  return made
end

local function command(made, db, args, more)
  local variables = { DATABASE_URL = db and db.url, TILTH_SEEDDIR = made.ready }
  for name, value in pairs(more or {}) do variables[name] = value end
  return program.run({ args = args, cwd = made.path, env = variables })
end

local function deployed(made)
  local db = database.new()
  local result = command(made, db, { "migrate", "deploy" })
  lu.assertEquals(result.status, 0, result.text)
  return db
end

function TestReadySeeds:test_seed_by_name_says_where_it_came_from()
  local made = bare()
  local db <close> = deployed(made)
  local result = command(made, db, { "seed", "countries" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, ("Seeded countries (ready-made, %s/countries.lua): Country: 249 inserted"):format(made.ready))
  lu.assertStrContains(command(made, db, { "seed", "countries" }).stdout, "Country: 249 unchanged")
  lu.assertStrContains(command(made, db, { "seed", "countries", "--dry-run" }).stdout, "Would seed countries (ready-made")
  lu.assertStrContains(command(made, db, { "seed", "check", "countries" }).stdout, "countries")
  lu.assertStrMatches(command(made, db, { "seed", "status" }).stdout, ".*countries +ready%-made.*")
end

function TestReadySeeds:test_seed_by_name_brings_what_it_comes_after()
  local made = bare()
  local db <close> = deployed(made)
  local result = command(made, db, { "seed", "demo_orders" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrMatches(result.stdout, ".*Seeded demo_users .-User: 100 inserted.*Seeded demo_orders .-Order: 1000 inserted.*")
end

function TestReadySeeds:test_ready_made_seeds_run_only_when_they_are_named()
  local made = bare()
  local db <close> = deployed(made)
  lu.assertStrContains(command(made, db, { "seed" }).text, "No seeds")
  lu.assertEquals(db:value('select count(*) from "Country"'), 0)
end

function TestReadySeeds:test_the_projects_own_file_wins()
  local made = bare()
  made:write("seeds/020_countries.lua", [[
    return require("tilth.seed").define({ run = function(db)
      db:upsert("Country", { code = "XX", alpha3 = "XXX", numeric = "0", name = "Ours" }, { key = "code" })
    end })]])
  local db <close> = deployed(made)
  local result = command(made, db, { "seed", "countries" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertNotStrContains(result.stdout, "ready-made")
  lu.assertEquals(db:column('select name from "Country"'), { "Ours" })
end

function TestReadySeeds:test_a_project_takes_one_with_its_own_options()
  local made = bare()
  made:migration("20240102000000_nations", "CREATE TABLE nations (iso TEXT PRIMARY KEY, title TEXT NOT NULL);")
  made:write("seeds/nations.lua", [[
    return require("tilth.seed").ready("countries", {
      model = "nations", key = "iso", columns = { iso = "alpha2", title = "name" },
      where = function(row) return row.alpha2 == "NO" or row.alpha2 == "SE" end,
    })]])
  local db <close> = deployed(made)
  local result = command(made, db, { "seed" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Seeded nations: nations: 2 inserted")
  made:write("seeds/nations.lua", 'return require("tilth.seed").ready("countrys")')
  lu.assertStrContains(command(made, db, { "seed" }).stderr,
    'seeds/nations.lua: seed.ready: there is no ready-made seed "countrys". Did you mean "countries"')
end

function TestReadySeeds:test_defaults_fit_themselves_to_the_model()
  local made = bare((SCHEMA:gsub("  alpha3  String\n  numeric String\n", "", 1)))
  made:migration("20240102000000_less", [=[
    ALTER TABLE "Country" DROP COLUMN alpha3, DROP COLUMN "numeric";
    ALTER TABLE "Country" RENAME TO countries;]=])
  made:write("prisma/schema.prisma", (SCHEMA:gsub("model Country.-}\n", "", 1)))
  local db <close> = deployed(made)
  local result = command(made, db, { "seed", "countries" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "countries has no alpha3, numeric: left out")
  lu.assertStrContains(result.stdout, "countries: 249 inserted")
  db:query("alter table countries rename column code to iso")
  local failed = command(made, db, { "seed", "countries" })
  lu.assertEquals(failed.status, 1)
  lu.assertStrContains(failed.stderr, 'countries has no field "code", by which a row is found again; it has id, iso, name')
  lu.assertStrContains(failed.stderr, 'return require("tilth.seed").ready("countries", { model = "Country", key = "code"')
end

function TestReadySeeds:test_new_copies_a_seed_with_all_that_it_reads()
  local made = bare()
  local db <close> = deployed(made)
  for _, name in ipairs({ "countries", "currencies", "languages", "time_zones", "demo_users", "demo_orders" }) do
    local result = command(made, nil, { "seed", "new", name, "--from", name })
    lu.assertEquals(result.status, 0, result.text)
    lu.assertStrContains(result.stdout, ("Wrote seeds/%s.lua"):format(name))
  end
  made.ready = made.path .. "/nowhere"
  local result = command(made, db, { "seed" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(db:query(COUNTS)[1],
    { countries = 249, currencies = 181, languages = 184, zones = 312, users = 100, orders = 1000 })
end

function TestReadySeeds:test_new_keeps_what_is_there()
  local made = bare()
  made:write("seeds/ready/reference.lua", "-- changed by the team\n")
  local result = command(made, nil, { "seed", "new", "lands", "--from", "countries" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Kept seeds/ready/reference.lua")
  lu.assertEquals(fs.read(made.path .. "/seeds/ready/reference.lua"), "-- changed by the team\n")
  local again = command(made, nil, { "seed", "new", "lands", "--from", "countries" })
  lu.assertEquals(again.status, 2)
  lu.assertStrContains(again.stderr, "seeds/lands.lua exists already")
end

function TestReadySeeds:test_unknown_names_say_what_there_is()
  local made = bare()
  local db <close> = deployed(made)
  local cases = {
    { { "seed", "new", "x", "--from", "contries" }, 'no ready-made seed "contries". Did you mean "countries"' },
    { { "seed", "contries" }, 'there is no seed "contries"' },
    { { "seed", "countries", "--from", "countries" }, "tilth seed new NAME --from READY" },
  }
  for _, case in ipairs(cases) do
    local result = command(made, db, case[1])
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, case[2])
  end
  made.ready = made.path .. "/nowhere"
  lu.assertStrContains(command(made, nil, { "seed", "new", "x", "--from", "countries" }).stderr, "not installed in " .. made.ready)
end

return TestReadySeeds
