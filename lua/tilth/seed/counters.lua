--- What a transaction has written so far, by the server's own counters, by content and by sequences.
local counters = {}

local array = require("tilth.array")

local KINDS <const> = { "inserted", "updated", "deleted" }

local TABLES <const> = [[
select schemaname, relname, n_tup_ins as inserted, n_tup_upd as updated, n_tup_del as deleted,
  (select relkind = 'm' from pg_catalog.pg_class c where c.oid = relid) as derived
from pg_catalog.pg_stat_xact_user_tables
where schemaname <> 'tilth' and schemaname !~ '^pg_temp' and n_tup_ins + n_tup_upd + n_tup_del > 0
order by schemaname, relname]]

local SEQUENCES <const> = [[
select n.nspname, c.relname, pg_catalog.pg_sequence_last_value(c.oid) as last
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'S' and n.nspname <> 'tilth' and n.nspname !~ '^pg_temp']]

--- Reads the counters of the transaction.
-- @param db Db
-- @return { [schema.table] = { inserted, updated, deleted, derived (a materialized view) } } | nil, message, code, detail
function counters.read(db)
  local result, message, code, detail = db:query(TABLES)
  if not result then
    return nil, message, code, detail
  end
  local tables = {}
  for _, row in ipairs(result) do
    tables[row.schemaname .. "." .. row.relname] = {
      schema = row.schemaname, name = row.relname, inserted = row.inserted, updated = row.updated, deleted = row.deleted,
      derived = row.derived,
    }
  end
  return tables
end

--- What came between two readings. Counts never fall, but for a TRUNCATE whose savepoint ends. Pure.
-- @tparam table before
-- @tparam table after
-- @return list of { table, inserted, updated, deleted, derived }, by name
function counters.difference(before, after)
  local list = {}
  for name, now in pairs(after) do
    local old = before[name] or { inserted = 0, updated = 0, deleted = 0 }
    local change, any = { table = name, derived = now.derived }, false
    for _, kind in ipairs(KINDS) do
      change[kind] = math.max(now[kind] - old[kind], 0)
      any = any or change[kind] ~= 0
    end
    if any then
      list[#list + 1] = change
    end
  end
  table.sort(list, function(a, b) return a.table < b.table end)
  return list
end

--- A digest of each table's content, whatever the order of its rows.
-- @param db     Db
-- @param tables of `read`
-- @return { [schema.table] = text }; a table that can't be read is left out
function counters.content(db, tables)
  local digests = {}
  for _, name in ipairs(array.sorted_keys(tables)) do
    local entry = tables[name]
    local digest = db:savepoint(function()
      return db:value(("select count(*) || ':' || coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0) from %s.%s t")
        :format(db:identifier(entry.schema), db:identifier(entry.name)))
    end)
    digests[name] = digest or nil
  end
  return digests
end

--- Where the sequences stand.
-- @tparam table db
-- @return { [schema.sequence] = integer }
function counters.sequences(db)
  local result = db:query(SEQUENCES)
  local values = {}
  for _, row in ipairs(result or {}) do
    values[row.nspname .. "." .. row.relname] = row.last or 0
  end
  return values
end

--- The sequences that moved between two readings. Pure.
-- @tparam table before
-- @tparam table after
-- @return sorted list of names
function counters.moved(before, after)
  local list = {}
  for name, value in pairs(after) do
    if before[name] ~= value then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

return counters
