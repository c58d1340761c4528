--- Runs a migration file and its history row in one transaction, as one message to the server.
-- @module tilth.migrate.transaction

local transaction = {}

local contention = require("tilth.migrate.contention")
local excerpt = require("tilth.migrate.excerpt")
local explain = require("tilth.migrate.explain")
local hash = require("tilth.hash")
local history = require("tilth.migrate.history")
local recover = require("tilth.migrate.recover")
local retry = require("tilth.migrate.retry")
local sql = require("tilth.sql")
local statement = require("tilth.migrate.statement")

local ROLLED_BACK <const> = "It was rolled back: database and history are as before it."

-- The server says that the file needs to leave the transaction: active transaction, invalid termination, new enum value.
local NEEDS_OUTSIDE <const> = { ["25001"] = true, ["2D000"] = true, ["55P04"] = true }

local function count_statements(text)
  local list = sql.split(text)
  return list and #list or 0
end

-- What ends the file's transaction: whatever the file has set is undone before the row is written.
local function tail(world, job)
  return table.concat({
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL", job.state.session_sql,
    job.close_sql .. history.insert_applied_sql(world.db, job.state.qualified, job.row), "COMMIT",
  }, "; ")
end

-- On a terminal somebody watches: each statement is shown while it runs. Places are counted in the file then.
local function send_watched(world, job, list)
  local results
  for number, item in ipairs(list) do
    local body = statement.body(item.text)
    world.report:status(("%s:%d: %s"):format(job.name, item.line, body:match("^[^\n]*")))
    local message, code, detail
    results, message, code, detail = world.db:script(item.text)
    if not results then
      detail = detail or {}
      detail.statement = number
      detail.position = detail.position and detail.position + excerpt.character(job.text, item.position) - 1
      return nil, message, code, detail
    end
  end
  world.report:status(nil)
  return results or {}
end

-- One message for everything; the parts apart when only the server can tell what the file does to the transaction.
local function send(world, job)
  local db = world.db
  local head = "BEGIN; " .. job.state.prelude
  local watched = world.report.terminal and sql.split(job.text)
  job.prefix, job.before = excerpt.character(head, #head + 1) - 1, 1 + job.state.prelude_statements
  if not job.careful and not watched then
    return db:script(head .. job.text .. "\n;" .. tail(world, job))
  end
  local ok, message, code, detail = db:script(head)
  if ok then
    job.prefix, job.before = 0, 0
  end
  if ok and watched then
    ok, message, code, detail = send_watched(world, job, watched)
  elseif ok then
    ok, message, code, detail = db:script(job.text)
  end
  if ok and db:status() ~= "transaction" then
    job.escaped = true
    return nil, "the file ended the transaction that it ran in", "25P01", { severity = "ERROR" }
  end
  if not ok then
    return nil, message, code, detail
  end
  job.before = -count_statements(job.text)
  return db:script(tail(world, job))
end

local function place(job, detail)
  local position = detail.position and detail.position - job.prefix
  return { position = position, statement = detail.statement and detail.statement - job.before }
end

local function failing_statement(job, detail)
  local list = sql.split(job.text)
  local at = place(job, detail)
  local item = list and at.statement and list[at.statement]
  return item and item.text or job.text, item
end

local function end_of(job, at)
  local total = count_statements(job.text)
  if at.statement and at.statement > total then
    return { position = nil, statement = nil, after = true }
  end
  return at
end

local function failed(job, message, code, detail, advice)
  local at = end_of(job, place(job, detail))
  local outcome = ROLLED_BACK
  if job.escaped then
    outcome = "What it did before it ended its transaction is in the database; the history has no row of it. Look at both before you go on."
  elseif at.after then
    outcome = "All its statements ran, but the end of its transaction failed (a deferred constraint, or the history row). " .. ROLLED_BACK
  end
  return explain.failure({
    name = job.name, path = job.path, root = job.root, text = job.text, message = message, sqlstate = code, detail = detail,
    at = at, outcome = outcome, advice = advice,
  })
end

local function roll_back(db)
  local status = db:status()
  if status == "failed" or status == "transaction" then
    return db:script("ROLLBACK")
  end
  return true
end

local function lost(world, job, message)
  local row = recover.look(world, ("SELECT id FROM %s WHERE id = $1"):format(job.state.qualified), job.row.id)
  if row then
    world.report:note(("the connection was lost while `%s` was being committed; it was committed"):format(job.name))
    return true
  end
  return recover.failure(job.name, message, row == false)
end

--- Runs a file.
-- @tparam table world db, report, settings, lock
-- @tparam table job { name, path, root, text (to run), original (the file's text), row = { id, checksum, migration_name },
--   careful, close_sql, state = { qualified, prelude, prelude_statements, session_sql } }
-- @treturn table { tries }
-- @treturn nil,string,string,table P3018 or P1017; "outside" when the server asks for statement mode, with the server's
--   failure as detail = { sqlstate, statement (number in the file), message }
function transaction.run(world, job)
  local db = world.db
  local tries = retry.new(world.settings and world.settings:get("lock_budget"))
  while true do
    local ok, message, code, detail = send(world, job)
    if ok then
      job.state.prelude, job.state.prelude_statements = "", 0
      return { tries = tries.tries + 1, results = ok }
    end
    detail = detail or {}
    if detail.lost or db:status() == "closed" then
      local found, why, state, more = lost(world, job, message)
      if found then
        job.state.prelude, job.state.prelude_statements = "", 0
        return { tries = tries.tries + 1 }
      end
      return nil, why, state, more
    end
    local undone, why, state, more = roll_back(db)
    if not undone then
      return failed(job, message .. " (and the rollback failed: " .. why .. ")", state or code, more or detail)
    end
    if NEEDS_OUTSIDE[code] then
      return nil, message, "outside", { sqlstate = code, statement = place(job, detail).statement, message = message }
    end
    if not retry.passes(code) then
      return failed(job, message, code, detail)
    end
    local text, item = failing_statement(job, detail)
    local again, who = contention.pause(world, tries, { name = job.name, line = item and item.line, text = text, code = code })
    if not again then
      return failed(job, message, code, detail, contention.advice(tries, who))
    end
  end
end

--- A new history row for a migration.
-- @tparam string name
-- @tparam string checksum
-- @treturn table { id, checksum, migration_name }
function transaction.new_row(name, checksum)
  return { id = hash.uuid(), checksum = checksum, migration_name = name }
end

return transaction
