--- RESET_DATABASE or RUN_SEED looks like a yes, but is not exactly "true".
local flag_looks_meant = {
  id = "flag-looks-meant",
  about = "A flag that looks meant but is not exactly `true` does nothing; say so.",
}

local WHY <const> = {
  case = "it is not in lower case",
  space = "there is white space around it",
  other = "it is another word for yes",
}

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function flag_looks_meant.run(observed, plan)
  local findings = {}
  if not (plan.request and plan.request.by_flags) then
    return findings
  end
  for _, flag in ipairs({ observed.flags.reset, observed.flags.seed }) do
    if flag.meant and not flag.set then
      findings[#findings + 1] = {
        id = flag_looks_meant.id, severity = "warn",
        message = ("%s looks as if it were meant, but %s, so that it counts as not set"):format(flag.name, WHY[flag.kind] or WHY.other),
        advice = ("Set %s to exactly true, or remove it."):format(flag.name),
      }
    end
  end
  return findings
end

return flag_looks_meant
