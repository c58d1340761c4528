--- What the checks of migrations have in common. Pure.
-- @module tilth.migrate.review

local review = {}

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

return review
