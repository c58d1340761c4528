--- RESET_DATABASE was left set after a build that used it.
local reset_stale_flag = {
  id = "reset-stale-flag",
  about = "A RESET_DATABASE that an earlier build has used already does not reset again.",
}

local removal = require("tilth.reset.removal")
local stale = require("tilth.reset.stale")

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_stale_flag.run(observed, plan)
  local spent = plan.request and plan.request.reset and stale.judge(observed, plan.request)
  if not spent then
    return {}
  end
  local steps = removal.steps("RESET_DATABASE", observed.build, observed.flags.reset.source)
  -- Most often the build that reset is the one with which it began.
  local since = ("RESET_DATABASE is true since %s%s, and ended well."):format(stale.describe(spent.since),
    spent.since.id == spent.spent.id and ", which has reset this database with it already" or "; " .. spent.text)
  if spent.policy == "reset" then
    return { { id = reset_stale_flag.id, severity = "warn", advice = steps,
      message = since .. " It resets again, because tilth.config.lua says reset.stale = \"reset\"." } }
  elseif spent.policy == "skip" then
    return { { id = reset_stale_flag.id, severity = "warn", advice = steps,
      message = since .. " There is no reset this time, because tilth.config.lua says reset.stale = \"skip\"." } }
  end
  return { { id = reset_stale_flag.id, severity = "block", exit = 3,
    message = since .. " No build without it has run since, so it was probably left over: nothing was changed.",
    advice = steps .. "\nTo reset once more on purpose: remove it, let one build run without it, then set it again." } }
end

return reset_stale_flag
