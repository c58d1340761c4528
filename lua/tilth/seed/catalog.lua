--- The tables of the database as its catalog describes them: columns, types, keys, foreign keys, enums.
local catalog = {}

local suggest = require("tilth.suggest")

-- One query. `cast` is the type to give a staged text: without a length where an explicit cast would cut silently.
local SQL <const> = [[
with recursive dom as (
  select oid, typbasetype as base from pg_catalog.pg_type where typtype = 'd'
  union all
  select d.oid, t.typbasetype from dom d join pg_catalog.pg_type t on t.oid = d.base and t.typtype = 'd'
), base as (
  select d.oid, d.base from dom d join pg_catalog.pg_type t on t.oid = d.base and t.typtype <> 'd'
), rel as (
  select c.oid, c.relname, n.nspname, c.relrowsecurity, c.relhasrules, c.relkind = 'r' and c.relhassubclass as inherited,
    pg_catalog.pg_table_is_visible(c.oid) as visible
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'tilth')
    and n.nspname !~ '^(pg_toast|pg_temp_|tilth_bin_)'
), typ as (
  select t.oid, t.typtype, b.oid as base, b.typname, b.typtype as kind, t.typnotnull,
    t.typtype = 'd' and t.typdefault is not null as has_default,
    case when b.typcategory = 'A' then coalesce(i.base, b.typelem) else 0 end as elem
  from pg_catalog.pg_type t
  left join base on base.oid = t.oid
  join pg_catalog.pg_type b on b.oid = coalesce(base.base, t.oid)
  left join base i on i.oid = b.typelem
  where t.oid in (select a.atttypid from pg_catalog.pg_attribute a join rel on rel.oid = a.attrelid where a.attnum > 0)
), col as (
  select rel.oid as rel, a.attnum, a.attname, a.attnotnull or t.typnotnull as required,
    a.attgenerated <> '' as generated, a.attidentity,
    (a.atthasdef or t.has_default) and a.attgenerated = '' as has_default,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
    case when coalesce(e.typname, t.typname) in ('varchar', 'bpchar', 'bit', 'varbit')
      then pg_catalog.format_type(t.base, -1) else pg_catalog.format_type(a.atttypid, a.atttypmod) end as cast_type,
    t.typname, t.kind, e.typname as elem_name, e.typtype as elem_kind, coalesce(e.oid, t.base) as item,
    coalesce(e.typname, t.typname) not in ('citext', 'interval') and (t.typtype in ('e', 'r', 'm') or e.typtype = 'e'
      or coalesce(e.typname, t.typname) = 'varchar' or exists (
      select from pg_catalog.pg_opclass o join pg_catalog.pg_am m on m.oid = o.opcmethod
      where o.opcdefault and m.amname in ('btree', 'hash') and o.opcintype = coalesce(e.oid, t.base))) as comparable,
    exists (select from pg_catalog.pg_collation k where k.oid = a.attcollation and not k.collisdeterministic) as loose
  from rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
  join typ t on t.oid = a.atttypid
  left join pg_catalog.pg_type e on e.oid = t.elem
)
select json_build_object(
  'tables', (select json_agg(json_build_object('oid', rel.oid::bigint, 'schema', nspname, 'name', relname, 'visible', visible,
    'row_security', relrowsecurity, 'rules', relhasrules, 'inherited', inherited,
    'columns', (select json_agg(json_build_object('number', attnum, 'name', attname, 'required', required, 'generated', generated,
      'identity', attidentity, 'has_default', has_default, 'type', type, 'cast', cast_type, 'base', typname, 'kind', kind,
      'element', elem_name, 'element_kind', elem_kind, 'item', item::bigint, 'comparable', comparable, 'loose', loose) order by attnum)
      from col where col.rel = rel.oid),
    'uniques', (select json_agg(json_build_object('name', ic.relname, 'primary', i.indisprimary, 'columns',
        (select json_agg(k.n order by k.o) from unnest(i.indkey::int2[]) with ordinality as k(n, o) where k.o <= i.indnkeyatts))
        order by i.indisprimary desc, ic.relname)
      from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
      where i.indrelid = rel.oid and i.indisunique and i.indisvalid and i.indimmediate
        and i.indpred is null and i.indexprs is null),
    'foreign_keys', (select json_agg(json_build_object('name', conname, 'columns', conkey,
        'target', confrelid::bigint, 'references', confkey))
      from pg_catalog.pg_constraint f where f.conrelid = rel.oid and f.contype = 'f')
    ) order by nspname, relname) from rel),
  'enums', (select json_agg(json_build_object('oid', t.oid::bigint, 'name', t.typname, 'labels',
      (select json_agg(l.enumlabel order by l.enumsortorder) from pg_catalog.pg_enum l where l.enumtypid = t.oid)))
    from pg_catalog.pg_type t where t.typtype = 'e' and t.oid in (select item from col)),
  'others', (select json_object_agg(c.relname, c.relkind)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'tilth'))
)::text as catalog]]

