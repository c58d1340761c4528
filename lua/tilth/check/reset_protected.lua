--- A protected database is only reset when that very database is named.
local reset_protected = {
  id = "reset-protected",
  about = "A protected database that holds rows needs RESET_DATABASE_CONFIRM=<database>.",
}

local confirm = require("tilth.reset.confirm")
local protection = require("tilth.reset.protection")

local function has_reset(plan)
  for _, action in ipairs(plan.actions) do
    if action.kind == "reset" then
      return true
    end
  end
  return false
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_protected.run(observed, plan)
  if not has_reset(plan) or not observed.reset.rows then
    return {}
  end
  local reasons = protection.reasons(observed)
  local text = plan.request.confirm or observed.flags.confirm
  local now = observed.reset.now
  if #reasons == 0 or confirm.judge(text, observed.target.database, now) then
    return {}
  end
  return { { id = reset_protected.id, severity = "block", exit = 3,
    message = ("the database %s is protected from resets: %s. It holds: %s. Nothing was changed."):format(
      observed.target.database, table.concat(reasons, "; "), table.concat(protection.evidence(observed), "; ")),
    advice = ("To reset it all the same, set RESET_DATABASE_CONFIRM=%s beside the reset: it works for this database only, "
      .. "until that day."):format(confirm.suggest(observed.target.database, now)) } }
end

return reset_protected
