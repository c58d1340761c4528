--- Who is in the way: the sessions that hold locks on the tables that a statement names.
-- @module tilth.migrate.blockers

local blockers = {}

local MOST <const> = 3

-- Their queries are not shown: they can hold people's data. The first word says enough.
local SQL <const> = ([[
SELECT a.pid, a.application_name, a.usename, a.state, a.backend_type,
 pg_catalog.upper(pg_catalog.substring(a.query, '^\s*(\w+)')) AS verb,
 extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds,
 pg_catalog.string_agg(DISTINCT c.relname, ', ') AS tables
 FROM pg_catalog.pg_locks l
 JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 JOIN pg_catalog.pg_class c ON c.oid = l.relation
 WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_catalog.pg_backend_pid()
 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'i') AND pg_catalog.strpos($1, c.relname) > 0
 AND c.relnamespace <> 'pg_catalog'::pg_catalog.regnamespace
 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 7 DESC NULLS LAST LIMIT %d]]):format(MOST)

-- Those that a session waits for, of whatever kind the lock is.
local OF_SESSION <const> = ([[
SELECT a.pid, a.application_name, a.usename, a.state, a.backend_type,
 pg_catalog.upper(pg_catalog.substring(a.query, '^\s*(\w+)')) AS verb,
 extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change))::float8 AS seconds
 FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1)) ORDER BY 7 DESC NULLS LAST LIMIT %d]]):format(MOST)

local function describe(row)
  local parts = { "pid " .. row.pid }
  if row.application_name and row.application_name ~= "" then
    parts[#parts + 1] = '"' .. row.application_name .. '"'
  end
  if row.usename then
    parts[#parts + 1] = "user " .. row.usename
  end
  local state = row.state or row.backend_type
  if row.state == "active" and row.verb then
    state = "running " .. row.verb
  end
  parts[#parts + 1] = ("%s for %d s"):format(state or "working", math.floor(row.seconds or 0))
  return table.concat(parts, ", ") .. (row.tables and (" (%s)"):format(row.tables) or "")
end

local function described(rows)
  local texts = {}
  for position, row in ipairs(rows) do
    texts[position] = describe(row)
  end
  return table.concat(texts, "; ")
end

--- Names the sessions that hold locks on tables of a statement.
-- @tparam table db outside of a failed transaction
-- @tparam string statement its text
-- @treturn string|nil a description; nil where nobody is found any more
-- @treturn {table,...} the rows
function blockers.find(db, statement)
  local rows = db:query(SQL, statement)
  if not rows or #rows == 0 then
    return nil, {}
  end
  return described(rows), rows
end

--- Names the sessions that another one waits for.
-- @tparam table db any session but that one
-- @tparam integer pid of the one that waits
-- @treturn string|nil a description; nil when it waits for nobody
function blockers.of_session(db, pid)
  local rows = db:query(OF_SESSION, pid)
  return rows and #rows > 0 and described(rows) or nil
end

return blockers
