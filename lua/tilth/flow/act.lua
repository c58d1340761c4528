--- Carries a plan out, action by action, and tells how it went. The only place that acts.
local act = {}

local clock = require("tilth.core.clock")
local interrupt = require("tilth.core.interrupt")

--- Who carries out which kind of action. Each: run(world, action) -> step | nil, message, code, detail
local RUNNERS = {
  backup = "tilth.backup.run",
  reset = "tilth.reset.bin",
  restore = "tilth.backup.restore",
  migrate = "tilth.migrate.apply",
  seed = "tilth.seed.run",
  seed_command = "tilth.seed.run",
  step = "tilth.flow.step",
  build = "tilth.build.run",
}

--- Kinds that need the database session and its lock.
local NEEDS_DATABASE = { backup = true, reset = true, restore = true, migrate = true, seed = true, seed_command = true, step = true }

--- Kinds before whose end a reset is not complete: should one of them fail, it is taken back.
local UNSETTLED = { backup = true, reset = true, restore = true, migrate = true }

local function fail(outcome, message, code, detail)
  outcome.ok = false
  outcome.error = outcome.error or { message = message, code = code, detail = detail or {} }
end

--- The migrations that follow a reset have all gone well: the reset is complete.
local function settle_migrations(world, outcome)
  if world.settled or not (world.request.migrate or world.request.restore) then
    return true
  end
  world.settled = true
  local ok, message, code, detail = true, nil, nil, nil
  if world.has_migrated then
    ok, message, code, detail = require("tilth.migrate.apply").finish(world)
  end
  if not ok then
    fail(outcome, message, code, detail)
    return false
  end
  if world.reset_step then
    ok, message, code, detail = require("tilth.reset.bin").settle(world, world.reset_step)
    if not ok then
      fail(outcome, message, code, detail)
      return false
    end
  end
  return true
end

local function run_action(world, outcome, action)
  local started = clock.monotonic()
  local step, message, code, detail = require(RUNNERS[action.kind]).run(world, action)
  if step then
    step.status = step.status or "done"
    outcome.steps[#outcome.steps + 1] = step
    if action.kind == "reset" then
      world.reset_step = step
    elseif action.kind == "migrate" then
      world.has_migrated = true
    end
    return true
  end
  outcome.steps[#outcome.steps + 1] = {
    kind = action.kind,
    name = action.name,
    status = "failed",
    seconds = clock.monotonic() - started,
    message = message,
  }
  fail(outcome, message, code, detail)
  return false
end

local function run_all(world, outcome)
  for i, action in ipairs(world.plan.actions) do
    world.current = i
    if not (UNSETTLED[action.kind] or action.with_migrations) and not settle_migrations(world, outcome) then
      return
    end
    if not NEEDS_DATABASE[action.kind] then
      world:release()
    end
    if not run_action(world, outcome, action) then
      return
    end
  end
  world.current = #world.plan.actions + 1
  settle_migrations(world, outcome)
end

--- A reset whose migrations did not end well is taken back: the data of before returns.
local function undo_reset(world, outcome)
  if outcome.ok or not world.reset_step or world.settled then
    return
  end
  local ok, text, message = interrupt.catch(function()
    return require("tilth.reset.undo").automatic(world, world.reset_step, outcome.error.message)
  end)
  if ok and text then
    outcome.undone = text
    return
  end
  outcome.undo_failed = tostring(ok and message or text)
end

local function mark_rest_skipped(world, outcome)
  for i = #outcome.steps + 1, #world.plan.actions do
    local action = world.plan.actions[i]
    outcome.steps[i] = { kind = action.kind, name = action.name, status = i == world.current and "interrupted" or "skipped" }
  end
end

local DOING = {
  backup = "during the backup",
  reset = "during the reset",
  restore = "while restoring %s",
  migrate = "while applying migration %s",
  seed = "while running seed %s",
  seed_command = "while the seed command ran",
  step = "during the step %s",
  build = "while building with %s",
}

--- What was cut short, for the message about an interruption.
local function interrupted_at(world)
  local action = world.plan.actions[world.current or 0]
  if not action then
    return "interrupted"
  end
  return "interrupted " .. DOING[action.kind]:format(action.name)
end

--- An interruption may leave a transaction open where no guard stood around it.
local function roll_back(world)
  if world.db then
    world.db:roll_back()
  end
end

--- Carries out world.plan.
-- @param world what observe made: db, report, observed, plan, request, ...
-- @return outcome: see docs/architecture.md; an interruption is an outcome too
function act.run(world)
  local outcome = { ok = true, steps = {}, started = clock.monotonic() }
  local ok, raised = interrupt.catch(run_all, world, outcome)
  world.report:status(nil)
  if not ok then
    local signal = interrupt.signal()
    if not signal then
      world.raised = raised
    end
    outcome.ok = false
    outcome.error = {
      message = signal and interrupted_at(world) or tostring(raised),
      code = signal and "interrupted" or "bug",
      detail = {
        exit = signal and 128 + signal or 99,
        advice = signal and "What was running has been cancelled and rolled back. Run the same command again to go on." or nil,
      },
    }
    interrupt.catch(roll_back, world)
  end
  undo_reset(world, outcome)
  if not outcome.ok then
    mark_rest_skipped(world, outcome)
  end
  outcome.seconds = clock.monotonic() - outcome.started
  return outcome
end

return act
