--- What the prompt offers beside Lua: tables(), describe("User"), begin(), commit(), rollback(), help() ...
local helpers = {}

local array = require("tilth.array")

local TABLES <const> = [[
select n.nspname as "schema", c.relname as "name",
  case c.relkind when 'r' then 'table' when 'p' then 'partitioned' when 'v' then 'view' when 'm' then 'materialized view'
    else 'foreign table' end as "kind",
  case when c.relkind in ('r', 'p', 'm') and c.reltuples >= 0 then c.reltuples::bigint end as "rows (about)",
  case when c.relkind in ('r', 'm') then pg_size_pretty(pg_total_relation_size(c.oid)) end as "size"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname <> 'tilth' and n.nspname !~ '^tilth_bin_'
  and ($1::text is null or c.relname ilike $1 or n.nspname || '.' || c.relname ilike $1)
order by 1, 2]]

local COLUMNS <const> = [[
select a.attname as "column", format_type(a.atttypid, a.atttypmod) as "type",
  case when a.attnotnull then 'not null' else '' end as "null",
  case when a.attgenerated <> '' then 'generated: ' when a.attidentity <> '' then 'identity' else '' end
    || coalesce(pg_get_expr(d.adbin, d.adrelid), '') as "default"
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped order by a.attnum]]

local NOTES <const> = [[
select 1 as part, regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE (UNIQUE )?INDEX (\S+) ON .* USING ', 'index \2 \1') as line
from pg_index i where i.indrelid = $1::oid
union all
select 2, case when contype = 'f' then 'foreign key ' else 'constraint ' end || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
from pg_constraint where conrelid = $1::oid and contype in ('f', 'c', 'x')
union all
select 3, 'referenced by ' || conrelid::regclass || ' ' || quote_ident(conname)
from pg_constraint where confrelid = $1::oid and contype = 'f'
order by 1, 2]]

local HELP <const> = [[
A line that begins with a word of SQL is SQL and ends with a semicolon:   select * from "User" limit 5;
Everything else is Lua; the value of an expression is shown:              db:value("select count(*) from \"User\"")

tables()            \dt       tables and views             begin()      commit()      rollback()
describe("User")    \d User   columns, keys, indexes       a transaction; an open one is marked in the prompt by *
expanded()          \x        rows as blocks, or not       timing()     \timing  with times, or not
help()              \?        this                         exit()       \q, Ctrl-D

db                  the project's database: db:query(sql, ...) db:one db:value db:exec db:transaction(fn)
                    db:upsert("Model", rows) db:ensure db:sync db:load
_                   the value shown last
json fs env process csv log fake seed migrate flow check           tilth's modules; require(...) finds the project's too

A variable outlives its line unless it is local. Tab completes names; Ctrl-R searches the history; Ctrl-C cancels.]]

--- What the wild characters of names are in SQL.
local WILD <const> = { ["*"] = "%", ["?"] = "_" }

--- Commands of psql's style: the helper, and what may stand behind.
local COMMANDS <const> = {
  d = { "describe", "name" }, ["d+"] = { "describe", "name" }, dt = { "tables", "name" }, x = { "expanded", "switch" },
  timing = { "timing", "switch" }, h = { "help" }, ["?"] = { "help" }, q = { "exit" },
}
local SWITCH <const> = { [""] = "", on = "true", off = "false" }

local function oid_of(session, name)
  local ok, models = pcall(session.models, session)
  local binding = ok and models:get(name)
  if binding then
    return binding.table.oid, binding
  end
  -- Views and the like are not among what verbs write to.
  local oid = session:value("select coalesce(to_regclass($1), to_regclass(quote_ident($1)))::oid", name)
  if oid then
    return oid
  end
  local _, message
  if ok then
    _, message = models:get(name)
  end
  error(message or ("there is no table %q"):format(name), 3)
end

