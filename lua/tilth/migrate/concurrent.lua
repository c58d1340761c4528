--- Statements that run outside of a transaction: what is left of a broken one, and whether an earlier try ended.
-- @module tilth.migrate.concurrent

local concurrent = {}

-- $1 the table as SQL, $2 the index's name or NULL for one that the server names.
local INDEXES <const> = [[
SELECT n.nspname AS schema, c.relname AS name, i.indisvalid AS valid,
 EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid) AS building
 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE i.indrelid = pg_catalog.to_regclass($1)
 AND (c.relname = $2 OR ($2 IS NULL AND NOT i.indisvalid AND c.relname ~ '_(idx|key)[0-9]*$'))]]

local LEFT_OF_REINDEX <const> = [[
SELECT n.nspname AS schema, c.relname AS name, false AS valid,
 EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid) AS building
 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND i.indrelid IN (pg_catalog.to_regclass($1),
  (SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid = pg_catalog.to_regclass($1)))]]

local DETACHING <const> = "SELECT inhdetachpending AS pending FROM pg_catalog.pg_inherits"
  .. " WHERE inhparent = pg_catalog.to_regclass($1) AND inhrelid = pg_catalog.to_regclass($2)"

local function name_of(db, relation)
  return (relation.schema and db:identifier(relation.schema) .. "." or "") .. db:identifier(relation.name)
end

local function find_indexes(db, item)
  if item.create_index then
    return db:query(INDEXES, name_of(db, item.create_index.table), item.create_index.name)
  elseif item.reindex and item.reindex.table then
    return db:query(LEFT_OF_REINDEX, name_of(db, item.reindex.table))
  end
  return {}
end

--- Drops the invalid indexes that a broken build left behind. An index that is being built is left alone.
-- @tparam table db
-- @tparam table item a statement (statement.classify)
-- @treturn {string,...} the names of what was dropped
-- @treturn nil,string,string,table
function concurrent.clean(db, item)
  local found, message, code, detail = find_indexes(db, item)
  if not found then
    return nil, message, code, detail
  end
  local dropped = {}
  for _, index in ipairs(found) do
    if not index.valid and not index.building then
      local name = name_of(db, index)
      local ok
      ok, message, code, detail = db:script("DROP INDEX CONCURRENTLY IF EXISTS " .. name)
      if not ok then
        return nil, message, code, detail
      end
      dropped[#dropped + 1] = name
    end
  end
  return dropped
end

--- Are the indexes that a statement builds valid?
-- @tparam table db
-- @tparam table item
-- @treturn boolean true
-- @treturn nil,string,string|nil,table
function concurrent.verify(db, item)
  if not item.create_index then
    return true
  end
  local found, message, code, detail = find_indexes(db, item)
  if not found then
    return nil, message, code, detail
  end
  for _, index in ipairs(found) do
    if not index.valid then
      return nil, ("the index %s is invalid after its build"):format(name_of(db, index)), "55000", { severity = "ERROR" }
    end
  end
  return true
end

local function detach_state(db, detach)
  if db:info().server_version < 140000 then
    -- It knows no such detachment, and says so itself.
    return "attached"
  end
  local row, message, code, detail = db:one(DETACHING, name_of(db, detach.parent), name_of(db, detach.partition))
  if row == nil then
    return nil, message, code, detail
  end
  return row and (row.pending and "pending" or "attached") or "done"
end

local function indexes_gone(db, indexes)
  for _, index in ipairs(indexes) do
    local there, message, code, detail = db:value("SELECT pg_catalog.to_regclass($1) IS NOT NULL", name_of(db, index))
    if there == nil then
      return nil, message, code, detail
    elseif there then
      return false
    end
  end
  return true
end

-- A subscription belongs to its database, and two databases may have one of the same name.
local CATALOG <const> = {
  database = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)",
  tablespace = "SELECT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname = $1)",
  subscription = "SELECT EXISTS (SELECT FROM pg_catalog.pg_subscription WHERE subname = $1 AND subdbid = "
    .. "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))",
}

local function is_there(db, object)
  return db:value(CATALOG[object[1]], object[2])
end

--- The valid indexes of the table that a statement makes an index of.
-- @tparam table db
-- @tparam table item with create_index
-- @treturn integer
-- @treturn nil,string,string,table
function concurrent.count(db, item)
  return db:value("SELECT count(*) FROM pg_catalog.pg_index WHERE indisvalid AND indrelid = pg_catalog.to_regclass($1)",
    name_of(db, item.create_index.table))
end

--- Did a statement end in an earlier try that was cut short before it could be recorded?
-- @tparam table db
-- @tparam table item
-- @tparam integer|nil indexes how many valid ones its table had before it, for an index that the server names
-- @treturn boolean
-- @treturn nil,string,string,table
function concurrent.ended(db, item, indexes)
  local answer, message, code, detail = false, nil, nil, nil
  if item.create_index and not item.create_index.name then
    local count
    count, message, code, detail = concurrent.count(db, item)
    answer = count and (indexes ~= nil and count > indexes)
    if not count then
      answer = nil
    end
  elseif item.create_index then
    local found
    found, message, code, detail = find_indexes(db, item)
    answer = found and (found[1] and found[1].valid or false)
    if not found then
      answer = nil
    end
  elseif item.drop_indexes then
    answer, message, code, detail = indexes_gone(db, item.drop_indexes)
  elseif item.detach then
    local state
    state, message, code, detail = detach_state(db, item.detach)
    answer = state and state == "done"
  elseif item.makes then
    answer, message, code, detail = is_there(db, item.makes)
  elseif item.drops then
    answer, message, code, detail = is_there(db, item.drops)
    if answer ~= nil then
      answer = not answer
    end
  end
  return answer, message, code, detail
end

--- The text to run: a detachment that was cut short is finished, not begun again.
-- @tparam table db
-- @tparam table item
-- @treturn string
-- @treturn nil,string,string,table
function concurrent.text(db, item)
  if not item.detach then
    return item.text
  end
  local state, message, code, detail = detach_state(db, item.detach)
  if not state then
    return nil, message, code, detail
  end
  if state == "pending" then
    return ("ALTER TABLE %s DETACH PARTITION %s FINALIZE"):format(name_of(db, item.detach.parent), name_of(db, item.detach.partition))
  end
  return item.text
end

return concurrent
