--- Says what is planned and what came of it, and writes the outcome to the ledger.
local record = {}

local interrupt = require("tilth.core.interrupt")
local ledger = require("tilth.ledger")
local report = require("tilth.report")

local VERB = {
  backup = "back up",
  restore = "restore",
  reset = "reset",
  migrate = "apply migration",
  seed = "run seed",
  seed_command = "run the seed command",
  step = "run the step",
  build = "build with",
}

--- The document that --json prints, and that a failure carries in detail.data.
local function document(world, outcome)
  local observed, array = world.observed, require("tilth.json").array
  return {
    command = world.request.command,
    environment = observed.environment,
    build = observed.build,
    database = observed.target and {
      name = observed.target.database,
      host = observed.target.host,
      port = observed.target.port,
      schema = observed.target.schema,
      source = observed.target.source,
    },
    flags = observed.flags and {
      reset = observed.flags.reset.set,
      seed = observed.flags.seed.set,
    },
    dry_run = world.request.dry_run or false,
    plan = { actions = array(world.plan.actions), skipped = array(world.plan.skipped) },
    findings = array(world.findings),
    warnings = array(world.report.warnings),
    outcome = outcome and {
      ok = outcome.ok,
      steps = array(outcome.steps),
      seconds = outcome.seconds,
      undone = outcome.undone,
      error = outcome.error and { message = outcome.error.message, code = outcome.error.code },
    },
  }
end

local function announce_finding(world, finding)
  local text = finding.message
  if finding.advice then
    text = text .. "\n  " .. finding.advice
  end
  if finding.severity == "warn" then
    world.report:warn(text)
  elseif finding.severity == "note" then
    world.report:note(text)
  end
end

