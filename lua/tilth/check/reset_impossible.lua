--- The reset could not be undone, because the schema can't be put aside.
local reset_impossible = {
  id = "reset-impossible",
  about = "A reset that can't put the old data aside is refused, with the reasons.",
}

local obstacles = require("tilth.reset.obstacles")

local function kept_ties(state)
  local findings = {}
  for index, tie in ipairs(obstacles.ties(state)) do
    findings[index] = { id = reset_impossible.id, severity = "warn",
      message = tie.message .. "; they stay tied to the old data in the bin, as reset.ties = \"keep\" in tilth.config.lua allows" }
  end
  return findings
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_impossible.run(observed, plan)
  for _, action in ipairs(plan.actions) do
    if action.kind == "reset" then
      local found = obstacles.list(observed.reset, observed.settings)
      if #found == 0 then
        return kept_ties(observed.reset)
      end
      local reasons, ways = {}, {}
      for index, obstacle in ipairs(found) do
        reasons[index], ways[index] = obstacle.message, obstacle.advice
      end
      return { { id = reset_impossible.id, severity = "block", exit = 3,
        message = "this reset could not be undone, so it is refused: " .. table.concat(reasons, "; ") .. ". Nothing was changed.",
        advice = table.concat(ways, "\n") } }
    end
  end
  return {}
end

return reset_impossible
