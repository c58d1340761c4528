--- What the checks of migrations have in common. Pure.
-- @module tilth.migrate.review

local review = {}

local planner = require("tilth.migrate.plan")

--- The world as the migrations will find it: after a reset that is planned, the history is empty.
-- @tparam table observed
-- @tparam table|nil plan
-- @treturn table observed, or what it will be
function review.effective(observed, plan)
  return plan and plan.effective or observed
end

--- Does the request apply migrations?
-- @tparam table|nil plan
-- @treturn boolean
function review.migrates(plan)
  local request = plan and plan.request
  return request == nil or (request.migrate and true or false)
end

--- The names that the plan applies; without a plan, those that are pending.
-- @tparam table observed
-- @tparam table|nil plan
-- @treturn table set of names
-- @treturn integer how many
function review.pending(observed, plan)
  local names, count = {}, 0
  for _, action in ipairs(plan and plan.actions or planner.actions(observed)) do
    if action.kind == "migrate" then
      names[action.name], count = true, count + 1
    end
  end
  return names, count
end

return review
