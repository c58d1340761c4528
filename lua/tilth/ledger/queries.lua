--- The SQL text that reads the ledger, whether it is there or not, in one statement.
local queries = {}

-- A statement that names a missing table fails as soon as it is analysed, and the whole message
-- with it. query_to_xml takes its query as text, so that it is analysed only when it is reached.
local OBSERVE = [[
select l.schema_oid is not null as has_schema,
  coalesce(l.ledger_oid is not null, false) as found,
  coalesce(l.readable, false) as readable, coalesce(l.writable, false) as writable,
  has_database_privilege(current_database(), 'CREATE') as may_create,
  case when l.readable then query_to_xml(%s, false, true, '')::text end as state
from (select n.oid as schema_oid, c.oid as ledger_oid,
    case when has_schema_privilege(n.oid, 'USAGE') and c.oid is not null
      then has_table_privilege(c.oid, 'SELECT') end as readable,
    case when has_schema_privilege(n.oid, 'USAGE') and c.oid is not null
      then has_table_privilege(c.oid, 'INSERT') end as writable
  from (select 1) one left join pg_catalog.pg_namespace n on n.nspname = 'tilth'
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'ledger') l]]

-- `event` is what changed the tables in use: a reset, or the end of one that was undone, which gave back those from before it.
-- `live` walks back through them: the times in which the tables of now were in use. A restore brings tables that have seen the same seeds.
local STATE = [[
with recursive event as (
  select r.made_at as at, null::timestamptz as before from tilth.resets r left join tilth.builds c on c.id = r.build_id
  where r.kind = 'reset' and r.state in ('done', 'purged', 'undone') and c.command is distinct from 'restore'
  union all
  select r.ended_at, case when r.kind = 'reset' then r.made_at
    else (select max(p.ended_at) from tilth.resets p where p.state = 'undone' and p.ended_at <= r.made_at) end
  from tilth.resets r where r.state = 'undone'),
live as (
  select e.at as since, 'infinity'::timestamptz as until, e.before
  from (select 1) one left join lateral (select * from event order by at desc limit 1) e on true
  union all
  select e.at, l.before, e.before
  from live l left join lateral (select * from event v where v.at < l.before order by v.at desc limit 1) e on true
  where l.before is not null),
mine as materialized (select b.* from tilth.builds b where %s),
brief as (select b.id, json_build_object('id', b.id, 'build', b.build, 'job', b.job, 'commit', b.commit_id,
    'command', b.command, 'status', b.status, 'at', to_char(b.started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
    'environment', b.environment) as j from tilth.builds b),
alive as (select b.id from tilth.builds b join pg_catalog.pg_stat_activity a on a.pid = b.pid
    and a.datname = current_database() and coalesce(a.backend_start = b.session_start, a.application_name like 'tilth%%')
  where b.status = 'running'),
spent as (select max(m.id) as id from mine m where m.reset_flag and m.status = 'done'
  and exists (select from tilth.resets r where r.build_id = m.id and r.kind = 'reset')),
plain as (select coalesce(max(m.id) filter (where not m.reset_flag), 0) as reset,
  coalesce(max(m.id) filter (where not m.seed_flag), 0) as seed from mine m)
select json_build_object(
  'version', l.version, 'environment', l.environment,
  'environment_at', to_char(l.environment_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
  'environment_by', l.environment_by,
  'builds', (select json_agg(t.j order by t.id desc) from (select id, j from brief order by id desc limit 5) t),
  'running', (select json_agg((b.j::jsonb || jsonb_build_object('alive', b.id in (select id from alive))) order by b.id)
    from brief b where b.id in (select id from tilth.builds where status = 'running')),
  'production', (select j from brief where id = (select max(b.id) from tilth.builds b where b.environment = 'production'
    and b.status = 'done' and b.started_at > coalesce(l.environment_at, '-infinity'))),
  'spent', (select j from brief where id = (select id from spent)),
  'plain', (select reset from plain),
  'reset_since', (select j from brief where id = (select min(m.id) from mine m, plain
    where m.reset_flag and m.id > plain.reset)),
  'seed_since', (select j from brief where id = (select min(m.id) from mine m, plain where m.seed_flag and m.id > plain.seed)),
  'seed_builds', (select count(*) from mine m, plain where m.seed_flag and m.id > plain.seed and m.status = 'done'),
  'resets', (select json_agg(json_build_object('id', r.id, 'build_id', r.build_id, 'kind', r.kind, 'state', r.state,
      'schemas', r.schemas, 'history', r.history, 'expected', r.expected,
      'at', to_char(r.made_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), 'build', b.build,
      'build_status', b.status, 'commit', b.commit_id, 'alive', exists (select from pg_catalog.pg_stat_activity a
        where a.pid = r.pid and a.pid <> pg_backend_pid() and a.datname = current_database()
        and coalesce(a.backend_start = r.session_start, a.application_name like 'tilth%%'))) order by r.id)
    from tilth.resets r left join tilth.builds b on b.id = r.build_id where r.state in ('open', 'done')),
  'seeds', (select json_agg(json_build_object('name', s.name, 'sha256', s.sha256, 'build', b.build,
      'at', to_char(s.ran_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')) order by s.name)
    from (select distinct on (name) * from tilth.seeds x where exists (select from live
        where x.ran_at < live.until and (live.since is null or x.ran_at > live.since)) order by name, id desc) s
      left join tilth.builds b on b.id = s.build_id)
)::text as j from tilth.ledger l]]

-- What a command needs that only migrates: planning the whole statement takes some milliseconds.
local BRIEF = [[
select json_build_object('version', l.version, 'environment', l.environment,
  'environment_at', to_char(l.environment_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
  'environment_by', l.environment_by,
  'last_flagged', (select b.reset_flag or b.seed_flag from tilth.builds b where %s order by b.id desc limit 1),
  'resets', (select json_agg(json_build_object('id', r.id, 'build_id', r.build_id, 'kind', r.kind, 'state', r.state,
      'schemas', r.schemas, 'history', r.history, 'expected', r.expected,
      'at', to_char(r.made_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'))) from tilth.resets r where r.state = 'open')
)::text as j from tilth.ledger l]]

--- Quotes a text as an SQL literal, right for either setting of standard_conforming_strings.
-- Pure, so that the observing statement can be built before there is a connection.
-- @tparam string|nil text
-- @treturn string an SQL literal; NULL for nil
function queries.literal(text)
  if text == nil then
    return "NULL"
  end
  if text:find("\\", 1, true) then
    return " E'" .. text:gsub("\\", "\\\\"):gsub("'", "''") .. "'"
  end
  return "'" .. text:gsub("'", "''") .. "'"
end

local function same_origin(build)
  if not build then
    return "false"
  end
  return ("b.kind = %s and b.app is not distinct from %s and b.branch is not distinct from %s"):format(
    queries.literal(build.kind), queries.literal(build.app), queries.literal(build.branch)
  )
end

--- The one statement that observes the ledger; `state.read` reads its row.
-- @tparam table|nil build the build identity, whose app and branch choose the flags' history
-- @tparam boolean|nil brief true reads only the mark and the resets that are not finished
-- @treturn string SQL text of one statement, without a closing semicolon
function queries.observe(build, brief)
  local state = (brief and BRIEF or STATE):format(same_origin(build))
  return OBSERVE:format(queries.literal(state))
end

--- The newest builds with their resets and seeds, for `tilth history`.
-- Parameters: $1 how many builds.
queries.history = [[
select b.id, b.build, b.kind, b.app, b.branch, b.job, b.commit_id, b.command, b.environment, b.reset_flag, b.seed_flag,
  b.flags::text as flags, b.plan::text as plan, b.outcome::text as outcome,
  case when b.status = 'running' and not exists (select from pg_catalog.pg_stat_activity a where a.pid = b.pid
    and a.datname = current_database() and coalesce(a.backend_start = b.session_start, a.application_name like 'tilth%'))
    then 'lost' else b.status end as status,
  to_char(b.started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as at,
  extract(epoch from b.finished_at - b.started_at)::float8 as seconds,
  (select json_agg(json_build_object('id', r.id, 'kind', r.kind, 'state', r.state, 'schemas', r.schemas) order by r.id)::text
    from tilth.resets r where r.build_id = b.id) as resets,
  (select json_agg(json_build_object('name', s.name, 'counts', s.counts, 'seconds', s.seconds) order by s.id)::text
    from tilth.seeds s where s.build_id = b.id) as seeds
from tilth.builds b order by b.id desc limit $1]]

--- All bins there are, with what they hold now, for `tilth reset list`, undo and purge.
queries.resets = [[
select r.id, r.build_id, r.kind, r.state, r.schemas::text as schemas, r.history::text as history, r.expected,
  to_char(r.made_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as at,
  b.build, b.commit_id, b.status as build_status, r.ended_why,
  to_char(r.ended_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as ended_at
from tilth.resets r left join tilth.builds b on b.id = r.build_id order by r.id]]

return queries
