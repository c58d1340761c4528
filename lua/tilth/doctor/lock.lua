--- Probe: does another deployment hold the migration lock?
local answer = require("tilth.doctor.answer")
local history = require("tilth.migrate.history")
local lock = require("tilth.migrate.lock")
local patience = require("tilth.doctor.patience")

local function ask(world)
  local held, message, code, detail = lock.holder(world.db)
  if held == nil then
    return "failed", answer.failure(message, code, detail, "cannot ask for the migration lock")
  elseif not held then
    return "free"
  end
  return nil, "another deployment holds the migration lock", held
end

local function run(world)
  local state, found, holder = patience.wait(world, "the migration lock", function()
    return ask(world)
  end)
  if state == "failed" then
    return found
  elseif state == "free" then
    return answer.ok("free")
  end
  return answer.fail(("another deployment holds the migration lock (advisory lock %d): %s"):format(history.LOCK_KEY,
    lock.describe(holder)), "P1002", ("A deployment waits for it (--lock-patience, 5 min); --wait 2min makes doctor wait as well. If that "
    .. "session is a leftover of a killed build, end it: SELECT pg_terminate_backend(%s);"):format(holder.pid or "PID"))
end

return { id = "lock", needs = { "login" }, run = run }
