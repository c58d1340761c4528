--- Who holds the locks that a reset waits for.
local holders = {}

-- Queries are not shown: they can hold people's data. A prepared transaction has no session any more.
local SQL <const> = [[
WITH held AS (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1::text[])),
locks AS (SELECT DISTINCT l.pid, l.virtualtransaction, l.locktype FROM pg_catalog.pg_locks l
 WHERE l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
 AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
 AND (l.locktype = 'object' AND l.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND l.objid IN (SELECT oid FROM held)
  OR l.locktype = 'relation' AND l.relation IN (SELECT c.oid FROM pg_catalog.pg_class c JOIN held h ON h.oid = c.relnamespace)))
SELECT DISTINCT a.pid, a.application_name, a.usename, coalesce(a.state, a.backend_type) AS state, p.gid, p.owner,
 pg_catalog.extract('epoch', pg_catalog.clock_timestamp() - coalesce(a.xact_start, p.prepared))::float8 AS seconds
FROM locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_locks t ON l.pid IS NULL AND t.pid IS NULL AND t.locktype = 'transactionid'
 AND t.virtualtransaction = l.virtualtransaction
LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = t.transactionid
WHERE (a.pid IS NOT NULL OR p.gid IS NOT NULL)
AND (l.locktype = 'object' OR NOT EXISTS (SELECT FROM locks o WHERE o.locktype = 'object'))
ORDER BY seconds DESC NULLS LAST LIMIT 3]]

local function describe(row)
  local seconds = math.floor(row.seconds or 0)
  if row.gid then
    return ("the prepared transaction \"%s\" of %s, for %d s"):format(row.gid, row.owner, seconds),
      "end it with COMMIT PREPARED or ROLLBACK PREPARED"
  end
  local name = row.application_name and row.application_name ~= "" and ("\"%s\", "):format(row.application_name) or ""
  return ("pid %d, %suser %s, %s for %d s"):format(row.pid, name, row.usename or "?", row.state or "working", seconds),
    ("end it with SELECT pg_terminate_backend(%d)"):format(row.pid)
end

--- Names the sessions and prepared transactions that hold locks on schemas, or, where nobody holds one, on what is in them.
-- @tparam Db db outside of a failed transaction
-- @tparam table schemas list of names
-- @treturn[1] string advice: who, and how to end it
-- @treturn[2] nil when nobody is found any more, or it can't be known
function holders.advice(db, schemas)
  local rows = db:query(SQL, db:array(schemas))
  if not rows or #rows == 0 then
    return nil
  end
  local who, how = {}, nil
  for index, row in ipairs(rows) do
    local text, way = describe(row)
    who[index], how = text, how or way
  end
  return ("In the way: %s. Run it again when that has ended, or %s."):format(table.concat(who, "; "), how)
end

return holders
