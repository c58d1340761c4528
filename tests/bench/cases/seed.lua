--- Seeding a million rows: from a CSV file, from a Lua iterator, and again when nearly all are there.
local seed = { about = "1,000,000 rows loaded, pushed and upserted by a seed beside psql \\copy and hand-written SQL" }

local fs = require("tilth.core.fs")
local measure = require("measure")
local people = require("people")

local RUNS <const> = 5
local COUNT <const> = 1000000
local CHANGED_EVERY <const> = 100
local MEMORY <const> = 64e6

local LOAD <const> = [[
return require("tilth.seed").define({
  run = function(db) db:load("Person", %q, { key = "id" }) end,
})
]]
local ITERATE <const> = [[
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
-- The fastest way that was found by hand: only rows that differ reach the table.
local UPSERT <const> = [[
begin;
create temp table s (like people) on commit drop;
\copy s from '%s' with (format csv, header)
analyze s;
with d as materialized (
  select s.*, t.id is null as is_new from s left join people t on t.id = s.id
  where t.id is null or (t.email, t.name, t.city, t.balance, t.active, t.joined, t.note)
    is distinct from (s.email, s.name, s.city, s.balance, s.active, s.joined, s.note)),
w as (insert into people select id, email, name, city, balance, active, joined, note from d
  on conflict (id) do update set (email, name, city, balance, active, joined, note) =
    (excluded.email, excluded.name, excluded.city, excluded.balance, excluded.active, excluded.joined, excluded.note)
  returning 1)
select count(*) filter (where is_new), count(*) filter (where not is_new), (select count(*) from w) from d;
commit;
]]

--- A project whose seeds read the files; its database, empty, to be copied for every run.
local function prepare(place)
  local project = place:project({ { "20240101000000_people", people.TABLE } })
  assert(fs.append(project .. "/prisma/schema.prisma", "\n" .. people.MODEL))
  local data = place:directory("data")
  local files = { whole = data .. "/people.csv", changed = data .. "/changed.csv", upsert = data .. "/upsert.sql" }
  people.write(files.whole, COUNT)
  people.write(files.changed, COUNT, CHANGED_EVERY)
  assert(fs.write(files.upsert, UPSERT:format(files.changed)))
  assert(fs.mkdir(project .. "/seeds"))
  assert(fs.write(project .. "/seeds/load.lua", LOAD:format(files.whole)))
  assert(fs.write(project .. "/seeds/upsert.lua", LOAD:format(files.changed)))
  assert(fs.write(project .. "/seeds/iterate.lua", ITERATE:format(COUNT)))
  assert(fs.mkdir(project .. "/seeds/people"))
  assert(fs.write(project .. "/seeds/people/init.lua", assert(fs.read(place.options.source .. "/people.lua"))))
  local empty = place:database()
  measure.time(place:tilth({ "migrate", "deploy" }, project, empty))
  return project, files, empty
end

--- A side that begins each time with a copy of a database.
local function side(place, name, template, command)
  local database
  return {
    name = name,
    command = function()
      database = place:database(template)
      return command(database)
    end,
    after = function() place:drop(database) end,
  }
end

--- What is in the table, in one line.
local function content(place, database)
  local sql = "select count(*)::text || ' ' || sum(hashtextextended(p::text, 0))::text as content from people p"
  return place:sql(database, sql)[1].content
end

--- Fails unless the seed did what psql did.
local function check(place, project, name, template, expected)
  local database = place:database(template)
  measure.time(place:tilth({ "seed", name, "--only" }, project, database))
  local found = content(place, database)
  place:drop(database)
  if found ~= expected then
    error(("the seed %s left other rows than psql: %s and not %s"):format(name, found, expected), 0)
  end
end

--- What psql leaves, and the database that holds it.
local function after_psql(place, template, args)
  local database = place:database(template)
  measure.time(place:run_psql(args, database))
  return content(place, database), database
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function seed.run(place)
  local project, files, empty = prepare(place)
  local copy = { "-c", ("\\copy people from '%s' with (format csv, header)"):format(files.whole) }
  local upsert = { "-f", files.upsert }
  local whole, full = after_psql(place, empty, copy)
  local changed, scratch = after_psql(place, full, upsert)
  place:drop(scratch)
  local rows = {}
  for _, case in ipairs({
    { "load", "load 1,000,000 rows of CSV", empty, "psql \\copy", copy, 1.25, whole },
    { "iterate", "push 1,000,000 rows from Lua", empty, "psql \\copy", copy, 1.75, whole },
    { "upsert", "upsert 1,000,000 rows, 1 % changed", full, "hand-written SQL", upsert, 1.25, changed },
  }) do
    local name, title, template, beside, args, goal, expected = table.unpack(case)
    check(place, project, name, template, expected)
    rows[#rows + 1] = measure.pairs({
      name = title, runs = place:runs(RUNS), goal = goal, memory_goal = MEMORY,
      a = side(place, "tilth", template, function(database)
        return place:tilth({ "seed", name, "--only" }, project, database)
      end),
      b = side(place, beside, template, function(database) return place:run_psql(args, database) end),
    })
  end
  return rows
end

return seed
