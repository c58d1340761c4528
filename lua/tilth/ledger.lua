--- The ledger: what tilth did to a database, kept in the database itself, in the schema `tilth`.
-- It outlives every reset and holds names, numbers and times, never a secret.
local ledger = {}

local json = require("tilth.json")
local queries = require("tilth.ledger.queries")
local schema = require("tilth.ledger.schema")
local state = require("tilth.ledger.state")
local summary = require("tilth.ledger.summary")

local ADVICE = "Let the database's owner run once:\n"
  .. "  GRANT CREATE ON DATABASE %s TO %s;\n"
  .. "or run the first `tilth flow` as the owner. Without its ledger tilth migrates, but does not reset."

local BEGIN_BUILD = [[
insert into tilth.builds (build, kind, app, branch, job, commit_id, pull_request, command, environment, reset_flag, seed_flag,
  flags, plan, outcome, status, pid, session_start, finished_at)
select coalesce(x.text, x.kind), x.kind, x.app, x.branch, x.job, x.commit, x.pull_request, x.command, x.environment,
  x.reset_flag, x.seed_flag, x.flags, x.plan, x.outcome, coalesce(x.status, 'running'), pg_backend_pid(),
  (select backend_start from pg_catalog.pg_stat_activity where pid = pg_backend_pid()),
  case when x.status is not null then clock_timestamp() end
from json_to_record($1::json) as x(text text, kind text, app text, branch text, job text, commit text, pull_request text,
  command text, environment text, reset_flag boolean, seed_flag boolean, flags jsonb, plan jsonb, outcome jsonb, status text)
returning id]]

--- Observes the ledger.
-- @tparam Db db
-- @tparam table|nil build the build identity; without it nothing is known of flags left set
-- @tparam boolean|nil brief true reads only the environment mark and resets that did not finish
-- @treturn table observed.ledger, see ledger/state.lua
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function ledger.observe(db, build, brief)
  if brief then
    -- Next to free, and the answer for most databases that only ever see deploy.
    local there, why, state_of, more = db:value("SELECT pg_catalog.to_regnamespace('tilth') IS NOT NULL")
    if there == nil then
      return nil, "cannot look for tilth's ledger: " .. why, state_of, more
    elseif not there then
      return state.read({ found = false, has_schema = false })
    end
  end
  local result, message, code, detail = db:query(queries.observe(build, brief))
  if not result then
    return nil, "cannot read tilth's ledger: " .. message, code, detail
  end
  return state.read(result[1])
end

--- Creates the ledger, or brings it up to this program's version. Safe to call from many builds at once.
-- @tparam Db db
-- @tparam table|nil observed observed.ledger, which saves the work when it is up to date
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code 42501 when the role may not
-- @treturn[2] table detail with advice
function ledger.ensure(db, observed)
  local version = observed and observed.exists and observed.version or 0
  if version >= schema.version then
    return true
  end
  local ok, message, code, detail = db:transaction(function()
    return db:script(schema.upgrade_sql(version))
  end)
  if ok then
    return true
  end
  detail = detail or {}
  if code == "42501" then
    local info = db:info()
    detail.advice = ADVICE:format(db:identifier(info.database), db:identifier(info.user))
  end
  return nil, "cannot make tilth's ledger (the schema tilth) in this database: " .. message, code, detail
end

local function build_record(info)
  local build, flags = info.build or {}, info.flags or {}
  return {
    text = build.text, kind = build.kind or "local", app = build.app, branch = build.branch, job = build.job,
    commit = build.commit, pull_request = build.pull_request,
    command = info.command, environment = info.environment and info.environment.name,
    reset_flag = flags.reset and flags.reset.set or false, seed_flag = flags.seed and flags.seed.set or false,
    flags = summary.flags(flags), plan = json.array(summary.plan(info.plan)),
  }
end

local function outcome_record(outcome, mask)
  local short = summary.outcome(outcome, mask)
  short.steps = json.array(short.steps)
  return short
end

