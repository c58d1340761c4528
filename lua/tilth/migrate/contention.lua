--- Waits before another try of what a lock stopped, and says who is in the way.
-- @module tilth.migrate.contention

local contention = {}

local blockers = require("tilth.migrate.blockers")

local WHAT <const> = { ["40P01"] = "a deadlock", ["40001"] = "a concurrent change" }

--- Waits. Call it outside of a failed transaction.
-- @tparam table world db, report
-- @tparam Retry tries
-- @tparam table stop { name, line|nil, text, code } the migration, and the statement that was stopped
-- @treturn boolean false when the budget is spent
-- @treturn string|nil who is in the way
function contention.pause(world, tries, stop)
  local who = blockers.find(world.db, stop.text)
  local seconds = tries:next_pause()
  if not seconds then
    return false, who
  end
  world.report:progress(("  `%s`%s: stopped by %s%s; try %d in %.1f s"):format(stop.name, stop.line and (" line " .. stop.line) or "",
    WHAT[stop.code] or "a lock on its table", who and (", held by " .. who) or "", tries.tries + 1, seconds))
  tries:wait(seconds)
  return true, who
end

--- The advice when all tries were in vain.
-- @tparam Retry tries
-- @tparam string|nil who
-- @treturn string
function contention.advice(tries, who)
  return ("%d tries in %.0f s. %sDeploy again when the table is quiet, or give it more time with --lock-budget."):format(tries.tries,
    tries:seconds(), who and ("In the way: " .. who .. ". ") or "")
end

return contention
