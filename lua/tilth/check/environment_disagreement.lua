--- The database's mark and the client do not name the same environment.
local environment_disagreement = {
  id = "environment-disagreement",
  about = "Where the database's environment mark and this build disagree, the stricter one protects.",
}

local protection = require("tilth.reset.protection")

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function environment_disagreement.run(observed, plan)
  local ledger, client = observed.ledger or {}, observed.environment
  if not ledger.environment or ledger.environment == client.name then
    return {}
  end
  local changes = false
  for _, action in ipairs(plan.actions) do
    changes = changes or action.kind == "reset" or action.kind == "seed" or action.kind == "seed_command"
  end
  return { { id = environment_disagreement.id, severity = changes and "warn" or "note",
    message = ("this build is for %s (%s), but the database is marked as %s (%s UTC, by %s); it is treated as %s"):format(
      client.name, client.source or "?", ledger.environment, ledger.environment_at or "?", ledger.environment_by or "?",
      protection.environment(observed)),
    advice = ("Check DATABASE_URL. If the mark is wrong, its owner corrects it in the database: "
      .. "UPDATE tilth.ledger SET environment = '%s', environment_at = now();"):format(client.name) } }
end

return environment_disagreement
