--- The doctor's look at the migration lock, with a session that only seems to be.
local lu = require("luaunit")
local lock = require("tilth.doctor.lock")

local TestDoctorLock = {}

--- A world in which another session holds the lock as often as it is asked for the first times.
local function world_with(times, patience, source)
  local asked = 0
  local db = {}
  function db.one()
    asked = asked + 1
    return asked <= times and { pid = 7, application_name = "tilth migrate deploy" }
  end
  local settings = {}
  function settings.get() return patience or 300, source or "default" end
  return {
    db = db, settings = settings, left = function() return 0 end, report = { status = function() end },
    asked = function() return asked end,
  }
end

function TestDoctorLock:test_a_session_that_is_leaving_is_no_other_deployment()
  local world = world_with(1)
  lu.assertEquals(lock.run(world).state, "ok")
  lu.assertEquals(world.asked(), 2)
end

function TestDoctorLock:test_a_session_that_stays_is_named()
  local found = lock.run(world_with(math.huge))
  lu.assertEquals({ found.state, found.code }, { "fail", "P1002" })
  lu.assertStrContains(found.message, 'pid 7, "tilth migrate deploy"')
end

function TestDoctorLock:test_a_patience_that_is_none_does_not_wait()
  local world = world_with(math.huge, 0, "option")
  lu.assertEquals(lock.run(world).state, "fail")
  lu.assertEquals(world.asked(), 1)
end

return TestDoctorLock
