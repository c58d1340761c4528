--- Runs a file statement by statement, with its progress recorded, so that a later run goes on where this one stopped.
-- What can be a transaction is one, together with its progress; only what must stay outside stays outside.
-- @module tilth.migrate.stepwise

local stepwise = {}

local concurrent = require("tilth.migrate.concurrent")
local contention = require("tilth.migrate.contention")
local excerpt = require("tilth.migrate.excerpt")
local explain = require("tilth.migrate.explain")
local hash = require("tilth.hash")
local history = require("tilth.migrate.history")
local lock = require("tilth.migrate.lock")
local resume = require("tilth.migrate.resume")
local retry = require("tilth.migrate.retry")

-- The progress is written by the login role, whatever the file has set; after the transaction that holds again.
local AS_LOGIN <const> = "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE; "

local function progress_sql(job, done, running)
  local list = job.statements_list
  local following = list[done + 1] or list[#list]
  local mark = history.mark({
    done = done, total = #list, running = running, line = following and following.line or 1,
    prefix = resume.checksum(hash.sha256, job.original, list, done),
  })
  return ("UPDATE %s SET applied_steps_count = %d, logs = %s WHERE id = %s"):format(job.state.qualified, done, job.db:literal(mark),
    job.db:literal(job.row.id))
end

local function write_progress(job, done, running)
  return job.db:script("BEGIN; " .. AS_LOGIN .. progress_sql(job, done, running) .. "; COMMIT")
end

local function open_row(job)
  local state, row, db = job.state, job.row, job.db
  local insert = ("INSERT INTO %s (id, checksum, migration_name, started_at) VALUES (%s, %s, %s, pg_catalog.now())"):format(state.qualified,
    db:literal(row.id), db:literal(row.checksum), db:literal(row.migration_name))
  local ok, message, code, detail = db:script("BEGIN; " .. state.prelude .. job.close_sql .. insert .. "; "
    .. progress_sql(job, 0) .. "; COMMIT")
  if not ok then
    if db:status() == "failed" then
      db:script("ROLLBACK")
    end
    return nil, "cannot write the history of migrations: " .. message, code, detail
  end
  state.prelude, state.prelude_statements = "", 0
  return true
end

-- Takes a row over that an earlier run left open. The settings that its finished statements made are made again.
local function take_over(job)
  local mark = history.read_mark(job.resume.logs)
  if not mark or not resume.fits(hash.sha256, job.original, mark) then
    return nil, ("migration `%s` stopped half-way, and the part that was done has been edited since"):format(job.name), "P3009", {
      advice = "Bring the finished statements back as they were; what comes after them may be changed.",
    }
  end
  job.row = { id = job.resume.id, checksum = job.row.checksum, migration_name = job.name }
  job.done, job.resumed = mark.done, true
  local db, parts = job.db, {}
  parts[1] = ("UPDATE %s SET checksum = %s WHERE id = %s"):format(job.state.qualified, db:literal(job.row.checksum), db:literal(job.row.id))
  for position = 1, mark.done do
    if job.statements_list[position].kind == "set" then
      parts[#parts + 1] = job.statements_list[position].text
    end
  end
  local ok, message, code, detail = db:script(table.concat(parts, "\n;"))
  if not ok then
    return nil, message, code, detail
  end
  job.report:note(("`%s` goes on after statement %d of %d"):format(job.name, mark.done, #job.statements_list))
  return true
end

local function roll_back(db)
  local status = db:status()
  if status == "failed" or status == "transaction" then
    return db:script("ROLLBACK")
  end
  return true
end

-- The file's text from one statement to another, and the characters before it.
local function slice(job, first, last)
  local list = job.statements_list
  local from, to = list[first].position, list[last].position + #list[last].text - 1
  return job.original:sub(from, to), excerpt.character(job.original, from) - 1
end

-- Sends a message in which the file's text begins after `prefix` characters and `before` statements.
local function send(job, message, first, text_at, prefix, before)
  local ok, why, code, detail = job.db:script(message)
  if ok then
    return ok
  end
  detail = detail or {}
  local at = {}
  at.position = detail.position and detail.position - prefix + text_at
  at.statement = detail.statement and detail.statement - before + first - 1
  return nil, why, code, detail, at
end

local function send_transaction(job, first, last)
  local text, text_at = slice(job, first, last)
  local message = "BEGIN; " .. text .. "\n;" .. AS_LOGIN .. progress_sql(job, last) .. "; COMMIT"
  return send(job, message, first, text_at, #"BEGIN; ", 1)
end

-- The author's own BEGIN ... COMMIT: the progress is written just before its COMMIT.
local function send_own(job, unit)
  local list = job.statements_list
  if unit.ends ~= "end" or list[unit.last].chain then
    local text, text_at = slice(job, unit.first, unit.last)
    local ok, why, code, detail, at = send(job, text, unit.first, text_at, 0, 0)
    if not ok then
      return nil, why, code, detail, at
    end
    return write_progress(job, unit.last)
  end
  local text, text_at = slice(job, unit.first, unit.last - 1)
  return send(job, text .. "\n;" .. AS_LOGIN .. progress_sql(job, unit.last) .. ";" .. list[unit.last].text, unit.first, text_at, 0, 0)
end

local function patience(job, item)
  -- A concurrent build waits for old transactions, and nobody waits for it: a short timeout would only break it.
  if not (item.create_index or item.reindex or item.drop_indexes) or job.sets_lock_timeout then
    return true
  end
  local seconds = job.settings and job.settings:get("lock_budget") or 300
  return job.db:script(("SET lock_timeout = '%ds'"):format(math.max(math.ceil(seconds), 1)))
end

local function clean(job, item)
  local dropped, message, code, detail = concurrent.clean(job.db, item)
  if not dropped then
    return nil, message, code, detail
  end
  for _, name in ipairs(dropped) do
    job.report:note(("`%s` line %d: dropped the invalid index %s of a broken build"):format(job.name, item.line, name))
  end
  return true
end

local function run_outside(job, number, item)
  local ok, why, code, detail = patience(job, item)
  if ok then
    ok, why, code, detail = clean(job, item)
  end
  local text = item.text
  if ok then
    text, why, code, detail = concurrent.text(job.db, item)
  end
  if not ok or not text then
    return nil, why, code, detail, { statement = number }
  end
  local at
  ok, why, code, detail, at = send(job, text, number, excerpt.character(job.original, item.position) - 1, 0, 0)
  if ok and item.what == "DISCARD ALL" then
    -- It gave the lock away, too.
    ok, why, code, detail = lock.acquire(job.db, { report = job.report })
  end
  if ok then
    ok, why, code, detail = concurrent.verify(job.db, item)
  end
  if not ok then
    return nil, why, code, detail, at or { statement = number }
  end
  if not job.sets_lock_timeout then
    job.db:script("SET lock_timeout = " .. job.db:literal(tostring(job.db.session.lock_timeout)))
  end
  return true
end

local function send_alone(job, number)
  local item = job.statements_list[number]
  if job.resumed and number == job.done + 1 then
    local ended, why, code, detail = concurrent.ended(job.db, item)
    if ended == nil then
      return nil, why, code, detail, { statement = number }
    elseif ended then
      return write_progress(job, number)
    end
  end
  if item.judged then
    local ok, why, code, detail = write_progress(job, number - 1, true)
    if not ok then
      return nil, why, code, detail
    end
  end
  local ok, why, code, detail, at = run_outside(job, number, item)
  if not ok then
    return nil, why, code, detail, at
  end
  return write_progress(job, number)
end

local SENDERS = {
  transaction = function(job, unit)
    return send_transaction(job, math.max(unit.first, job.done + 1), unit.last)
  end,
  own = send_own,
  alone = function(job, unit)
    return send_alone(job, unit.first)
  end,
  stray = function(job, unit)
    return write_progress(job, unit.last)
  end,
}

-- The server does not let a statement run in this transaction: the unit is cut there.
local function cut(units, position, unit, number, code, list)
  if not number or number < unit.first or number > unit.last or unit.kind ~= "transaction" then
    return false
  end
  local parts = {}
  if number > unit.first then
    parts[1] = { kind = "transaction", first = unit.first, last = number - 1 }
  end
  if code == "55P04" then
    if number == unit.first then
      return false
    end
    parts[#parts + 1] = { kind = "transaction", first = number, last = unit.last }
  else
    list[number].judged = true
    parts[#parts + 1] = { kind = "alone", first = number, last = number }
    if number < unit.last then
      parts[#parts + 1] = { kind = "transaction", first = number + 1, last = unit.last }
    end
  end
  table.remove(units, position)
  for offset, part in ipairs(parts) do
    table.insert(units, position + offset - 1, part)
  end
  return true
end

-- What is recorded after a failure: nothing when nothing was done, else how far it came.
local function record_failure(job, message, number)
  if job.done == 0 and not job.left_behind then
    return job.db:script(("DELETE FROM %s WHERE id = %s"):format(job.state.qualified, job.db:literal(job.row.id)))
  end
  local item = job.statements_list[number or job.done + 1]
  return job.db:script(progress_sql(job, job.done) .. ";" .. ("UPDATE %s SET logs = logs || %s WHERE id = %s"):format(job.state.qualified,
    job.db:literal(("\n\nstopped at line %d: %s"):format(item and item.line or 1, message)), job.db:literal(job.row.id)))
end

local function outcome_of(job)
  if job.done == 0 and not job.left_behind then
    return "Its first step failed: nothing of it is in the database, and the history is as before it."
  end
  local following = job.statements_list[job.done + 1]
  return ("Statements 1 to %d of %d are done and recorded; the next deploy goes on with statement %d (line %d)."):format(job.done,
    #job.statements_list, job.done + 1, following and following.line or 1)
end

local function lost(job, message)
  return nil, ("P1017\n\nServer has closed the connection.\n\nThe connection to the database was lost while migration `%s` ran "
    .. "statement by statement: %s.\nUp to statement %d of %d everything is done and recorded."):format(job.name, message, job.done,
    #job.statements_list), "P1017", {
      advice = "Run `tilth migrate deploy` again: it looks at what is there and goes on from that.",
      migration = job.name, lost = true, exit = 4,
    }
end

local function fail(job, message, code, detail, at, advice)
  if detail and detail.lost or job.db:status() == "closed" then
    return lost(job, message)
  end
  roll_back(job.db)
  job.db:script("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; " .. job.state.session_sql)
  local item = at and at.statement and job.statements_list[at.statement]
  if item and not clean(job, item) then
    job.left_behind = true
  end
  local recorded, why = record_failure(job, message, at and at.statement)
  local outcome = outcome_of(job)
  if not recorded then
    outcome = outcome .. " (And that could not be recorded: " .. why .. ")"
  end
  return explain.failure({
    name = job.name, path = job.path, root = job.root, text = job.original, message = message, sqlstate = code, detail = detail,
    at = at, outcome = outcome, advice = advice,
  })
end

local NEEDS_OUTSIDE <const> = { ["25001"] = true, ["2D000"] = true, ["55P04"] = true }

-- Runs one unit, again and again while only a lock stops it. true, false when it was cut into smaller ones, or nil, ...
local function run_unit(world, job, units, position)
  local tries = retry.new(job.settings and job.settings:get("lock_budget"))
  while true do
    local unit = units[position]
    local ok, message, code, detail, at = SENDERS[unit.kind](job, unit)
    if ok and job.db:status() == "idle" then
      job.done = unit.last
      return true
    elseif ok then
      message, code, detail, at = "the statements left a transaction open", "25001", {}, { statement = unit.first }
    end
    detail = detail or {}
    if detail.lost or not roll_back(job.db) then
      return fail(job, message, code, detail, at)
    end
    local number = at and at.statement
    if NEEDS_OUTSIDE[code] and cut(units, position, unit, number, code, job.statements_list) then
      return false
    end
    local item = job.statements_list[number or unit.first] or job.statements_list[unit.first]
    if not retry.passes(code) or item.judged then
      return fail(job, message, code, detail, at)
    end
    local again, who = contention.pause(world, tries, { name = job.name, line = item.line, text = item.text, code = code })
    if not again then
      return fail(job, message, code, detail, at, contention.advice(tries, who))
    end
  end
end

local function finish(job)
  local ok, message, code, detail = job.db:script(("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; %s; UPDATE %s SET "
    .. "finished_at = pg_catalog.clock_timestamp(), applied_steps_count = 1, logs = NULL WHERE id = %s"):format(job.state.session_sql,
    job.state.qualified, job.db:literal(job.row.id)))
  if not ok then
    if detail and detail.lost then
      return lost(job, message)
    end
    return nil, "cannot write the history of migrations: " .. message, code, detail
  end
  return true
end

local function prepare(world, job, analysis)
  job.db, job.report, job.settings = world.db, world.report, world.settings
  job.statements_list, job.done = analysis.statements, 0
  job.statements = #analysis.statements
  for _, item in ipairs(analysis.statements) do
    if item.kind == "set" and item.text:lower():find("lock_timeout", 1, true) then
      job.sets_lock_timeout = true
    end
  end
  if job.resume then
    return take_over(job)
  end
  return open_row(job)
end

--- Runs a file.
-- @tparam table world db, report, settings
-- @tparam table job { name, path, root, original, row, state, resume }
-- @tparam table analysis { statements, units } of statements.split
-- @treturn boolean true
-- @treturn nil,string,string,table P3018 with how far it came, or P1017
function stepwise.run(world, job, analysis)
  local ok, message, code, detail = prepare(world, job, analysis)
  if not ok then
    return nil, message, code, detail
  end
  local units, position = analysis.units, 1
  while units[position] do
    if units[position].last <= job.done then
      position = position + 1
    else
      ok, message, code, detail = run_unit(world, job, units, position)
      if ok == nil then
        return nil, message, code, detail
      elseif ok then
        position = position + 1
      end
    end
  end
  return finish(job)
end

return stepwise
