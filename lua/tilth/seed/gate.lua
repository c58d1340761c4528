--- Before the first seed of a flow: proves the seeds idempotent where the settings, or a protected database, want it.
local gate = {}

local protection = require("tilth.reset.protection")
local check = require("tilth.seed.check")

--- Whether this run wants the proof. Pure.
-- @param world { request, settings, observed, dry_run }
-- @return boolean
function gate.wanted(world)
  if world.dry_run or not (world.request and world.request.command == "flow") then
    return false
  end
  local wanted = world.settings:get("seed_check")
  if wanted ~= nil then
    return wanted
  end
  return world.settings:get("protected") == true or protection.environment(world.observed) == "production"
end

--- Runs the check once for all seeds of the plan.
-- @param world the flow's world
-- @return true | nil, message, code, detail
function gate.pass(world)
  if world.state.seeds_proven or not gate.wanted(world) then
    return true
  end
  world.report:progress("Checking that the seeds change nothing when they run twice (seed.check) ...")
  local verdict, message, code, detail = check.run(world, world.plan.actions)
  if not verdict then
    return nil, message, code, detail
  end
  world.state.seeds_proven = true
  return true
end

return gate
