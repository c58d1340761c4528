--- Probe: do this machine's clock and the server's agree?
local answer = require("tilth.doctor.answer")
local clock = require("tilth.clock")

local TOLERANCE <const> = 5

--- Judges the difference. Pure.
-- @tparam number before when the question was asked, in seconds of this machine's clock
-- @tparam number after when the answer was there
-- @tparam number server the server's time
-- @treturn table answer
local function judge(before, after, server)
  local off = server < before and server - before or (server > after and server - after or 0)
  if math.abs(off) <= TOLERANCE then
    return answer.ok("this machine and the server agree")
  end
  return answer.warn(("this machine's clock is %.0f s %s the server's"):format(math.abs(off), off > 0 and "behind" or "ahead of"),
    "Set the clocks by NTP: certificates, dated confirmations of a reset and the order of the history depend on them.")
end

local function run(world)
  local before = clock.now()
  local server, message, code, detail = world.db:value(
    "SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::float8")
  if not server then
    return answer.failure(message, code, detail, "cannot ask the server for the time")
  end
  return judge(before, clock.now(), server)
end

return { id = "clock", needs = { "login" }, run = run, judge = judge }
