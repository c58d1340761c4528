--- A coding agent asks for the reset of a protected database.
local reset_coding_agent = {
  id = "reset-coding-agent",
  about = "Coding agents may not reset a protected database.",
}

local environment = require("tilth.environment")
local protection = require("tilth.reset.protection")

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_coding_agent.run(observed, plan)
  local agent = environment.is_agent(observed.env or {})
  if not agent then
    return {}
  end
  for _, action in ipairs(plan.actions) do
    if action.kind == "reset" then
      local reasons = protection.reasons(observed)
      return #reasons == 0 and {} or { { id = reset_coding_agent.id, severity = "block", exit = 3,
        message = ("%s asks to reset the database %s, which is protected: %s. Nothing was changed."):format(
          agent, observed.target.database, table.concat(reasons, "; ")),
        advice = "A person has to run this, from a shell of their own or as a build." } }
    end
  end
  return {}
end

return reset_coding_agent