--- Notes that a build begins.
-- @tparam Db db
-- @tparam table info { build, command, flags, plan, environment }
-- @treturn integer the build's number in the ledger
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function ledger.begin_build(db, info)
  local id, message, code, detail = db:value(BEGIN_BUILD, json.encode(build_record(info), { replace = true }))
  if not id then
    return nil, "cannot note this build in tilth's ledger: " .. message, code, detail
  end
  return id
end

--- Notes a build that has ended already, in one statement: for work that needed no note before it began.
-- @tparam Db db
-- @tparam table info as for begin_build
-- @tparam table outcome
-- @tparam[opt] function mask takes secrets out of an error's text
-- @treturn integer the build's number in the ledger
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function ledger.record_build(db, info, outcome, mask)
  local record = build_record(info)
  record.outcome, record.status = outcome_record(outcome, mask), summary.status(outcome)
  local id, message, code, detail = db:value(BEGIN_BUILD, json.encode(record, { replace = true }))
  if not id then
    return nil, "cannot note this build in tilth's ledger: " .. message, code, detail
  end
  return id
end

--- Notes how a build ended.
-- @tparam Db db
-- @tparam integer id from begin_build
-- @tparam table outcome { ok, steps, error, refused }
-- @tparam[opt] function mask takes secrets out of an error's text
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function ledger.end_build(db, id, outcome, mask)
  local done, message, code, detail = db:query(
    "update tilth.builds set status = $2, outcome = $3::jsonb, finished_at = clock_timestamp() where id = $1",
    id, summary.status(outcome), json.encode(outcome_record(outcome, mask), { replace = true })
  )
  if not done then
    return nil, "cannot note the end of this build in tilth's ledger: " .. message, code, detail
  end
  return true
end

--- Notes that a seed ran; inside the seed's own transaction, so that both are there or neither.
-- @tparam Db db
-- @tparam table seed { build_id, name, sha256, environment (a name), tables = { { table, inserted, ... } }, seconds }
-- @treturn integer its number
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function ledger.record_seed(db, seed)
  local counts = summary.outcome({ steps = { { tables = seed.tables or {} } } }).steps[1].tables
  local id, message, code, detail = db:value([[
insert into tilth.seeds (build_id, name, sha256, environment, counts, seconds)
select x.build_id, x.name, x.sha256, x.environment, x.counts, x.seconds
from json_to_record($1::json) as x(build_id bigint, name text, sha256 text, environment text, counts jsonb, seconds float8)
returning id]], json.encode({
    build_id = seed.build_id, name = seed.name, sha256 = seed.sha256, environment = seed.environment,
    counts = json.array(counts), seconds = seed.seconds,
  }))
  if not id then
    return nil, "cannot note the seed " .. tostring(seed.name) .. " in tilth's ledger: " .. message, code, detail
  end
  return id
end

--- Marks which environment this database belongs to, unless it is marked already.
-- @tparam Db db
-- @tparam string name
-- @tparam string by which build or user
-- @treturn string the mark that holds from now on
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function ledger.mark_environment(db, name, by)
  local mark, message, code, detail = db:value([[
update tilth.ledger set environment = coalesce(environment, $1), environment_at = coalesce(environment_at, clock_timestamp()),
  environment_by = coalesce(environment_by, $2) returning environment]], name, by)
  if not mark then
    return nil, "cannot mark the environment in tilth's ledger: " .. tostring(message), code, detail
  end
  return mark
end

--- The newest builds, newest first, with what they did.
-- @tparam Db db
-- @tparam integer limit
-- @treturn table list of { id, build, command, environment, status, at, seconds, flags, plan, outcome, resets, seeds, ... }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function ledger.history(db, limit)
  local result, message, code, detail = db:query(queries.history, limit)
  if not result then
    return nil, "cannot read tilth's ledger: " .. message, code, detail
  end
  local builds = {}
  for index, row in ipairs(result) do
    for _, name in ipairs({ "flags", "plan", "outcome", "resets", "seeds" }) do
      row[name] = row[name] and json.decode(row[name])
    end
    builds[index] = row
  end
  return builds
end

return ledger