local OTHERS <const> = { v = "a view", m = "a materialized view", f = "a foreign table" }

local Catalog = {}
Catalog.__index = Catalog

local function quote(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

local function prepare_columns(entry, enums)
  local by_number = {}
  local list = entry.columns or {}
  entry.list, entry.columns = list, {}
  for _, column in ipairs(list) do
    column.sql = quote(column.name)
    column.enum = enums[column.item]
    column.array = column.element ~= nil
    entry.columns[column.name] = column
    by_number[column.number] = column
  end
  return by_number
end

local function named(by_number, numbers)
  local names = {}
  for index, number in ipairs(numbers or {}) do
    names[index] = by_number[number] and by_number[number].name or "?"
  end
  return names
end

--- Makes a catalog of the decoded answer. Pure.
-- @param content { tables, enums }, without nulls
-- @return Catalog
function catalog.build(content)
  local enums, by_oid, numbers = {}, {}, {}
  for _, enum in ipairs(content.enums or {}) do
    enums[enum.oid] = enum
  end
  local self = setmetatable({ tables = content.tables or {}, by_name = {}, others = content.others or {} }, Catalog)
  for _, entry in ipairs(self.tables) do
    entry.sql = quote(entry.schema) .. "." .. quote(entry.name)
    -- A key holds within one table: the rows of those that inherit from it are not its own.
    entry.own = (entry.inherited and "only " or "") .. entry.sql
    numbers[entry.oid], by_oid[entry.oid] = prepare_columns(entry, enums), entry
    self.by_name[entry.schema .. "." .. entry.name] = entry
  end
  for _, entry in ipairs(self.tables) do
    entry.uniques, entry.foreign_keys = entry.uniques or {}, entry.foreign_keys or {}
    for _, unique in ipairs(entry.uniques) do
      unique.columns = named(numbers[entry.oid], unique.columns)
    end
    for _, key in ipairs(entry.foreign_keys) do
      key.columns, key.references = named(numbers[entry.oid], key.columns), named(numbers[key.target] or {}, key.references)
      key.target = by_oid[key.target]
    end
  end
  return self
end

local function drop_nulls(value, null)
  if type(value) ~= "table" then
    return value
  end
  for key, entry in pairs(value) do
    if entry == null then
      value[key] = nil
    else
      drop_nulls(entry, null)
    end
  end
  return value
end

--- Reads the catalog.
-- @param db   Db
-- @param json lua/tilth/json.lua
-- @return Catalog | nil, message, code, detail
function catalog.read(db, json)
  local text, message, code, detail = db:value(SQL)
  if not text then
    return nil, "the database's catalog cannot be read: " .. message, code, detail
  end
  local content, why, word = json.decode(text)
  if not content then
    return nil, "the database's catalog cannot be read: " .. why, word
  end
  return catalog.build(drop_nulls(content, json.null))
end

local function other(self, name)
  local kind = OTHERS[self.others[name]]
  return kind and ("%q is %s; the verbs write to tables, db:exec to anything"):format(name, kind)
end

--- Finds a table: `name` on the search path (else in the one schema that has it), or `schema.name`.
-- @tparam string name
-- @param schema nil for any
-- @return table | nil, message
function Catalog:find(name, schema)
  if schema then
    local entry = self.by_name[schema .. "." .. name]
    if entry then
      return entry
    end
    return nil, other(self, name) or ("there is no table %q in schema %q"):format(name, schema)
  end
  local elsewhere = {}
  for _, entry in ipairs(self.tables) do
    if entry.name == name then
      if entry.visible then
        return entry
      end
      elsewhere[#elsewhere + 1] = entry
    end
  end
  if #elsewhere == 1 then
    return elsewhere[1]
  elseif #elsewhere > 1 then
    return nil, ("table %q is in more than one schema; write it as %s.%s"):format(name, elsewhere[1].schema, name)
  end
  if self.by_name[name] then
    return self.by_name[name]
  end
  return nil, other(self, name) or ("there is no table %q."):format(name) .. suggest.hint(name, self:names())
end

--- The names of all tables.
function Catalog:names()
  local names = {}
  for index, entry in ipairs(self.tables) do
    names[index] = entry.name
  end
  return names
end

return catalog
