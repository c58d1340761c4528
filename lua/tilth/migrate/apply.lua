--- Applies migrations, one action each: decides how a file runs, runs it, and keeps the history true.
-- @module tilth.migrate.apply

local apply = {}

local clock = require("tilth.clock")
local excerpt = require("tilth.migrate.excerpt")
local explain = require("tilth.migrate.explain")
local folder = require("tilth.migrate.folder")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local history = require("tilth.migrate.history")
local kept = require("tilth.reset.kept")
local lock = require("tilth.migrate.lock")
local observe = require("tilth.migrate.observe")
local statements = require("tilth.migrate.statements")
local stepwise = require("tilth.migrate.stepwise")
local transaction = require("tilth.migrate.transaction")

local SLOW <const> = 1

-- Is there a schema of that name, and a table so big (8 MB) that a statement on it may take long?
local LOOK <const> = [[
SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1) AS exists,
 EXISTS (SELECT FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm') AND oid >= 16384
  AND (relpages > 1000 OR (relpages = 0 AND pg_catalog.pg_relation_size(oid) > 8192000))) AS heavy]]

local function take_lock(world)
  if world.lock then
    return true
  end
  local held, message, code, detail = lock.acquire(world.db, {
    patience = world.settings and world.settings:get("lock_patience"), report = world.report,
  })
  world.lock = held
  return held, message, code, detail
end

-- What must be there before the first file: its SQL runs in the first file's own transaction.
local function prelude(db, found)
  local seen, message, code, detail = db:one(LOOK, found.schema)
  if not seen then
    return nil, message, code, detail
  end
  local parts = {}
  if not seen.exists then
    parts[#parts + 1] = "CREATE SCHEMA " .. db:identifier(found.schema)
  end
  if not found.exists then
    parts[#parts + 1] = history.create_sql(found.qualified)
  end
  return table.concat(parts, ";\n") .. (#parts > 0 and ";\n" or ""), #parts, seen.heavy
end

-- The first action takes the lock and reads the history under it: what was observed may be old, or from before a reset.
local function begin(world)
  local db = world.db
  local held, message, code, detail = take_lock(world)
  if not held then
    return nil, message, code, detail
  end
  local timeout = world.settings and world.settings:get("statement_timeout")
  if timeout and timeout > 0 then
    held, message, code, detail = db:set("statement_timeout", ("%dms"):format(math.floor(timeout * 1000)))
    if not held then
      return nil, message, code, detail
    end
  end
  local found, objects, state, more = observe.history(db, world.project or world.observed.project)
  if not found then
    return nil, objects, state, more
  end
  local text, count, heavy, info = prelude(db, found)
  if not text then
    return nil, count, heavy, info
  end
  return {
    schema = found.schema, qualified = found.qualified, rows = history.by_name(found.rows),
    prelude = text, prelude_statements = count, session_sql = db:session_sql(), heavy = heavy, applied = 0,
    guard = world.state.bin_guard or "",
  }
end

-- Another deployment may have been here since the plan was made.
local function already(state, action)
  local entry = state.rows[action.name]
  if entry and entry.applied then
    return { kind = "migrate", name = action.name, seconds = 0, statements = 0, status = "skipped", mode = "transaction",
      why = "applied by another deployment meanwhile" }
  end
  if entry and entry.failed and entry.failed.id ~= action.resume and entry.failed.id ~= action.close then
    return nil, ("migration `%s` is recorded as failed, or as running elsewhere"):format(action.name), "P3009", {
      advice = "Run `tilth migrate status` to see it.",
    }
  end
  return false
end

local function unfinished_block(job, analysis)
  return explain.failure({
    name = job.name, path = job.path, root = job.root, text = job.original,
    message = "the file opens a transaction with BEGIN and never ends it", sqlstate = nil, detail = { severity = "ERROR" },
    at = { position = analysis.character }, outcome = "Nothing of it was run: all of it would have been lost at the end.",
    advice = "Add COMMIT; at the end of the file, or take BEGIN out: tilth runs a file in one transaction by itself.",
  })
end

local function run_job(world, job, analysis)
  if job.resume and analysis.mode == "transaction" then
    -- Part of it is done already: what is left decides now.
    analysis = assert(statements.split(job.original))
    analysis.why = "a part of it is done"
  end
  if analysis.mode == "transaction" then
    job.text, job.careful = analysis.text, analysis.unread ~= nil
    local done, message, code, detail = transaction.run(world, job)
    if code ~= "outside" then
      return done and "transaction", message, code, detail
    end
    world.report:note(("`%s` cannot run in one transaction (%s %s): it was rolled back and runs statement by statement"):format(job.name,
      detail.sqlstate, detail.message))
    analysis = statements.split(job.original)
    if not analysis or analysis.error then
      return nil, message, detail.sqlstate, detail
    end
    analysis.judged = detail
  else
    world.report:note(("`%s` runs statement by statement: %s"):format(job.name, analysis.why))
  end
  if analysis.unread then
    world.report:note(("`%s` line %d: the parser cannot read this statement (%s); its first words decide, and the server"):format(job.name,
      analysis.unread.line, analysis.unread.message))
  end
  local done, message, code, detail = stepwise.run(world, job, analysis)
  return done and "statements", message, code, detail
end

local function new_job(world, state, action, text)
  return {
    name = action.name, path = action.path, root = (world.project or world.observed.project).root, original = text, state = state,
    resume = action.resume and state.rows[action.name] and state.rows[action.name].failed or nil,
    row = transaction.new_row(action.name, action.sha256),
    close_sql = action.close and history.close_sql(world.db, state.qualified, action.name) .. "; " or "",
  }
end

--- Applies one migration.
-- @tparam table world db, report, observed, project, settings, lock, state
-- @tparam table action { kind = "migrate", name, path, sha256, resume }
-- @treturn table step { kind = "migrate", name, seconds, statements, mode, status }
-- @treturn nil,string,string,table
function apply.run(world, action)
  local message, code, detail
  local state = world.state.migrate
  if not state then
    state, message, code, detail = begin(world)
    if not state then
      return nil, message, code, detail
    end
    world.state.migrate = state
  end
  local step
  step, message, code, detail = already(state, action)
  if step or step == nil then
    return step, message, code, detail
  end
  local text
  text, message, code = folder.text(fs, hash.sha256, action)
  if text then
    text, message, code, detail = kept.pass_over(world, action.name, text)
  end
  if not text then
    return nil, message, code, detail
  end
  local job, analysis = new_job(world, state, action, text), statements.analyse(text)
  if analysis.error then
    analysis.character = excerpt.character(text, analysis.error.position)
    return unfinished_block(job, analysis)
  end
  world.report:progress(("Applying migration `%s`"):format(action.name))
  local started = clock.monotonic()
  local mode
  mode, message, code, detail = run_job(world, job, analysis)
  if not mode then
    return nil, message, code, detail
  end
  local seconds = clock.monotonic() - started
  if seconds >= SLOW then
    -- What makes one file slow makes others slow, too.
    state.heavy = true
    world.report:done(("Applied migration `%s`"):format(action.name), seconds)
  end
  state.applied = state.applied + 1
  return { kind = "migrate", name = action.name, seconds = seconds, statements = job.statements, mode = mode }
end

--- Ends the migrations of a run, after the last.
-- @tparam table world
-- @treturn boolean true
function apply.finish(world)
  local state = world.state.migrate
  if state and state.applied > 0 then
    world.report:progress("All migrations have been successfully applied.")
  end
  return true
end

return apply
