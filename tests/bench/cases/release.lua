--- The programs of a release beside the build that links the system's shared libraries.
local release = { about = "migrate deploy with nothing to do: the released programs beside the dynamically linked build" }

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local measure = require("measure")
local migrations = require("migrations")

local RUNS <const> = 40
local APPLIED <const> = 5
local ARGS <const> = { "migrate", "deploy" }

local function folder()
  local given = env.get("TILTH_RELEASE")
  return given or assert(env.get("TILTH_SOURCE"), "make bench sets TILTH_SOURCE") .. "/build/release"
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function release.run(place)
  local project, database = place:project(migrations.make(APPLIED)), place:database()
  local function with(program)
    return function()
      local command = place:tilth(ARGS, project, database)
      command.argv[1] = program
      return command
    end
  end
  local linked = { name = "the dynamic build", command = with(place.built) }
  measure.time(linked.command())
  local rows = {}
  for _, name in ipairs({ "tilth", "tilth-musl" }) do
    local path = folder() .. "/" .. name
    if not fs.stat(path) then error(path .. " is not there; scripts/release makes it", 0) end
    rows[#rows + 1] = measure.pairs({
      name = "nothing to do, " .. name, runs = place:runs(RUNS), goal = 1.0, b = linked,
      a = { name = name, command = with(path) },
    })
  end
  place:drop(database)
  return rows
end

return release
