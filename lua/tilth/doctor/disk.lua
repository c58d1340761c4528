--- Probe: room for the project here, and how much the database holds.
local answer = require("tilth.doctor.answer")
local fs = require("tilth.fs")
local size = require("tilth.reset.size")

local FULL <const>, TIGHT <const> = 50 * 1024 * 1024, 500 * 1024 * 1024

--- Judges. Pure.
-- @tparam integer free bytes
-- @tparam string folder where
-- @tparam integer|nil held bytes of the database, nil when unknown
-- @treturn table answer
local function judge(free, folder, held)
  local text = ("%s free at %s"):format(size.text(free), folder)
  if held then
    text = ("%s; the database holds %s"):format(text, size.text(held))
  end
  if free < FULL then
    return answer.fail(text .. ": too little for a build", "failed", "Make room on that disk.")
  elseif free < TIGHT then
    return answer.warn(text, "Make room: a build and its caches need more.")
  elseif held and free < held then
    return answer.warn(text, "A backup of this database written here may not fit.")
  end
  return answer.ok(text)
end

local function run(world)
  local free, message, code = fs.disk_free(world.project.root)
  if not free then
    return answer.failure(message, code)
  end
  local held
  if world.db then
    -- Without the right to connect to it the size is not told, and then it is left out.
    held = world.db:value("SELECT pg_catalog.pg_database_size(pg_catalog.current_database())")
  end
  return judge(free, world.project.root, math.type(held) == "integer" and held or nil)
end

return { id = "disk", run = run, judge = judge }
