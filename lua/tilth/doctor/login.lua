--- Probe: does the server let this user into this database?
local answer = require("tilth.doctor.answer")
local db = require("tilth.db")

local function run(world)
  local opened, message, code, detail = db.connect(world.target, {
    command = "doctor", build = world.build.text, read_only = true, wait = world.left(),
    on_wait = function(why)
      world.report:status("waiting for the database: " .. why)
    end,
  })
  if not opened then
    return answer.failure(message, code, detail)
  end
  world.db = opened
  local info = opened:info()
  return answer.ok(("in as %s, to database %s%s"):format(info.user, info.database, info.tls and ", encrypted" or ""))
end

return { id = "login", needs = { "tcp", "tls" }, run = run }
