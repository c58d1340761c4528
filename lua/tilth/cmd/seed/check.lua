--- tilth seed check: runs the seeds twice, rolls back, and fails when the second run changed anything.
local check_command = {}

local fs = require("tilth.fs")
local flow_observe = require("tilth.flow.observe")
local ledger = require("tilth.ledger")
local check = require("tilth.seed.check")
local observe = require("tilth.seed.observe")
local plan = require("tilth.seed.plan")
local rehearse = require("tilth.seed.rehearse")

--- Runs the command.
-- @param args  of the command line
-- @param ctx   the command's context
-- @param names seeds to check; all when empty
-- @return result | nil, message, code, detail
function check_command.run(args, ctx, names)
  local world <close>, message, code, detail = flow_observe.open(ctx, { command = "seed check", local_server = true })
  if not world then
    return nil, message, code, detail
  end
  names = #names > 0 and names or nil
  local seeds
  seeds, message, code, detail = observe.observe(fs, world.project, world.environment, names)
  if not seeds then
    return nil, message, code, detail
  end
  local known
  known, message, code, detail = ledger.observe(world.db, world.build)
  if not known then
    return nil, message, code, detail
  end
  local actions, skipped = plan.actions({ seeds = seeds, environment = world.environment, ledger = known },
    { seeds = names, only = args.only })
  for _, skip in ipairs(skipped) do
    ctx.report:progress(skip.why)
  end
  if actions[1] and actions[1].kind == "seed_command" then
    return nil, "the seeds of this project are a command, which cannot be run in a transaction of tilth's", "usage",
      { advice = "Only seeds/*.lua and seeds/*.sql can be checked." }
  end
  local verdict
  verdict, message, code, detail = check.run(world, actions)
  if not verdict then
    return nil, message, code, detail
  end
  return {
    text = table.concat(verdict.lines, "\n") .. "\n" .. rehearse.rolled_back(verdict.used),
    data = { seeds = verdict.seeds, moved = verdict.moved, used = verdict.used },
  }
end

return check_command
