--- The lock that keeps two deployments apart: Prisma's key, asked for again and again.
-- A session that waits inside pg_advisory_lock holds a snapshot, and CREATE INDEX CONCURRENTLY of the holder would
-- wait for that snapshot: a deadlock. So nobody here waits inside a statement.
-- @module tilth.migrate.lock

local lock = {}

local clock = require("tilth.clock")
local history = require("tilth.migrate.history")
local pooler = require("tilth.migrate.pooler")

local PATIENCE <const> = 300
local FIRST_PAUSE <const> = 0.05
local LONGEST_PAUSE <const> = 1
local SAY_EVERY <const> = 10

local TRY <const> = ("SELECT pg_try_advisory_lock(%d) AS held"):format(history.LOCK_KEY)

-- Asks for the lock only where no pooler stands between: in a shared session it would be lost, and stay held.
local TRY_DIRECT <const> = ("SELECT CASE WHEN pg_backend_pid() = %%d THEN pg_try_advisory_lock(%d) END AS held,"
  .. " pg_backend_pid() AS pid"):format(history.LOCK_KEY)

local HOLDER <const> = ([[
SELECT a.pid, a.application_name, a.usename, host(a.client_addr) AS client, a.state,
 extract(epoch FROM clock_timestamp() - coalesce(a.query_start, a.backend_start))::float8 AS seconds,
 extract(epoch FROM clock_timestamp() - a.backend_start)::float8 AS session_seconds,
 (SELECT count(*) FROM pg_locks w WHERE w.locktype = 'advisory' AND NOT w.granted AND w.database = l.database
   AND w.classid = l.classid AND w.objid = l.objid) AS waiting
 FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = %d AND l.objsubid = 1
 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1]]):format(history.LOCK_KEY)

local function duration(seconds)
  seconds = math.floor(seconds or 0)
  if seconds < 120 then
    return seconds .. " s"
  elseif seconds < 7200 then
    return seconds // 60 .. " min"
  end
  return seconds // 3600 .. " h"
end

--- Describes the session that holds the lock.
-- @tparam table|false|nil holder a row of pg_stat_activity
-- @treturn string
function lock.describe(holder)
  if not holder or not holder.pid then
    return "another session"
  end
  local parts = { "pid " .. holder.pid }
  if holder.application_name and holder.application_name ~= "" then
    parts[#parts + 1] = '"' .. holder.application_name .. '"'
  end
  if holder.usename then
    parts[#parts + 1] = "user " .. holder.usename
  end
  if holder.client then
    parts[#parts + 1] = "from " .. holder.client
  end
  parts[#parts + 1] = "connected for " .. duration(holder.session_seconds)
  if holder.state then
    parts[#parts + 1] = holder.state .. " for " .. duration(holder.seconds)
  end
  return table.concat(parts, ", ")
end

--- Finds the session that holds the lock.
-- @tparam table db
-- @treturn table|boolean a row of pg_stat_activity; false when the lock is free
-- @treturn nil,string,string,table
function lock.holder(db)
  return db:one(HOLDER)
end

local function timed_out(db, patience)
  local holder = lock.holder(db)
  local pid = holder and holder.pid
  return nil, ("Timed out trying to acquire a postgres advisory lock (SELECT pg_advisory_lock(%d)) for %d s: another deployment "
    .. "of this database holds it (%s)"):format(history.LOCK_KEY, math.floor(patience), lock.describe(holder)), "P1002", {
      advice = "Wait until that deployment has ended, or give this one more patience with --lock-patience 20min."
        .. (pid and (" If that session is a leftover of a killed build, end it with: SELECT pg_terminate_backend(%d);"):format(pid) or ""),
      holder = holder or nil,
    }
end

-- true, false, or nil and the failure; with true or false the first time, the server process.
local function try(db, first)
  if first then
    local row, message, code, detail = db:one(TRY_DIRECT:format(db:info().pid))
    if not row then
      return nil, message, code, detail
    elseif row.held ~= nil then
      return row.held, row.pid
    end
    local ok
    ok, message, code, detail = pooler.check(db, row.pid)
    if not ok then
      return nil, message, code, detail
    end
    local held, why, state, more = db:value(TRY)
    if held == nil then
      return nil, why, state, more
    end
    return held, row.pid
  end
  return db:value(TRY)
end

--- Takes the lock, for the session; waits for it as long as `patience` allows.
-- @tparam table db
-- @tparam table options patience (seconds), report
-- @treturn table { key, seconds, pid = the server process that holds it } where it is held
-- @treturn nil,string,string,table P1002 when the patience ended, else the database's failure
function lock.acquire(db, options)
  options = options or {}
  local patience = options.patience or PATIENCE
  local started, pause, said, pid = clock.monotonic(), FIRST_PAUSE, nil, nil
  while true do
    local held, message, code, detail = try(db, not pid)
    pid = pid or message
    if held == nil then
      return nil, code == "config" and message or "cannot ask for the migration lock: " .. message, code, detail
    end
    local waited = clock.monotonic() - started
    if held == true then
      return { key = history.LOCK_KEY, seconds = waited, pid = pid }
    end
    if waited >= patience then
      return timed_out(db, patience)
    end
    if options.report and waited > 0.5 and (not said or waited - said >= SAY_EVERY) then
      said = waited
      options.report:progress(("waiting for the migration lock, held by another deployment (%s)"):format(lock.describe(lock.holder(db))))
    end
    -- Many waiters must not ask in step.
    clock.sleep(math.min(pause * (0.75 + math.random() / 2), math.max(patience - waited, 0.01)))
    pause = math.min(pause * 1.5, LONGEST_PAUSE)
  end
end

--- Gives the lock back before the session ends.
-- @tparam table db
-- @treturn boolean true
-- @treturn nil,string,string,table
function lock.release(db)
  local done, message, code, detail = db:value(("SELECT pg_advisory_unlock(%d)"):format(history.LOCK_KEY))
  if done == nil then
    return nil, message, code, detail
  end
  return true
end

return lock
