--- Which migrations are to be applied, in which order. Pure.
-- @module tilth.migrate.plan

local plan = {}

local history = require("tilth.migrate.history")

local function count_line(count)
  if count == 0 then
    return "No migration found in prisma/migrations"
  end
  return ("%d migration%s found in prisma/migrations"):format(count, count == 1 and "" or "s")
end

--- Prisma's line with the number of migrations; its folder's name is a constant there.
-- @tparam integer count
-- @treturn string
plan.count_line = count_line

--- The migrations that deploy would apply.
-- @tparam table observed with migrations and history
-- @tparam table|nil entries history.by_name of its rows, where that is known
-- @treturn {table,...} migrations, in order
function plan.pending(observed, entries)
  entries = entries or history.by_name(observed.history.rows)
  local pending = {}
  for _, migration in ipairs(observed.migrations) do
    local entry = entries[migration.name]
    local failed = entry and not entry.applied and entry.failed
    if not entry or not (entry.applied or failed) or (failed and (failed.resumable or failed.nothing_left)) then
      pending[#pending + 1] = migration
    end
  end
  return pending
end

--- The actions of a deployment.
-- @tparam table observed
-- @treturn {table,...} { kind = "migrate", name, path, sha256, resume = id of the row to go on from|nil,
--   close = id of a failed row of which nothing is there|nil }
-- @treturn {table,...} what is left out, { kind, why, conclusion = true where `why` only holds if nothing is refused }
function plan.actions(observed)
  local actions, entries = {}, nil
  if not observed.history.in_step then
    entries = history.by_name(observed.history.rows)
  end
  for _, migration in ipairs(entries and plan.pending(observed, entries) or {}) do
    local entry = entries[migration.name]
    actions[#actions + 1] = {
      kind = "migrate",
      name = migration.name,
      path = migration.path,
      sha256 = migration.sha256,
      resume = entry and entry.failed and entry.failed.resumable and entry.failed.id or nil,
      close = entry and entry.failed and entry.failed.nothing_left and entry.failed.id or nil,
    }
  end
  local skipped = { { kind = "migrate", why = count_line(#observed.migrations) } }
  if #actions == 0 then
    skipped[2] = { kind = "migrate", why = "No pending migrations to apply.", conclusion = true }
  end
  return actions, skipped
end

return plan
