--- Probe: does another deployment hold the migration lock?
local answer = require("tilth.doctor.answer")
local clock = require("tilth.clock")
local history = require("tilth.migrate.history")
local lock = require("tilth.migrate.lock")
local patience = require("tilth.doctor.patience")
local report = require("tilth.report")

-- A session that was closed keeps its locks until its process at the server has ended.
local MOMENT <const> = 2

local function ask(world)
  local held, message, code, detail = lock.holder(world.db)
  if held == nil then
    return "failed", answer.failure(message, code, detail, "cannot ask for the migration lock")
  elseif not held then
    return "free"
  end
  return nil, "another deployment holds the migration lock", held
end

-- A patience that somebody has set is waited for, as a deployment does; the default one would keep the answer back for minutes.
local function left_of(world)
  local seconds, source = world.settings:get("lock_patience")
  local deadline = clock.monotonic() + (source ~= "default" and seconds or MOMENT)
  return function()
    return math.max(world.left(), deadline - clock.monotonic())
  end
end

local function run(world)
  local state, found, holder = patience.wait(world, "the migration lock", function()
    return ask(world)
  end, { left = left_of(world) })
  if state == "failed" then
    return found
  elseif state == "free" then
    return answer.ok("free")
  end
  return answer.fail(("another deployment holds the migration lock (advisory lock %d): %s"):format(history.LOCK_KEY,
    lock.describe(holder)), "P1002", ("A deployment waits %s for it; doctor waits with --lock-patience 5min as well. If that session is a "
    .. "leftover of a killed build, end it: SELECT pg_terminate_backend(%s);"):format(
      report.duration((world.settings:get("lock_patience"))), holder.pid or "PID"))
end

return { id = "lock", needs = { "login" }, run = run }
