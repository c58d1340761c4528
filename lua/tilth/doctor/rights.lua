--- Probe: may this role do what migrations, the ledger and a reset need?
local answer = require("tilth.doctor.answer")
local history = require("tilth.migrate.history")
local observe = require("tilth.migrate.observe")

local DATABASE <const> = [[
select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') as may_create,
 pg_catalog.to_regnamespace('tilth') is not null as has_ledger,
 coalesce(pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('tilth'), 'USAGE'), false) as may_use_ledger]]

local SCHEMAS <const> = [[
select s.name, n.oid is not null as found,
 coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false) as usable,
 coalesce(pg_catalog.pg_has_role(n.nspowner, 'USAGE'), false) as owned, pg_catalog.pg_get_userbyid(n.nspowner) as owner,
 t.foreign_tables, t.example, t.example_owner, h.oid is not null as has_history,
 coalesce(pg_catalog.has_table_privilege(h.oid, 'SELECT') and pg_catalog.has_table_privilege(h.oid, 'INSERT')
  and pg_catalog.has_table_privilege(h.oid, 'UPDATE'), false) as history_usable
 from pg_catalog.unnest($1::text[]) with ordinality s (name, position)
 left join pg_catalog.pg_namespace n on n.nspname = s.name
 left join pg_catalog.pg_class h on h.relnamespace = n.oid and h.relname = $2 and h.relkind in ('r', 'p')
 left join lateral (select pg_catalog.count(*) as foreign_tables, pg_catalog.min(c.relname::text) as example,
   pg_catalog.min(pg_catalog.pg_get_userbyid(c.relowner)::text) as example_owner
   from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p') and c.relname <> $2
   and not pg_catalog.pg_has_role(c.relowner, 'USAGE')) t on true
 order by s.position]]

local function add(list, text, advice)
  list[#list + 1] = { text = text, advice = advice }
end

local function judge_schema(found, database, names, failures, warnings)
  local schema, quoted = found.name, names.quote(found.name)
  if not found.found then
    if not database.may_create then
      add(failures, ("the schema %s is not there, and the role may not create it"):format(schema),
        ("GRANT CREATE ON DATABASE %s TO %s;"):format(names.database, names.user))
    end
    return
  elseif not found.usable then
    add(failures, ("the role may not create tables in the schema %s"):format(schema),
      ("GRANT USAGE, CREATE ON SCHEMA %s TO %s;"):format(quoted, names.user))
  end
  if found.has_history and not found.history_usable then
    add(failures, ("the role may not read and write %s.%s"):format(schema, history.TABLE),
      ("GRANT SELECT, INSERT, UPDATE ON %s.%s TO %s;"):format(quoted, names.quote(history.TABLE), names.user))
  end
  if found.foreign_tables > 0 then
    add(warnings, ("%d table%s of the schema %s belong%s to another role (%s to %s), and only an owner alters a table"):format(
      found.foreign_tables, found.foreign_tables == 1 and "" or "s", schema, found.foreign_tables == 1 and "s" or "",
      found.example, found.example_owner),
      ("GRANT %s TO %s;  or  ALTER TABLE ... OWNER TO %s;"):format(names.quote(found.example_owner), names.user, names.user))
  end
  -- What the role owns is moved out of a schema that it does not own.
  if not found.owned and names.reset and found.foreign_tables > 0 then
    add(failures, ("the schema %s belongs to %s and holds tables of other roles, so this role cannot reset it"):format(
      schema, found.owner),
      ("ALTER SCHEMA %s OWNER TO %s;"):format(quoted, names.user))
  end
end

local function judge_database(database, names, failures, warnings)
  if database.has_ledger and not database.may_use_ledger then
    add(warnings, "tilth's ledger (the schema tilth) belongs to another role: migrations go on, a reset is refused",
      ("Run tilth always as the same role, or: GRANT USAGE ON SCHEMA tilth TO %s; with rights on its tables."):format(names.user))
  elseif not database.has_ledger and not database.may_create then
    add(names.reset and failures or warnings,
      "the role may not create schemas, so tilth has no ledger: migrations go on, a reset is refused",
      ("GRANT CREATE ON DATABASE %s TO %s;"):format(names.database, names.user))
  end
end

local function joined(list, field)
  local parts = {}
  for index, entry in ipairs(list) do
    parts[index] = entry[field]
  end
  return parts
end

--- Judges the rights. Pure.
-- @tparam table database { may_create, has_ledger, may_use_ledger }
-- @tparam table schemas list of { name, found, usable, owned, owner, foreign_tables, example, example_owner, has_history, history_usable }
-- @tparam table names { database, user (both as SQL), quote = function, reset = whether a reset is asked for }
-- @treturn table answer
local function judge(database, schemas, names)
  local failures, warnings = {}, {}
  for _, found in ipairs(schemas) do
    judge_schema(found, database, names, failures, warnings)
  end
  judge_database(database, names, failures, warnings)
  local all = table.move(warnings, 1, #warnings, #failures + 1, table.move(failures, 1, #failures, 1, {}))
  local text, advice = table.concat(joined(all, "text"), "; "), "Let the owner run:\n" .. table.concat(joined(all, "advice"), "\n")
  if #failures > 0 then
    return answer.fail(text, "42501", advice)
  elseif #warnings > 0 then
    return answer.warn(text, advice)
  end
  return answer.ok(("%s may create and alter in %s"):format(names.user, table.concat(joined(schemas, "name"), ", ")))
end

local function run(world)
  local db = world.db
  local database, message, code, detail = db:one(DATABASE)
  if not database then
    return answer.failure(message, code, detail, "cannot look at the role's rights")
  end
  local wanted = observe.schemas(db, world.project)
  local schemas
  schemas, message, code, detail = db:query(SCHEMAS, db:array(wanted), history.TABLE)
  if not schemas then
    return answer.failure(message, code, detail, "cannot look at the role's rights")
  end
  local info = db:info()
  return judge(database, schemas, {
    database = db:identifier(info.database), user = db:identifier(info.user), reset = world.flags.reset.set,
    quote = function(name)
      return db:identifier(name)
    end,
  })
end

return { id = "rights", needs = { "login" }, run = run, judge = judge }