--- Fields of a Prisma model whose names are not those of their columns.
local function field_notes(binding, notes)
  local different = {}
  for name, field in pairs(binding and binding.model and binding.fields or {}) do
    if field.column.name ~= name then
      different[#different + 1] = ("field %s is column %s"):format(name, field.column.name)
    end
  end
  table.sort(different)
  table.move(different, 1, #different, #notes + 1, notes)
end

local function describe(session, name)
  if type(name) ~= "string" then
    error("describe wants a name: describe(\"User\")", 3)
  end
  local oid, binding = oid_of(session, name)
  local result = session:query(COLUMNS, oid)
  local notes = {}
  if binding then
    notes[1] = ("%stable %s.%s"):format(binding.model and "model " .. binding.model .. ", " or "", binding.table.schema, binding.table.name)
  end
  for _, row in ipairs(session:query(NOTES, oid)) do
    notes[#notes + 1] = row.line
  end
  field_notes(binding, notes)
  result.notes = notes
  return result
end

--- Adds the helpers to an environment.
-- @tparam table environment of the prompt
-- @tparam table shell { session, options, leave = bool }: what the helpers work on
function helpers.install(environment, shell)
  local function transaction(name, done)
    environment[name] = function()
      shell.session[name](shell.session)
      return done
    end
  end
  --- Opens a transaction; the prompt marks it.
  -- @function begin
  -- @treturn string what was done
  transaction("begin", "a transaction is open; commit() or rollback() ends it")
  --- Commits the open transaction.
  -- @function commit
  -- @treturn string what was done
  transaction("commit", "committed")
  --- Rolls the open transaction back.
  -- @function rollback
  -- @treturn string what was done
  transaction("rollback", "rolled back")

  --- Tables and views, with their sizes; `\dt` is the same.
  -- @tparam[opt] string pattern of names, in which `*` is any text and `?` one character
  -- @treturn table rows, shown as a table
  function environment.tables(pattern)
    return shell.session:query(TABLES, pattern and (pattern:gsub("[%%_\\]", "\\%0"):gsub("[*?]", WILD)))
  end

  --- Columns, keys, indexes and foreign keys of a table or a Prisma model; `\d NAME` is the same.
  -- @tparam string name
  -- @treturn table rows, shown as a table, with `notes`
  -- @raise an error object when there is no such table
  function environment.describe(name)
    return describe(shell.session, name)
  end

  --- What there is at the prompt; `\?` is the same.
  -- @treturn string
  function environment.help()
    return HELP
  end

  local function switch(name, on, off)
    environment[name] = function(value)
      if value == nil then
        value = not shell.options[name]
      end
      shell.options[name] = value and true or false
      return value and on or off
    end
  end

  --- Shows how long statements take, or no longer; `\timing` is the same.
  -- @function timing
  -- @tparam[opt] boolean value the other state than the present one without it
  -- @treturn string what holds now
  switch("timing", "times are shown", "times are not shown")

  --- Shows rows as blocks, or as tables again; `\x` is the same.
  -- @function expanded
  -- @tparam[opt] boolean value the other state than the present one without it
  -- @treturn string what holds now
  switch("expanded", "rows are shown as blocks", "rows are shown as tables")

  --- Leaves; `\q` and Ctrl-D are the same.
  function environment.exit()
    shell.leave = true
  end

  --- Leaves, as `exit` does.
  -- @function quit
  environment.quit = environment.exit
end

--- The Lua that a command of psql's style stands for.
-- @tparam string text such as `\d User`, or the name of a helper alone
-- @treturn[1] string Lua
-- @treturn[2] nil
-- @treturn[2] string message
function helpers.translate(text)
  local bare = text:match("^%s*(%a+)%s*;?%s*$")
  if bare then
    return bare .. "()"
  end
  local name, argument = text:match("^%s*\\(%S+)%s*(.-)%s*;?%s*$")
  local command = COMMANDS[name]
  if not command then
    return nil, ("unknown command %s; \\? says what there is"):format(text:match("%S+"))
  elseif command[2] == "switch" then
    local value = SWITCH[argument:lower()]
    if not value then
      return nil, ("\\%s takes on, off or nothing, not %s"):format(name, argument)
    end
    return ("%s(%s)"):format(command[1], value)
  elseif argument == "" then
    return (command[1] == "describe" and "tables" or command[1]) .. "()"
  elseif command[2] == "name" then
    return ("%s(%q)"):format(command[1], (argument:gsub('^"(.*)"$', "%1")))
  end
  return nil, ("\\%s stands alone"):format(name)
end

--- The names of the commands of psql's style, for completion.
-- @treturn table list
function helpers.commands()
  return array.sorted_keys(COMMANDS)
end

return helpers
