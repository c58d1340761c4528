--- The SQL that reads what a backup must hold: tables with columns, sequences, definitions. Pure.
local catalog = {}

-- What an extension brought comes back with the extension.
local NOT_OF_EXTENSION = [[not exists (select from pg_catalog.pg_depend e where e.classid = 'pg_catalog.%s'::pg_catalog.regclass
    and e.objid = %s.oid and e.deptype = 'e')]]

local function not_of_extension(class, alias)
  return NOT_OF_EXTENSION:format(class, alias)
end

--- Schemas that are nobody's data: the server's own, and what tilth keeps aside.
catalog.OTHERS = [[n.nspname !~ '^(pg_|tilth_bin_)' and n.nspname not in ('information_schema', 'tilth')]]

--- Tables that hold rows of their own, partitions among them; without sizes, which would wait for locks.
-- $1: a JSON list of schemas, or null for all that hold data; $2: the schema of the history table, whose table always counts.
catalog.tables = [[
select n.nspname as schema, c.relname as name,
  (select pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'generated', a.attgenerated <> '') order by a.attnum)
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)::text as columns
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and ]] .. not_of_extension("pg_class", "c") .. [[

  and ]] .. catalog.OTHERS .. [[

  and (n.nspname in (select pg_catalog.json_array_elements_text($1::json)) or $1::text is null
    or (n.nspname = $2 and c.relname = '_prisma_migrations'))
order by n.nspname, c.relname]]

--- Sequences of the schemas in $1.
catalog.sequences = [[
select n.nspname as schema, c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'S' and c.relpersistence <> 't' and n.nspname in (select pg_catalog.json_array_elements_text($1::json))
  and ]] .. not_of_extension("pg_class", "c") .. [[

order by 1, 2]]

local OBJECTS = {
  [[select 'column', t.name || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod)
      || case when a.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
      || case a.attgenerated when 's' then ' stored' when 'v' then ' virtual' else '' end
      || case a.attidentity when 'a' then ' identity always' when 'd' then ' identity' else '' end
    from own t join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum where t.relkind in ('r', 'p', 'f')]],
  [[select 'constraint', t.name || '.' || pg_catalog.quote_ident(k.conname), pg_catalog.pg_get_constraintdef(k.oid)
    from own t join pg_catalog.pg_constraint k on k.conrelid = t.oid where k.contype <> 'n' and k.conparentid = 0]],
  [[select 'index', i.indexrelid::pg_catalog.regclass::text, pg_catalog.pg_get_indexdef(i.indexrelid)
    from own t join pg_catalog.pg_index i on i.indrelid = t.oid]],
  [[select 'trigger', t.name || '.' || pg_catalog.quote_ident(g.tgname), pg_catalog.pg_get_triggerdef(g.oid) || ' ' || g.tgenabled::text
    from own t join pg_catalog.pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal]],
  [[select case t.relkind when 'v' then 'view' else 'materialized view' end, t.name, pg_catalog.pg_get_viewdef(t.oid)
    from own t where t.relkind in ('v', 'm')]],
  [[select 'partition', t.name, coalesce(pg_catalog.pg_get_partkeydef(t.oid), '')
      || coalesce(pg_catalog.pg_get_expr(t.relpartbound, t.oid), '') || (select coalesce(pg_catalog.string_agg(
        ' of ' || h.inhparent::pg_catalog.regclass::text, '' order by h.inhseqno), '')
      from pg_catalog.pg_inherits h where h.inhrelid = t.oid)
    from own t where t.relkind in ('r', 'p') and (t.relkind = 'p' or t.relispartition
      or exists (select from pg_catalog.pg_inherits h where h.inhrelid = t.oid))]],
  [[select 'row security', t.name, pg_catalog.concat_ws(' ', t.relrowsecurity, t.relforcerowsecurity, (select pg_catalog.string_agg(
      pg_catalog.concat_ws(' ', p.polname, p.polcmd, p.polpermissive, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
        pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), '; ' order by p.polname) from pg_catalog.pg_policy p where p.polrelid = t.oid))
    from own t where t.relrowsecurity]],
  [[select 'sequence', t.name, pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin,
      s.seqmax, s.seqcycle) from own t join pg_catalog.pg_sequence s on s.seqrelid = t.oid]],
  [[select 'function', p.oid::pg_catalog.regprocedure::text, pg_catalog.pg_get_functiondef(p.oid)
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where p.prokind in ('f', 'p')
    and n.nspname in (select pg_catalog.json_array_elements_text($1::json)) and ]] .. not_of_extension("pg_proc", "p"),
  [[select 'type', pg_catalog.format_type(y.oid, null), pg_catalog.concat_ws(' ', y.typtype::text,
      nullif(pg_catalog.format_type(y.typbasetype, y.typtypmod), '-'),
      (select pg_catalog.string_agg(pg_catalog.quote_literal(l.enumlabel), ', ' order by l.enumsortorder)
      from pg_catalog.pg_enum l where l.enumtypid = y.oid), (select pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid), ' '
      order by k.conname) from pg_catalog.pg_constraint k where k.contypid = y.oid))
    from pg_catalog.pg_type y join pg_catalog.pg_namespace n on n.oid = y.typnamespace where y.typtype in ('e', 'd', 'r')
    and n.nspname in (select pg_catalog.json_array_elements_text($1::json)) and ]] .. not_of_extension("pg_type", "y"),
}

--- The definitions of all objects in the schemas of $1, in the server's own words: (kind, name, definition).
catalog.objects = [[
with own as materialized (select c.*, c.oid::pg_catalog.regclass::text as name from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname in (select pg_catalog.json_array_elements_text($1::json)) and c.relpersistence <> 't'
  and ]] .. not_of_extension("pg_class", "c") .. [[)
select * from (]] .. table.concat(OBJECTS, "\nunion all\n") .. [[) o (kind, name, definition) order by 1, 2, 3]]

--- What is true of the whole database. Parameters: $1 as of `tables`.
catalog.database = [[
select current_database() as database, pg_catalog.current_setting('server_version') as server_version,
  pg_catalog.current_setting('server_version_num')::int as server_version_num,
  pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
  pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYYMMDDHH24MISS') as stamp,
  pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at,
  pg_catalog.pg_database_size(d.oid)::float8 as bytes,
  (select count(*) from pg_catalog.pg_largeobject_metadata) as large_objects,
  (select pg_catalog.string_agg(extname, ', ' order by extname) from pg_catalog.pg_extension where extname <> 'plpgsql') as extensions
from pg_catalog.pg_database d where d.datname = current_database()]]

--- The query that counts the rows of a table and sums up what they hold, whatever their order.
-- @tparam function quote identifier -> SQL
-- @tparam function literal text -> SQL
-- @tparam table entry { schema, name, columns = { { name, generated } } }
-- @treturn string SQL text; answers with rows, digest and bytes
function catalog.digest(quote, literal, entry)
  local columns = {}
  for _, column in ipairs(entry.columns) do
    if not column.generated then
      columns[#columns + 1] = "x." .. quote(column.name)
    end
  end
  local name = quote(entry.schema) .. "." .. quote(entry.name)
  return ([[select count(*) as rows, coalesce(sum(pg_catalog.hashtextextended(row(%s)::text collate "C", 0)::numeric), 0)::text as digest,
  pg_catalog.pg_table_size(%s)::float8 as bytes from only %s x]]):format(table.concat(columns, ", "), literal(name), name)
end

return catalog
