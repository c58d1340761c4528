--- Moves what a schema holds into another one, object by object: for a schema that can't be renamed itself, because an extension
-- in it can't follow or because it belongs to somebody else. The schema stays with its owner, rights and extensions.
local move = {}

-- Names are read before anything moves, and what has types in its name goes before the types. A sequence of a column goes with
-- its table, rows' types and indexes too; what belongs to an extension stays.
local OBJECTS <const> = [[
select o.type, o.identity from pg_catalog.pg_namespace n join pg_catalog.pg_depend d
  on d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.refobjid = n.oid and d.deptype = 'n',
lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
where n.nspname = $1
and d.classid not in ('pg_catalog.pg_extension'::pg_catalog.regclass, 'pg_catalog.pg_default_acl'::pg_catalog.regclass)
and not exists (select from pg_catalog.pg_depend e where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')
and not (o.type = 'sequence' and exists (select from pg_catalog.pg_depend w where w.classid = d.classid and w.objid = d.objid
  and w.refclassid = d.classid and w.deptype in ('a', 'i')))
order by case when o.type in ('type', 'composite type', 'collation') then 3 when o.type in ('table', 'view', 'materialized view',
  'foreign table', 'sequence') then 2 else 1 end, o.identity]]

-- How ALTER calls what pg_identify_object calls otherwise.
local WORDS <const> = { ["composite type"] = "TYPE", ["statistics object"] = "STATISTICS" }

local BATCH <const> = 100

--- Must the contents be moved, because the schema can't be renamed and made anew?
-- @tparam table schema from reset/observe.lua
-- @treturn boolean
function move.is_needed(schema)
  if not schema.may_rename or not schema.may_give then
    return true
  end
  for _, entry in ipairs(schema.defaults) do
    if not entry.may then
      return true
    end
  end
  for _, extension in ipairs(schema.extensions) do
    if not extension.relocatable or not extension.may then
      return true
    end
  end
  return false
end

--- Moves all objects but those of extensions.
-- @tparam Db db inside a transaction
-- @tparam string from schema
-- @tparam string into schema, which is there and has none of these names
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function move.contents(db, from, into)
  local objects, message, code, detail = db:query(OBJECTS, from)
  if not objects then
    return nil, ("cannot read what schema %s holds: %s"):format(from, message), code, detail
  end
  local target = db:identifier(into)
  for first = 1, #objects, BATCH do
    local lines = {}
    for index = first, math.min(first + BATCH - 1, #objects) do
      local object = objects[index]
      lines[#lines + 1] = ("ALTER %s %s SET SCHEMA %s"):format(WORDS[object.type] or object.type:upper(), object.identity, target)
    end
    local ok
    ok, message, code, detail = db:script(table.concat(lines, ";\n"))
    if not ok then
      return nil, ("cannot move what schema %s holds: %s"):format(from, message), code, detail
    end
  end
  return true
end

--- Moves what a schema holds into a new schema.
-- @tparam Db db inside a transaction
-- @tparam string from schema
-- @tparam string into a schema that does not exist yet
-- @treturn integer the new schema's OID
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function move.into_new(db, from, into)
  local made, message, code, detail = db:script("CREATE SCHEMA " .. db:identifier(into))
  if made then
    made, message, code, detail = move.contents(db, from, into)
  end
  if not made then
    return nil, message, code, detail
  end
  return db:value("select oid::text from pg_catalog.pg_namespace where nspname = $1", into)
end

--- Moves everything back out of a bin, and drops the bin, which has to be empty by then.
-- @tparam Db db inside a transaction
-- @tparam string bin
-- @tparam string schema
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function move.back(db, bin, schema)
  local ok, message, code, detail = move.contents(db, bin, schema)
  if ok then
    -- Without CASCADE: whatever has been put there by somebody else stays, and the undo fails.
    ok, message, code, detail = db:script("DROP SCHEMA " .. db:identifier(bin))
  end
  return ok and true, message, code, detail
end

return move
