--- What seeding through Prisma's client costs, as package.json's prisma.seed does it.
local client = { about = "50,000 rows created and 2,000 upserted by a seed beside Prisma's client" }

local fs = require("tilth.core.fs")
local measure = require("measure")
local people = require("people")
local prisma = require("prisma")

local RUNS <const> = 2
local CREATED <const> = 50000
local UPSERTED <const> = 2000

local GENERATOR <const> = [[
generator client {
  provider   = "prisma-client-js"
  engineType = "client"
  output     = "../client"
}
]]
local SEED <const> = [[
local people = require("people")
return require("tilth.seed").define({
  run = function(db)
    local number = 0
    db:load("Person", function()
      if number < %d then
        number = number + 1
        return people.row(number)
      end
    end, { key = "id" })
  end,
})
]]
local SCRIPT <const> = [[
import { createRequire } from "node:module";
const { PrismaClient } = createRequire(import.meta.url)("./client");
import { PrismaPg } from "@prisma/adapter-pg";

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
const two = (n) => String(n).padStart(2, "0");
const cities = ["Amsterdam", "Berlin", "København", "Dublin", "Évora", "Firenze", "Göteborg", '"Den Haag"'];
const row = (n) => ({
  id: BigInt(n), email: `person.${n}@example.com`, name: `Person Number ${n}`, city: cities[n %% 8],
  balance: `${n %% 9973}.${two(n %% 100)}`, active: n %% 3 !== 0,
  joined: `2024-${two((n %% 12) + 1)}-${two((n %% 28) + 1)}T${two(n %% 24)}:00:00.000Z`,
  note: n %% 5 === 0 ? `note, with a comma: ${n}` : null,
});
%s
await prisma.$disconnect();
]]
local CREATE <const> = [[
for (let first = 1; first <= %d; first += 4000) {
  await prisma.person.createMany({ data: Array.from({ length: Math.min(4000, %d - first + 1) }, (_, i) => row(first + i)) });
}]]
local UPSERT <const> = [[
for (let n = 1; n <= %d; n++) {
  const { id, ...rest } = row(n);
  await prisma.person.upsert({ where: { id }, create: { id, ...rest }, update: rest });
}]]

--- The project with Prisma's client generated into it.
local function prepare(place, tool)
  local project = place:project({ { "20240101000000_people", people.TABLE } })
  local schema = project .. "/prisma/schema.prisma"
  assert(fs.append(schema, "\n" .. GENERATOR .. "\n" .. people.MODEL))
  assert(fs.symlink(tool.env.HOME .. "/node_modules", project .. "/node_modules"))
  local generate = prisma.command(place, { "generate" }, project, "postgres")
  generate.env.ORACLE_SCHEMA = schema
  measure.time(generate)
  assert(fs.write(project .. "/create.mjs", SCRIPT:format(CREATE:format(CREATED, CREATED))))
  assert(fs.write(project .. "/upsert.mjs", SCRIPT:format(UPSERT:format(UPSERTED))))
  assert(fs.mkdir(project .. "/seeds/people"))
  assert(fs.write(project .. "/seeds/people/init.lua", assert(fs.read(place.options.source .. "/people.lua"))))
  assert(fs.write(project .. "/seeds/create.lua", SEED:format(CREATED)))
  assert(fs.write(project .. "/seeds/upsert.lua", SEED:format(UPSERTED)))
  return project
end

--- A side that begins each time with a copy of a database; the last copy's rows are counted.
local function side(place, name, template, count, command)
  local database
  return {
    name = name,
    command = function()
      database = place:database(template)
      return command(database)
    end,
    after = function()
      local found = place:sql(database, "select count(*) as count from people")[1].count
      place:drop(database)
      if found ~= count then
        error(("%s left %d rows and not %d"):format(name, found, count), 0)
      end
    end,
  }
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function client.run(place)
  local tool, why = prisma.command(place, {}, place.folder, "postgres")
  if not tool then
    io.stderr:write("  without Prisma: ", why, "\n")
    return {}
  end
  local project = prepare(place, tool)
  local empty = place:database()
  measure.time(place:tilth({ "migrate", "deploy" }, project, empty))
  local rows = {}
  for _, case in ipairs({
    { "create", "create 50,000 rows", "Prisma createMany", CREATED },
    { "upsert", "upsert 2,000 rows", "Prisma upsert", UPSERTED },
  }) do
    local name, title, beside, count = table.unpack(case)
    rows[#rows + 1] = measure.pairs({
      name = title, runs = place:runs(RUNS),
      a = side(place, "tilth", empty, count, function(database)
        return place:tilth({ "seed", name, "--only" }, project, database)
      end),
      b = side(place, beside, empty, count, function(database)
        local variables = place:environment(database)
        return { argv = { tool.argv[1], project .. "/" .. name .. ".mjs" }, env = variables, cwd = project }
      end),
    })
  end
  return rows
end

return client
