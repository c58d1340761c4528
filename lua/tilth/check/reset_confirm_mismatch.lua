--- RESET_DATABASE_CONFIRM is there, but does not fit this database or this day.
local reset_confirm_mismatch = {
  id = "reset-confirm-mismatch",
  about = "A confirmation that names another database, or a day that is over, forbids the reset.",
}

local confirm = require("tilth.reset.confirm")

local MESSAGES <const> = {
  database = "RESET_DATABASE_CONFIRM names another database than the one that would be reset, %s",
  day = "RESET_DATABASE_CONFIRM for the database %s ends in something that is not a day (yyyy-mm-dd)",
  space = "there is white space around what RESET_DATABASE_CONFIRM says of the database %s",
  expired = "RESET_DATABASE_CONFIRM for the database %s was good until a day that is over",
}

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_confirm_mismatch.run(observed, plan)
  local resets = false
  for _, action in ipairs(plan.actions) do
    resets = resets or action.kind == "reset"
  end
  if not resets or observed.flags.confirm == nil then
    return {}
  end
  local _, why = confirm.judge(observed.flags.confirm, observed.target.database, observed.reset.now)
  if not why then
    return {}
  end
  return { { id = reset_confirm_mismatch.id, severity = "block", exit = 3,
    message = MESSAGES[why]:format(observed.target.database) .. ". Nothing was changed.",
    advice = ("Check %s. If this is the database, set RESET_DATABASE_CONFIRM=%s."):format(
      observed.target.source or "the database URL", confirm.suggest(observed.target.database, observed.reset.now)) } }
end

return reset_confirm_mismatch
