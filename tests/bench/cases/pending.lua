--- Many pending migrations, each a small file.
local pending = { about = "400 and 1,000 pending migrations beside psql running the same files in one session" }

local measure = require("measure")
local migrations = require("migrations")
local prisma = require("prisma")

local RUNS <const> = 7
local PRISMA_RUNS <const> = 2
local ARGS <const> = { "migrate", "deploy" }

--- A side that begins each time with an empty database.
local function side(place, name, command)
  local database
  return {
    name = name,
    command = function()
      database = place:database()
      return command(database)
    end,
    after = function() place:drop(database) end,
  }
end

local function compare(place, count, goal)
  local project, files = place:project(migrations.make(count))
  local args = {}
  for _, file in ipairs(files) do
    args[#args + 1] = "-f"
    args[#args + 1] = file
  end
  local name = ("%d pending"):format(count)
  local function tilth()
    return side(place, "tilth", function(database) return place:tilth(ARGS, project, database) end)
  end
  local rows = { measure.pairs({
    name = name, runs = place:runs(RUNS), goal = goal, memory_goal = 20e6, a = tilth(),
    b = side(place, "psql -f each", function(database) return place:run_psql(args, database) end),
  }) }
  local probe, why = prisma.command(place, ARGS, project, "postgres")
  if probe then
    rows[2] = measure.pairs({
      name = name, runs = place:runs(PRISMA_RUNS), a = tilth(),
      b = side(place, "Prisma 6.19.3 (WASM engine)", function(database)
        return prisma.command(place, ARGS, project, database)
      end),
    })
  else
    io.stderr:write("  without Prisma: ", why, "\n")
  end
  return rows
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function pending.run(place)
  local rows = compare(place, 400, 1.3)
  local more = compare(place, 1000, 1.2)
  return table.move(more, 1, #more, #rows + 1, rows)
end

return pending
