--- The SQL that reads what a reset must know about schemas: one statement, one JSON document.
local catalog = {}

-- Objects of an extension move with the extension, so they are left out everywhere.
local INSIDE = [[
with wanted as (select w.name, w.ord from json_array_elements_text($1::json) with ordinality w(name, ord)),
target as (select w.ord, n.oid, n.nspname, n.nspowner, n.nspacl from wanted w join pg_namespace n on n.nspname = w.name),
inside as materialized (select d.classid, d.objid, d.refobjid as schema_oid from pg_depend d
  where d.refclassid = 'pg_namespace'::regclass and d.refobjid in (select oid from target) and d.deptype = 'n'
  and d.classid not in ('pg_extension'::regclass, 'pg_default_acl'::regclass)
  and not exists (select from pg_depend e where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')),
inner_type as (select 'pg_type'::regclass::oid as classid, t.oid as objid from inside i join pg_class c on c.oid = i.objid
  join pg_type t on t.oid = c.reltype where i.classid = 'pg_class'::regclass),
inner_index as (select 'pg_class'::regclass::oid, x.indexrelid from inside i join pg_index x on x.indrelid = i.objid
  where i.classid = 'pg_class'::regclass),
near as materialized (select classid, objid from inside union select * from inner_type union select * from inner_index),
relation as materialized (select i.objid as oid from inside i where i.classid = 'pg_class'::regclass),
own as materialized (select classid, objid from near
  union all select 'pg_constraint'::regclass, k.oid from pg_constraint k where k.connamespace in (select oid from target)
  union all select 'pg_attrdef'::regclass, k.oid from pg_attrdef k where k.adrelid in (select oid from relation)
  union all select 'pg_trigger'::regclass, k.oid from pg_trigger k where k.tgrelid in (select oid from relation)
  union all select 'pg_rewrite'::regclass, k.oid from pg_rewrite k where k.ev_class in (select oid from relation)
  union all select 'pg_policy'::regclass, k.oid from pg_policy k where k.polrelid in (select oid from relation)),
]]

-- Who depends on the schemas from outside: the schema of an object without one of its own is its table's.
local DEPENDENTS = [[
stranger as materialized (select distinct d.classid, d.objid, d.refclassid, d.refobjid from near n
  join pg_depend d on d.refclassid = n.classid and d.refobjid = n.objid and d.deptype in ('n', 'a')
  where (d.classid, d.objid) not in (select classid, objid from own)),
users as (select d.classid, d.objid, d.refclassid, d.refobjid, coalesce(cl.relnamespace, pr.pronamespace,
    ty.typnamespace, rw_c.relnamespace, tg_c.relnamespace, co_c.relnamespace, co_t.typnamespace, ad_c.relnamespace,
    po_c.relnamespace) as schema_oid
  from stranger d left join pg_class cl on d.classid = 'pg_class'::regclass and cl.oid = d.objid
  left join pg_proc pr on d.classid = 'pg_proc'::regclass and pr.oid = d.objid
  left join pg_type ty on d.classid = 'pg_type'::regclass and ty.oid = d.objid
  left join pg_rewrite rw on d.classid = 'pg_rewrite'::regclass and rw.oid = d.objid left join pg_class rw_c on rw_c.oid = rw.ev_class
  left join pg_trigger tg on d.classid = 'pg_trigger'::regclass and tg.oid = d.objid left join pg_class tg_c on tg_c.oid = tg.tgrelid
  left join pg_constraint co on d.classid = 'pg_constraint'::regclass and co.oid = d.objid
  left join pg_class co_c on co_c.oid = co.conrelid left join pg_type co_t on co_t.oid = co.contypid
  left join pg_attrdef ad on d.classid = 'pg_attrdef'::regclass and ad.oid = d.objid left join pg_class ad_c on ad_c.oid = ad.adrelid
  left join pg_policy po on d.classid = 'pg_policy'::regclass and po.oid = d.objid left join pg_class po_c on po_c.oid = po.polrelid),
outside as (select u.*, s.nspname from users u left join pg_namespace s on s.oid = u.schema_oid
  where (u.schema_oid is null and u.classid = 'pg_event_trigger'::regclass)
  or (u.schema_oid not in (select oid from target) and s.nspname !~ '^(pg_toast|pg_temp@BINS@)')),
]]

local TABLES = [[
tables as materialized (select c.oid, t.nspname as schema, t.ord, c.relname as name, c.relkind, c.reltuples,
    pg_relation_size(c.oid) as bytes, pg_total_relation_size(c.oid) as total, c.relrowsecurity as hidden,
    has_table_privilege(c.oid, 'SELECT') as readable
  from target t join pg_class c on c.relnamespace = t.oid and c.relkind in ('r', 'p', 'm', 'f')
  where not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'))
]]

local SCHEMAS = [[
(select json_agg(json_build_object('name', w.name, 'oid', t.oid::text,
  'owner', pg_get_userbyid(t.nspowner), 'may_rename', pg_has_role(t.nspowner, 'USAGE'), 'may_give', pg_has_role(t.nspowner, 'MEMBER'),
  'acl_set', t.nspacl is not null,
  'acl', (select json_agg(json_build_object('grantee', case when a.grantee <> 0 then pg_get_userbyid(a.grantee) end,
      'privilege', a.privilege_type, 'grantable', a.is_grantable) order by a.place)
      from aclexplode(t.nspacl) with ordinality a (grantor, grantee, privilege_type, is_grantable, place)),
  'comment', obj_description(t.oid, 'pg_namespace'),
  'labels', (select json_agg(json_build_object('provider', l.provider, 'label', l.label)) from pg_seclabel l
    where l.classoid = 'pg_namespace'::regclass and l.objoid = t.oid),
  'defaults', (select json_agg(json_build_object('role', pg_get_userbyid(d.defaclrole), 'kind', d.defaclobjtype,
      'may', pg_has_role(d.defaclrole, 'MEMBER'), 'grantee', case when a.grantee <> 0 then pg_get_userbyid(a.grantee) end,
      'privilege', a.privilege_type, 'grantable', a.is_grantable) order by d.oid, a.place)
    from pg_default_acl d, aclexplode(d.defaclacl) with ordinality a (grantor, grantee, privilege_type, is_grantable, place)
    where d.defaclnamespace = t.oid),
  'extensions', (select json_agg(json_build_object('name', e.extname, 'relocatable', e.extrelocatable,
      'may', pg_has_role(e.extowner, 'USAGE')) order by e.extname) from pg_extension e where e.extnamespace = t.oid),
  'objects', (select count(*) from inside i where i.schema_oid = t.oid),
  'may_fill', coalesce(has_schema_privilege(t.oid, 'CREATE'), false),
  'strange', (select json_agg(s.text order by s.text) from (select pg_describe_object(i.classid, i.objid, 0) || ' of '
      || pg_get_userbyid(w.owner) as text from inside i cross join lateral (
        select relowner from pg_class where i.classid = 'pg_class'::regclass and oid = i.objid
        union all select proowner from pg_proc where i.classid = 'pg_proc'::regclass and oid = i.objid
        union all select typowner from pg_type where i.classid = 'pg_type'::regclass and oid = i.objid) w (owner)
      where i.schema_oid = t.oid and not pg_has_role(w.owner, 'USAGE') limit 20) s),
  'tables', (select count(*) from tables b where b.schema = w.name and b.relkind in ('r', 'p')),
  'bytes', (select coalesce(sum(b.total), 0) from tables b where b.schema = w.name)) order by w.ord)
  from wanted w left join target t on t.ord = w.ord)
]]

local DOCUMENT = [[
select json_build_object('now', to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDDHH24MISS'),
  'may_create', has_database_privilege(current_database(), 'CREATE'), 'user', current_user,
  'schemas', ]] .. SCHEMAS .. [[,
  'tables', (select json_agg(json_build_object('schema', b.schema, 'name', b.name, 'bytes', b.bytes, 'total', b.total, 'hidden', b.hidden,
    'readable', b.readable,
    'estimate', greatest(b.reltuples, pg_stat_get_live_tuples(b.oid), 0)) order by b.ord, b.name) from tables b where b.relkind = 'r'),
  'clocks', (select json_agg(json_build_object('schema', k.schema, 'name', k.name, 'column', k.attname)) from (
    select b.schema, b.name, a.attname from tables b join pg_attribute a on a.attrelid = b.oid and a.attnum > 0 and not a.attisdropped
    where b.relkind = 'r' and b.bytes between 1 and 8388608 and b.readable and not b.hidden
    and a.atttypid in ('timestamp'::regtype, 'timestamptz'::regtype)
    and lower(replace(a.attname, '_', '')) in ('updatedat', 'createdat', 'modifiedat', 'insertedat') order by b.bytes desc limit 10) k),
  'dependents', (select json_agg(t.text order by t.text) from (select distinct pg_describe_object(o.classid, o.objid, 0)
    || coalesce(' in schema ' || o.nspname, '') || ' uses ' || pg_describe_object(o.refclassid, o.refobjid, 0) as text
    from outside o limit 20) t),
  'inheritance', (select json_agg(format('%s and %s', h.inhrelid::regclass, h.inhparent::regclass))
    from pg_inherits h join pg_class c on c.oid = h.inhrelid join pg_class p on p.oid = h.inhparent
    where c.relkind not in ('i', 'I')
    and (c.relnamespace in (select oid from target)) <> (p.relnamespace in (select oid from target))),
  'references', (select json_agg(distinct format('%s refers to %s', k.conrelid::regclass, k.confrelid::regclass))
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid where k.contype = 'f'
    and c.relnamespace in (select oid from target) and p.relnamespace not in (select oid from target)),
  'publications', (select json_agg(distinct p.pubname) from pg_publication p where p.puballtables
    or exists (select from pg_publication_rel r join inside i on i.objid = r.prrelid where r.prpubid = p.oid)@SCHEMA_PUBLICATIONS@),
  'subscribed', (select count(*) from pg_subscription_rel r join inside i on i.classid = 'pg_class'::regclass and i.objid = r.srrelid),
  'event_triggers', (select json_agg(evtname order by evtname) from pg_event_trigger where evtenabled <> 'D'),
  'bins', (select json_agg(nspname order by nspname) from pg_namespace where nspname like 'tilth\_bin\_%'),
  'history', (select json_build_object('schema', $2::text, 'rows', null) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $2 and c.relname = '_prisma_migrations' and n.oid not in (select oid from target))
)::text as document]]

local BY_SCHEMA_PUBLICATION = [[
    or exists (select from pg_publication_namespace s join target t on t.oid = s.pnnspid where s.pnpubid = p.oid)]]

--- The statement; parameters: $1 a JSON list of schema names, $2 the schema of Prisma's history table.
-- @tparam integer server_version such as 150018
-- @tparam[opt] boolean with_bins objects in bins count as dependents too: for a purge, not for a renaming
-- @treturn string SQL text
function catalog.sql(server_version, with_bins)
  local by_schema = server_version >= 150000 and BY_SCHEMA_PUBLICATION or ""
  local dependents = DEPENDENTS:gsub("@BINS@", with_bins and "" or "|tilth_bin_")
  return INSIDE .. dependents .. TABLES .. (DOCUMENT:gsub("@SCHEMA_PUBLICATIONS@", by_schema))
end

--- Signs of life of a database: who is connected, how large it is, since when it is used.
catalog.life = [[
select pg_database_size(current_database()) as bytes,
  (select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and backend_type = 'client backend' and coalesce(application_name, '') not like 'tilth%') as sessions,
  (select string_agg(distinct left(coalesce(nullif(application_name, ''), usename::text, '?'), 40), ', ') from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and coalesce(application_name, '') not like 'tilth%') as session_names]]

return catalog
