--- The programs of a release beside the one that is measured elsewhere, which links Debian's shared libraries.
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
  local linked = { name = "the dynamic build", command = function() return place:tilth(ARGS, project, database) end }
  measure.time(linked.command())
  local rows = {}
  for _, name in ipairs({ "tilth", "tilth-musl" }) do
    local path = folder() .. "/" .. name
    if not fs.stat(path) then error(path .. " is not there; scripts/release makes it", 0) end
    rows[#rows + 1] = measure.pairs({
      name = "nothing to do, " .. name, runs = place:runs(RUNS), goal = 1.0, b = linked,
      a = { name = name, command = function()
        local command = place:tilth(ARGS, project, database)
        command.argv[1] = path
        return command
      end },
    })
  end
  place:drop(database)
  return rows
end

return release
