--- tilth seed --dry-run: after the plan was reviewed, runs it in a transaction that is rolled back.
local dry_run = {}

local json = require("tilth.json")
local observe = require("tilth.flow.observe")
local rehearse = require("tilth.seed.rehearse")

local function without_commands(actions)
  local seeds = {}
  for _, action in ipairs(actions) do
    if action.kind == "seed" then
      seeds[#seeds + 1] = action
    end
  end
  return seeds
end

--- Rehearses what the dry run of the flow has planned.
-- @param ctx     the command's context
-- @param request of the command
-- @param planned the flow's result: data.plan.actions
-- @return result | nil, message, code, detail
function dry_run.run(ctx, request, planned)
  local seeds = without_commands(planned.data.plan.actions)
  if #seeds == 0 then
    return planned
  end
  local world <close>, message, code, detail = observe.open(ctx, { command = "seed", local_server = request.local_server })
  if not world then
    return nil, message, code, detail
  end
  local steps, moved
  steps, moved, code, detail = rehearse.once(world, seeds)
  if not steps then
    return nil, moved, code, detail
  end
  planned.data.rehearsal, planned.data.moved = steps, json.array(moved)
  ctx.report:progress(rehearse.rolled_back(moved))
  return planned
end

return dry_run
