--- RUN_SEED was left set.
local seed_flag_left_set = {
  id = "seed-flag-left-set",
  about = "RUN_SEED is true since an earlier build that has seeded already.",
}

local removal = require("tilth.reset.removal")
local stale = require("tilth.reset.stale")

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function seed_flag_left_set.run(observed)
  local flag, build, ledger = observed.flags.seed, observed.build or {}, observed.ledger or {}
  if not flag.set or build.kind == "local" or not ledger.seed_since or (ledger.seed_builds or 0) == 0 then
    return {}
  end
  return { { id = seed_flag_left_set.id, severity = "note",
    message = ("RUN_SEED is true since %s; %d build%s seeded with it"):format(
      stale.describe(ledger.seed_since), ledger.seed_builds, ledger.seed_builds == 1 and " has" or "s have"),
    advice = removal.steps("RUN_SEED", build, flag.source) } }
end

return seed_flag_left_set
