--- The road of every command that can change a database: observe, plan, review, act, record.
local flow = {}

local act = require("tilth.flow.act")
local observe = require("tilth.flow.observe")
local plan = require("tilth.flow.plan")
local record = require("tilth.flow.record")
local review = require("tilth.flow.review")

--- Carries a request out, or with request.dry_run only says what would be done.
-- @param ctx     the command's context (cli.lua)
-- @param request what is wanted: see docs/architecture.md
-- @return result { text, data }
-- @return nil, message, code, detail; detail.data is the same table that data is in a result
function flow.run(ctx, request)
  local world <close>, message, code, detail = observe.run(ctx, request)
  if not world then
    return nil, message, code, detail
  end
  world.plan = plan.make(world.observed, request)
  world.findings = review.run(world.observed, world.plan)
  local blocked = review.blocked(world.findings)
  record.announce(world, blocked)
  if request.dry_run or blocked then
    return record.without_acting(world, blocked)
  end
  record.begin(world)
  local outcome = act.run(world)
  return record.finish(world, outcome)
end

return flow
