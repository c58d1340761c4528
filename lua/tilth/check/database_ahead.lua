--- The database has migrations that this checkout lacks: an older build must not reset or seed it.
local database_ahead = {
  id = "database-ahead",
  about = "A checkout that lacks applied migrations may not reset or seed.",
}

local SHOWN <const> = 3

local function lacking(observed)
  local present, missing, seen = {}, {}, {}
  for _, migration in ipairs(observed.migrations or {}) do
    present[migration.name] = true
  end
  for _, row in ipairs(observed.history and observed.history.rows or {}) do
    local name = row.migration_name
    if row.finished_at and not row.rolled_back_at and not present[name] and not seen[name] then
      seen[name] = true
      missing[#missing + 1] = name
    end
  end
  return missing
end

local function forbidden(plan)
  for _, action in ipairs(plan.actions) do
    if action.kind == "reset" then
      return "reset"
    end
  end
  for _, action in ipairs(plan.actions) do
    if action.kind == "seed" or action.kind == "seed_command" then
      return "seed"
    end
  end
  return nil
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function database_ahead.run(observed, plan)
  -- A restore brings its own migrations along.
  local deed = not (plan.request and plan.request.restore) and forbidden(plan)
  local missing = deed and lacking(observed) or {}
  if #missing == 0 then
    return {}
  end
  local shown = table.concat(missing, ", ", 1, math.min(#missing, SHOWN))
  if #missing > SHOWN then
    shown = ("%s and %d more"):format(shown, #missing - SHOWN)
  end
  return { { id = database_ahead.id, severity = "block", exit = 3,
    message = ("this checkout is older than the database: it lacks %s, so that it may not %s it. Nothing was changed."):format(shown, deed),
    advice = "Deploy the newest commit. If the migrations were replaced on purpose (squashed, say), allow it in tilth.config.lua: "
      .. "severities = { [\"database-ahead\"] = { severity = \"warn\", reason = \"...\" } }." } }
end

return database_ahead
