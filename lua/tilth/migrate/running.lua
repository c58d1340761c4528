--- Is somebody at work on the migrations right now? An open row then belongs to a deployment that runs, and not to one that failed.
-- @module tilth.migrate.running

local running = {}

local history = require("tilth.migrate.history")
local lock = require("tilth.migrate.lock")

-- Prisma stamps its rows by the client's clock.
local YOUNG <const> = [[
SELECT r.id FROM %s r WHERE r.finished_at IS NULL AND r.rolled_back_at IS NULL AND coalesce(r.started_at >=
 (SELECT a.backend_start - interval '1 minute' FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1), true)
 ORDER BY r.started_at DESC LIMIT 1]]

local function needs_to_know(observed)
  local applied = 0
  for _, row in ipairs(observed.history.rows) do
    local state = history.state(row)
    if state == "failed" then
      return true
    end
    applied = applied + (state == "applied" and 1 or 0)
  end
  return applied < #observed.migrations
end

--- Asks who holds the migration lock, where something is open or pending, and marks the row that it works on.
-- @tparam table db
-- @tparam table observed migrations and history; the row gets running = true
-- @treturn table|boolean the holder: pid, application_name, text (a description); false when nobody is at work
-- @treturn nil,string,string,table
function running.observe(db, observed)
  if not needs_to_know(observed) then
    return false
  end
  local holder, message, code, detail = lock.holder(db)
  if not holder then
    return holder, message, code, detail
  end
  holder.text = lock.describe(holder)
  if not observed.history.exists then
    return holder
  end
  local young
  young, message, code, detail = db:one(YOUNG:format(observed.history.qualified), holder.pid)
  if young == nil then
    return nil, message, code, detail
  end
  for _, row in ipairs(observed.history.rows) do
    if history.state(row) == "failed" and (row.resumable or young and row.id == young.id) then
      row.running = true
    end
  end
  return holder
end

return running
