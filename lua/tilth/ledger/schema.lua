--- The ledger's tables, as SQL, version by version.
local schema = {}

-- Serialises creation: "if not exists" alone still fails when two sessions create at once.
local CREATION_LOCK = 7238267110

local VERSION_1 = [[
create schema if not exists tilth;
create table if not exists tilth.ledger (
  only_row boolean primary key default true check (only_row),
  version integer not null,
  environment text,
  environment_at timestamptz,
  environment_by text,
  created_at timestamptz not null default now()
);
create table if not exists tilth.builds (
  id bigint generated always as identity primary key,
  build text not null,
  kind text not null,
  app text,
  branch text,
  job text,
  commit_id text,
  pull_request text,
  command text not null,
  environment text,
  reset_flag boolean not null default false,
  seed_flag boolean not null default false,
  flags jsonb not null default '{}',
  plan jsonb not null default '[]',
  outcome jsonb,
  status text not null default 'running'
    check (status in ('running', 'done', 'failed', 'refused', 'interrupted')),
  pid integer,
  session_start timestamptz,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz
);
create index if not exists builds_by_branch on tilth.builds (app, branch, id);
create table if not exists tilth.seeds (
  id bigint generated always as identity primary key,
  build_id bigint references tilth.builds,
  name text not null,
  sha256 text,
  environment text,
  counts jsonb not null default '[]',
  seconds double precision,
  ran_at timestamptz not null default clock_timestamp()
);
create index if not exists seeds_by_name on tilth.seeds (name, id);
create table if not exists tilth.resets (
  id bigint generated always as identity primary key,
  build_id bigint references tilth.builds,
  kind text not null check (kind in ('reset', 'undo')),
  state text not null check (state in ('open', 'done', 'undone', 'purged')),
  schemas jsonb not null,
  history jsonb,
  expected integer not null default 0,
  pid integer,
  session_start timestamptz,
  made_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  ended_at timestamptz,
  ended_by bigint references tilth.builds,
  ended_why text
);
insert into tilth.ledger (version) values (1) on conflict do nothing;
comment on schema tilth is
  'What tilth did to this database: builds, seeds, resets. It outlives a reset.';
]]

--- Each entry takes the ledger from the version before it to its own.
schema.upgrades = { VERSION_1 }

--- The version this program writes.
schema.version = #schema.upgrades

--- The SQL that brings a ledger up to date; to be run inside one transaction.
-- @tparam integer from the version found, 0 when there is no ledger
-- @treturn string SQL text of several statements
function schema.upgrade_sql(from)
  assert(math.type(from) == "integer" and from >= 0, "version must be a whole number")
  local parts = { "set local client_min_messages = warning;", ("select pg_advisory_xact_lock(%d);"):format(CREATION_LOCK) }
  for version = from + 1, schema.version do
    parts[#parts + 1] = schema.upgrades[version]
    parts[#parts + 1] = ("update tilth.ledger set version = %d where version < %d;"):format(version, version)
  end
  return table.concat(parts, "\n")
end

return schema