--- Says where the command stands, what it leaves out and what the checks remark. Where a check
-- forbids to go on, notes about what would follow are left out, and so is "No pending migrations to apply.".
-- @param world   the flow's world
-- @param blocked the finding that forbids to go on, or nil
function record.announce(world, blocked)
  local observed = world.observed
  local head = { "tilth " .. world.request.command }
  if observed.target then
    head[#head + 1] = observed.target.text
  end
  head[#head + 1] = ("%s (%s)"):format(observed.environment.name, observed.environment.source)
  head[#head + 1] = observed.build.text
  world.report:progress(table.concat(head, " · "))
  for _, note in ipairs(world.notes or {}) do
    world.report:note(note)
  end
  for _, finding in ipairs(world.findings) do
    if not (blocked and finding.severity == "note") then
      announce_finding(world, finding)
    end
  end
  for _, skipped in ipairs(world.plan.skipped) do
    if not (blocked and skipped.conclusion) then
      world.report:progress(skipped.why)
    end
  end
end

local function ledger_entry(world)
  return {
    build = world.build,
    command = world.request.command,
    flags = world.flags,
    plan = world.plan,
    environment = world.environment,
  }
end

local function mask_of(world)
  return function(text)
    return world.report:mask(text)
  end
end

--- Notes in the ledger that the work begins. Commands that stand in for Prisma's write only to
-- a ledger that is there, and only when they do something; the others make it. Where that is not allowed, that is a warning:
-- checks have refused destructive work by then.
-- @param world the flow's world
function record.begin(world)
  local observed = world.observed.ledger
  if not world.request.keeps_ledger then
    -- A build that finds nothing to do still ends the time of a flag that the build before it had set.
    world.record_at_end = observed.writable and (#world.plan.actions > 0 or observed.last_flagged)
    return
  end
  local ok, message, _, detail = ledger.ensure(world.db, observed)
  local id
  if ok then
    id, message, _, detail = ledger.begin_build(world.db, ledger_entry(world))
  end
  if id and not observed.environment then
    ok, message, _, detail = ledger.mark_environment(world.db, world.environment.name, world.build.text)
  end
  world.ledger_build = id or nil
  if not id or not ok then
    world.report:warn(message .. (detail and detail.advice and "\n" .. detail.advice or ""))
  end
end

local function write_ledger(world, outcome)
  if not world.ledger_build and not world.record_at_end then
    return true
  end
  local db, message, code = world:database()
  if not db then
    return nil, message, code
  end
  if world.ledger_build then
    return ledger.end_build(db, world.ledger_build, outcome, mask_of(world))
  end
  return ledger.record_build(db, ledger_entry(world), outcome, mask_of(world))
end

--- The ledger must not hide the outcome: where it can't be written that is a warning.
local function try_ledger(world, outcome)
  local ok, written, message = interrupt.catch(write_ledger, world, outcome)
  if not ok then
    written, message = nil, tostring(written)
  end
  if not written then
    world.report:warn("the outcome could not be written to the ledger: " .. tostring(message))
  end
end

--- Ends a dry run, or a plan that a check forbids, without acting.
-- @tparam table world
-- @tparam table blocked
-- @return result | nil, message, code, detail
function record.without_acting(world, blocked)
  for i, action in ipairs(world.request.dry_run and world.plan.actions or {}) do
    world.report:progress(("%d. would %s %s"):format(i, VERB[action.kind], action.text or action.name or ""))
  end
  local data = document(world)
  if not blocked then
    if #world.plan.actions == 0 then
      world.report:progress("Nothing to do.")
    end
    return { data = data }
  end
  data.refused = blocked.id
  if not world.request.dry_run and world.observed.ledger.exists then
    world.record_at_end = true
    try_ledger(world, { ok = false, steps = {}, refused = blocked.id, error = { message = blocked.message, code = blocked.code } })
  end
  local message = blocked.message
  -- Prisma's codes are searched for; our own words only decide on the exit status.
  if blocked.code and blocked.code:find("^P%d+$") then
    message = blocked.code .. "\n\n" .. message
  end
  return nil, message, blocked.code or "unsafe", { exit = blocked.exit, advice = blocked.advice, data = data }
end

local function summary(outcome)
  local counts = {}
  for _, step in ipairs(outcome.steps) do
    counts[step.kind] = (counts[step.kind] or 0) + 1
  end
  local parts = {}
  if counts.backup then
    parts[#parts + 1] = "backed up"
  end
  if counts.reset then
    parts[#parts + 1] = "database reset"
  end
  if counts.migrate then
    parts[#parts + 1] = ("%d migration%s applied"):format(counts.migrate, counts.migrate == 1 and "" or "s")
  end
  if counts.seed then
    parts[#parts + 1] = ("%d seed%s run"):format(counts.seed, counts.seed == 1 and "" or "s")
  end
  if counts.seed_command then
    parts[#parts + 1] = "seed command run"
  end
  if counts.step then
    parts[#parts + 1] = ("%d step%s of the script's own run"):format(counts.step, counts.step == 1 and "" or "s")
  end
  if counts.build then
    parts[#parts + 1] = "built"
  end
  if #parts == 0 then
    parts[1] = "nothing to do"
  end
  return ("Done in %s: %s."):format(report.duration(outcome.seconds), table.concat(parts, ", "))
end

--- Writes the outcome to the ledger and makes the command's result of it.
-- @param world   the flow's world
-- @param outcome what act returned
-- @return result | nil, message, code, detail
function record.finish(world, outcome)
  try_ledger(world, outcome)
  local data = document(world, outcome)
  if world.raised then
    error(world.raised, 0)
  end
  if outcome.ok then
    if world.reset_step then
      require("tilth.reset.bin").finish(world)
    end
    if world.request.command == "flow" then
      world.report:progress(summary(outcome))
    end
    return { data = data }
  end
  local failure = outcome.error
  local detail = failure.detail
  detail.data = data
  local message = failure.message
  if outcome.undone then
    message = message .. "\n\n" .. outcome.undone
  elseif outcome.undo_failed then
    message = message .. "\n\nThe data of before the reset is safe in the bin, but bringing it back failed: " .. outcome.undo_failed
      .. "\nRun `tilth reset undo` to bring it back."
  elseif world.settled and world.reset_step and #world.reset_step.bins > 0 then
    message = ("%s\n\nThe data of before the reset is in the bin (%s). Run `tilth reset undo` to bring it back."):format(
      message, table.concat(world.reset_step.bins, ", "))
  end
  return nil, message, failure.code, detail
end

return record
