--- What a person should know about a reset that is going to happen.
local reset_notice = {
  id = "reset-notice",
  about = "Says what a reset puts aside, and what stays tied to it.",
}

local protection = require("tilth.reset.protection")
local scope = require("tilth.reset.scope")

local function finding(severity, message, advice)
  return { id = reset_notice.id, severity = severity, message = message, advice = advice }
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_notice.run(observed, plan)
  local findings, open = {}, observed.ledger and observed.ledger.open_reset
  if open and scope.touches(open, scope.names(observed.target, observed.project)) then
    findings[1] = finding("note", ("reset %d (%s UTC) was cut short; the next run takes it back first"):format(open.id, open.at))
  end
  for _, action in ipairs(plan.actions) do
    if action.kind == "reset" and not action.empty then
      local state = observed.reset
      findings[#findings + 1] = finding("note", ("the reset puts aside %s: %s"):format(
        table.concat(action.schemas, ", "), table.concat(protection.evidence(observed), "; ")), "`tilth reset undo` brings it back.")
      if #state.references > 0 then
        findings[#findings + 1] = finding("warn", "tables that go into the bin refer to tables that stay: "
          .. table.concat(state.references, "; "), "Rows that are deleted there touch the bin, until `tilth reset purge`.")
      end
      if #state.event_triggers > 0 then
        findings[#findings + 1] = finding("note", "event triggers see the reset's DDL: " .. table.concat(state.event_triggers, ", "))
      end
    end
  end
  return findings
end

return reset_notice
