--- One unchanging view of a database, and what is in it: the tables with their rows counted, sequences, definitions.
local snapshot = {}

local blockers = require("tilth.migrate.blockers")
local catalog = require("tilth.backup.catalog")
local json = require("tilth.json")

-- Text that does not depend on who reads it, and a transaction that may take hours.
local SETTINGS <const> = [[
set transaction isolation level repeatable read read only;
set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0; set local row_security = off;
set local synchronize_seqscans = off; ]]

--- Settings under which a row has one text only.
snapshot.PLAIN_TEXT = [[
set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local timezone = 'UTC'; set local extra_float_digits = 3;
set local bytea_output = 'hex'; set local xmloption = 'content'; set local client_encoding = 'UTF8'; ]]

local LOCK_NOT_AVAILABLE <const> = "55P03"
local BATCH <const> = 200

local function lock_failed(db, tables, message, code, detail)
  if code ~= LOCK_NOT_AVAILABLE then
    return nil, "cannot lock the tables against changes of their shape: " .. message, code, detail
  end
  db:script("ROLLBACK")
  local names = {}
  for index, entry in ipairs(tables) do
    names[index] = entry.name
  end
  local who = blockers.find(db, table.concat(names, " "))
  return nil, "a table is locked by somebody else, so that it can't be read for the backup"
    .. (who and ": " .. who or ": " .. message), code,
    { advice = "Nothing was changed. Wait until that session has ended, or wait longer for it with --lock-timeout." }
end

-- Locks come before the first look, so that no table changes its shape in between.
local function lock_tables(db, tables)
  for first = 1, #tables, BATCH do
    local names = {}
    for index = first, math.min(first + BATCH - 1, #tables) do
      names[#names + 1] = db:identifier(tables[index].schema) .. "." .. db:identifier(tables[index].name)
    end
    local ok, message, code, detail = db:script("lock table only " .. table.concat(names, ", only ") .. " in access share mode")
    if not ok then
      return lock_failed(db, tables, message, code, detail)
    end
  end
  return true
end

--- The tables that hold rows of their own.
-- @tparam Db db
-- @tparam table scope { schemas = list or nil for the whole database, history_schema }
-- @treturn table list of { schema, name, columns = { { name, type, generated } } }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function snapshot.tables(db, scope)
  local result, message, code, detail = db:query(catalog.tables, scope.schemas and json.encode(json.array(scope.schemas)) or nil,
    scope.history_schema)
  if not result then
    return nil, "cannot read which tables there are: " .. message, code, detail
  end
  local tables = {}
  for index, row in ipairs(result) do
    tables[index] = { schema = row.schema, name = row.name, columns = row.columns and json.decode(row.columns) or {} }
  end
  return tables
end

--- Counts rows and sums up contents; adds `rows`, `digest` and `bytes` to each entry.
-- @tparam Db db
-- @tparam table tables
-- @tparam[opt] function on_table called with each entry before it is read
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function snapshot.count(db, tables, on_table)
  local function quote(name) return db:identifier(name) end
  local function literal(text) return db:literal(text) end
  for _, entry in ipairs(tables) do
    if on_table then
      on_table(entry)
    end
    local row, message, code, detail = db:one(catalog.digest(quote, literal, entry))
    if not row then
      return nil, ("cannot read the rows of %s.%s: %s"):format(entry.schema, entry.name, message), code, detail
    end
    entry.rows, entry.digest, entry.bytes = row.rows, row.digest, row.bytes
  end
  return true
end

local function read_sequences(db, schemas)
  local result, message, code, detail = db:query(catalog.sequences, schemas)
  if not result then
    return nil, message, code, detail
  end
  local list = {}
  for index, row in ipairs(result) do
    local value
    value, message, code, detail = db:one(("select last_value, is_called from %s.%s"):format(
      db:identifier(row.schema), db:identifier(row.name)))
    if not value then
      return nil, ("cannot read the sequence %s.%s: %s"):format(row.schema, row.name, message), code, detail
    end
    list[index] = { schema = row.schema, name = row.name, last_value = value.last_value, is_called = value.is_called }
  end
  return list
end

--- The definitions of all objects in schemas, fully qualified.
-- @tparam Db db inside a transaction
-- @tparam table names list of schemas
-- @treturn table list of { kind, name, definition }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function snapshot.objects(db, names)
  local path, message, code, detail = db:value("select pg_catalog.current_setting('search_path')")
  local result
  if path then
    result, message, code, detail = db:script("set local search_path = ''")
  end
  if result then
    result, message, code, detail = db:query(catalog.objects, json.encode(json.array(names)))
  end
  if result then
    local restored
    restored, message, code, detail = db:query("select pg_catalog.set_config('search_path', $1, true)", path)
    result = restored and result
  end
  if not result then
    return nil, "cannot read the definitions of tables, indexes and the like: " .. message, code, detail
  end
  local list = {}
  for index, row in ipairs(result) do
    list[index] = { kind = row.kind, name = row.name, definition = row.definition }
  end
  return list
end

local function collect(db, scope, on_table)
  local tables, message, code, detail = snapshot.tables(db, scope)
  if not tables then
    return nil, message, code, detail
  end
  local found
  found, message, code, detail = db:one(catalog.database)
  if not found then
    return nil, "cannot read what database this is: " .. tostring(message), code, detail
  end
  found.tables = tables
  local ok
  ok, message, code, detail = snapshot.count(db, tables, on_table)
  if ok then
    found.sequences, message, code, detail = read_sequences(db, json.encode(json.array(scope.managed)))
  end
  if found.sequences then
    found.objects, message, code, detail = snapshot.objects(db, scope.managed)
  end
  if not found.objects then
    return nil, message, code, detail
  end
  return found
end

--- Runs fn(found) within a transaction that sees one state of the database, with its tables locked against DDL.
-- @tparam Db db
-- @tparam table scope { schemas = list or nil for the whole database, managed = list, history_schema }
-- @tparam function fn called with { database, server_version, server_version_num, encoding, stamp, at, bytes,
--   large_objects, extensions, tables = { { schema, name, bytes, columns, rows, digest } }, sequences, objects }
-- @tparam[opt] function on_table called with each table before its rows are counted
-- @treturn ... what fn returned
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function snapshot.run(db, scope, fn, on_table)
  -- Named outside, since the first query inside fixes what is seen, and a lock must come before that.
  local named, message, code, detail = snapshot.tables(db, scope)
  if not named then
    return nil, message, code, detail
  end
  return db:transaction(function()
    local ok, why, state, more = db:script(SETTINGS .. snapshot.PLAIN_TEXT)
    if ok then
      ok, why, state, more = lock_tables(db, named)
    end
    if not ok then
      return nil, why, state, more
    end
    local found
    found, why, state, more = collect(db, scope, on_table)
    if not found then
      return nil, why, state, more
    end
    return fn(found)
  end)
end

return snapshot
