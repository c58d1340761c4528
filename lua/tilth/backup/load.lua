--- Loads the rows of a backup into the tables that the migrations have made, in one transaction, and compares.
local load = {}

local compare = require("tilth.backup.compare")
local copy = require("tilth.backup.copy")
local json = require("tilth.json")
local snapshot = require("tilth.backup.snapshot")

local SETTINGS <const> = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; "
  .. "set local row_security = off; set local synchronize_seqscans = off; set local client_min_messages = warning; "
  .. "set constraints all immediate; "

-- Rows may come before the ones that they refer to, so foreign keys are taken off and put on again, which checks them all.
local FOREIGN_KEYS <const> = [[
select format('%I.%I', n.nspname, c.relname) as target, quote_ident(k.conname) as name, pg_get_constraintdef(k.oid) as definition,
  obj_description(k.oid, 'pg_constraint') as comment
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f' and k.conparentid = 0 and n.nspname in (select json_array_elements_text($1::json)) order by k.oid]]

local TRIGGERS <const> = [[
select format('%I.%I', n.nspname, c.relname) as target, quote_ident(g.tgname) as name,
  case g.tgenabled when 'R' then 'enable replica' when 'A' then 'enable always' else 'enable' end as state
from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
where not g.tgisinternal and g.tgenabled <> 'D' and c.relkind = 'r'
  and n.nspname in (select json_array_elements_text($1::json)) order by g.oid]]

local MATERIALIZED <const> = [[
select format('%I.%I', n.nspname, c.relname) as target from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'm' and c.relispopulated and n.nspname in (select json_array_elements_text($1::json)) order by c.oid]]

local function all(db, lines)
  if #lines == 0 then
    return true
  end
  local ok, message, code, detail = db:script(table.concat(lines, ";\n"))
  return ok and true or nil, message, code, detail
end

--- Takes off what would act on the rows while they come in.
-- @treturn table statements that put it on again
local function lay_open(db, schemas)
  local before, after = {}, {}
  local keys, message, code, detail = db:query(FOREIGN_KEYS, schemas)
  local triggers
  if keys then
    triggers, message, code, detail = db:query(TRIGGERS, schemas)
  end
  if not triggers then
    return nil, message, code, detail
  end
  for _, row in ipairs(triggers) do
    before[#before + 1] = ("alter table only %s disable trigger %s"):format(row.target, row.name)
    after[#after + 1] = ("alter table only %s %s trigger %s"):format(row.target, row.state, row.name)
  end
  for _, row in ipairs(keys) do
    before[#before + 1] = ("alter table %s drop constraint %s"):format(row.target, row.name)
    after[#after + 1] = ("alter table %s add constraint %s %s"):format(row.target, row.name, row.definition)
    if row.comment then
      after[#after + 1] = ("comment on constraint %s on %s is %s"):format(row.name, row.target, db:literal(row.comment))
    end
  end
  local ok
  ok, message, code, detail = all(db, before)
  if not ok then
    return nil, message, code, detail
  end
  return after
end

-- Migrations may have put rows of their own into the tables, the history among them.
local function empty(db, tables)
  local list = {}
  for index, entry in ipairs(tables) do
    list[index] = db:identifier(entry.schema) .. "." .. db:identifier(entry.name)
  end
  return #list == 0 or db:script("truncate only " .. table.concat(list, ", only "))
end

local function set_sequences(db, header)
  local lines = {}
  for index, entry in ipairs(header.sequences) do
    lines[index] = ("select pg_catalog.setval(%s, %d, %s)"):format(
      db:literal(db:identifier(entry.schema) .. "." .. db:identifier(entry.name)), entry.last_value, entry.is_called and "true" or "false")
  end
  return all(db, lines)
end

local function refresh(db, schemas)
  local views, message, code, detail = db:query(MATERIALIZED, schemas)
  local lines = {}
  for index, row in ipairs(views or {}) do
    lines[index] = "refresh materialized view " .. row.target
  end
  if not views then
    return nil, message, code, detail
  end
  return all(db, lines)
end

local function read_rows(db, path, on_table)
  return copy.read(path, { rows = function(entry, source)
    if on_table then
      on_table(entry)
    end
    local count, message, code, detail = db:copy_in("COPY " .. copy.table_sql(db, entry) .. " FROM STDIN", source)
    if not count then
      return nil, ("cannot load the rows of %s.%s: %s"):format(entry.schema, entry.name, message), code, detail
    elseif count ~= entry.rows then
      return nil, ("%s.%s took %d rows of %d"):format(entry.schema, entry.name, count, entry.rows), "failed"
    end
    return true
  end })
end

local function what(message, text)
  return text and message .. ": " .. text or message
end

local function check_tables(db, header)
  local tables, message, code, detail = snapshot.tables(db, { schemas = header.schemas, history_schema = header.history_schema })
  if not tables then
    return nil, message, code, detail
  end
  local fits, missing = compare.columns(header.tables, tables)
  if not fits then
    return nil, "the migrations in the backup do not make the schema that its rows came from; what is missing: " .. missing, "failed",
      { advice = "Something was changed in that database without a migration. The rows are in the backup as COPY text all the same; "
        .. "docs/backup-format.md tells how to take them out." }
  end
  return tables
end

local function act(db, path, header, on_table)
  local schemas = json.encode(json.array(header.schemas))
  local ok, message, code, detail = db:script(SETTINGS .. snapshot.PLAIN_TEXT)
  local tables, after
  if ok then
    tables, message, code, detail = check_tables(db, header)
  end
  if tables then
    after, message, code, detail = lay_open(db, schemas)
  end
  if after then
    ok, message, code, detail = empty(db, tables)
  end
  if not tables or not after or not ok then
    return nil, message, code, detail
  end
  ok, message, code, detail = read_rows(db, path, on_table)
  if ok then
    ok, message, code, detail = set_sequences(db, header)
    message = not ok and what("cannot set the sequences", message) or nil
  end
  if ok then
    ok, message, code, detail = all(db, after)
    message = not ok and what("the rows do not fit the schema's constraints", message) or nil
  end
  if ok then
    ok, message, code, detail = refresh(db, schemas)
  end
  if not ok then
    return nil, message, code, detail
  end
  return load.compare(db, header)
end

--- Compares what is in a database with what a backup says, table by table and definition by definition.
-- @tparam Db db inside a transaction with snapshot.PLAIN_TEXT
-- @tparam table header the manifest
-- @treturn table { rows, differs = definitions that are not as they were, as one text | nil }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function load.compare(db, header)
  local list = {}
  for index, entry in ipairs(header.tables) do
    list[index] = { schema = entry.schema, name = entry.name, columns = entry.columns }
  end
  local ok, message, code, detail = snapshot.count(db, list)
  if not ok then
    return nil, message, code, detail
  end
  local same, differs = compare.rows(header.tables, list)
  if not same then
    return nil, "what was restored is not what was backed up: " .. differs, "failed"
  end
  local objects
  objects, message, code, detail = snapshot.objects(db, header.schemas)
  if not objects then
    return nil, message, code, detail
  end
  return { rows = header.rows, differs = compare.objects(header.objects, objects) }
end

--- Loads a backup of tilth's own format. All of it is there afterwards, or nothing.
-- @tparam Db db
-- @tparam string path
-- @tparam table header the manifest
-- @tparam[opt] function on_table called with each table before its rows are loaded
-- @treturn table { rows, differs }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function load.run(db, path, header, on_table)
  return db:transaction(function()
    return act(db, path, header, on_table)
  end)
end

return load
