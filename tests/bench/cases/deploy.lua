--- A deployment with nothing to do, which is what nearly every build is.
local deploy = { about = "migrate deploy with nothing to do beside psql -c 'select 1' and beside Prisma" }

local measure = require("measure")
local migrations = require("migrations")
local prisma = require("prisma")

local RUNS <const> = 40
local PRISMA_RUNS <const> = 5
local ARGS <const> = { "migrate", "deploy" }

--- Compares with psql, and with Prisma where it can be run.
-- @tparam table place of ground
-- @tparam integer count of applied migrations
-- @tparam number goal
-- @treturn table rows
function deploy.compare(place, count, goal)
  local project, database = place:project(migrations.make(count)), place:database()
  measure.time(place:tilth(ARGS, project, database))
  local tilth = { name = "tilth", command = function() return place:tilth(ARGS, project, database) end }
  local rows = { measure.pairs({
    name = ("nothing to do, %d applied"):format(count), runs = place:runs(RUNS), goal = goal, memory_goal = 20e6, a = tilth,
    b = { name = "psql -c 'select 1'", command = function() return place:run_psql({ "-c", "select 1" }, database) end },
  }) }
  local command, why = prisma.command(place, ARGS, project, database)
  if command then
    rows[2] = measure.pairs({
      name = ("nothing to do, %d applied"):format(count), runs = place:runs(PRISMA_RUNS), a = tilth,
      b = { name = "Prisma 6.19.3 (WASM engine)", command = function() return command end },
    })
  else
    io.stderr:write("  without Prisma: ", why, "\n")
  end
  place:drop(database)
  return rows
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function deploy.run(place)
  return deploy.compare(place, 5, 1.0)
end

return deploy
