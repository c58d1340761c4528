--- Probe: what tilth's ledger in the database says of flags left set, of the environment and of resets cut short.
local answer = require("tilth.doctor.answer")
local ledger = require("tilth.ledger")

-- The checks of a flow that ask the ledger.
local CHECKS <const> = { "reset_stale_flag", "seed_flag_left_set", "environment_disagreement" }

local function findings_of(world, seen)
  local flags, actions = world.flags, {}
  local observed = {
    flags = flags, build = world.build, ledger = seen, settings = world.settings, environment = world.environment,
    project = world.project, target = world.target,
  }
  actions[1] = flags.reset.set and { kind = "reset" } or nil
  actions[#actions + 1] = flags.seed.set and { kind = "seed" } or nil
  local wanted = { request = { by_flags = true, reset = flags.reset.set, seed = flags.seed.set }, actions = actions }
  local list = {}
  for _, name in ipairs(CHECKS) do
    for _, finding in ipairs(require("tilth.check." .. name).run(observed, wanted)) do
      list[#list + 1] = finding
    end
  end
  return list
end

local function describe(seen)
  if not seen.exists and not seen.may_create then
    return "none, and this role may not make it"
  elseif not seen.exists then
    return "none yet: the first flow, seed or reset makes it"
  elseif not seen.readable then
    return "there, but this role may not read it"
  end
  return seen.environment and ("the database is marked %s"):format(seen.environment) or "there, without a mark of the environment"
end

local function run(world)
  local seen, message, code, detail = ledger.observe(world.db, world.build)
  if not seen then
    return answer.failure(message, code, detail)
  end
  local texts, advice = { describe(seen) }, {}
  for _, finding in ipairs(findings_of(world, seen)) do
    if finding.severity == "block" then
      local failure = answer.fail(finding.message, finding.code or "unsafe", finding.advice)
      failure.exit = 1
      return failure
    end
    texts[#texts + 1], advice[#advice + 1] = finding.message, finding.advice
  end
  if seen.open_reset then
    texts[#texts + 1] = "a reset was cut short"
    advice[#advice + 1] = "The next command that works on the database takes it back first; `tilth reset list` shows it."
  end
  if #texts > 1 then
    return answer.warn(table.concat(texts, "; "), #advice > 0 and table.concat(advice, "\n") or nil)
  end
  return answer.ok(texts[1])
end

return { id = "ledger", needs = { "login" }, run = run }
