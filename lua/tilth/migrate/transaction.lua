--- Runs a migration file and its history row in one transaction: as one message to the server, or as a few.
-- @module tilth.migrate.transaction

local transaction = {}

local contention = require("tilth.migrate.contention")
local excerpt = require("tilth.migrate.excerpt")
local explain = require("tilth.migrate.explain")
local hash = require("tilth.hash")
local history = require("tilth.migrate.history")
local opening = require("tilth.migrate.opening")
local pieces = require("tilth.migrate.pieces")
local progress = require("tilth.migrate.progress")
local recover = require("tilth.migrate.recover")
local refusal = require("tilth.migrate.refusal")
local retry = require("tilth.migrate.retry")
local sql = require("tilth.sql")

local ROLLED_BACK <const> = "It was rolled back: database and history are as before it."

-- What reset/guard.lua raises before the end.
local BIN_CHANGED <const> = "2BP01"

local READ_ONLY <const> = "25006"

-- What ends the file's transaction: whatever the file has set is undone before the row is written.
local function tail(world, job)
  return opening.tail(job.fenced) .. table.concat({
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL", job.state.session_sql,
    (job.state.guard or "") .. job.close_sql .. history.insert_applied_sql(world.db, job.state.qualified, job.row), "COMMIT",
  }, "; ")
end

-- The statements, and the messages that they travel in. A file that changes what a backslash means is not cut.
local function prepare(job)
  job.list = sql.split(job.text)
  job.statements = job.list and #job.list
  local certain = job.list and not job.text:find("standard_conforming_strings", 1, true)
  job.pieces = pieces.cut(job.text, certain and job.list or nil, job.state.heavy)
end

-- Where in the file a message failed: the file's text begins in it after `prefix` characters and `before` statements.
local function place(job, piece, detail, prefix, before)
  local at = {}
  at.position = detail.position and detail.position - prefix + excerpt.character(job.text, piece.position) - 1
  at.statement = detail.statement and detail.statement - before + piece.first - 1
  if at.statement and job.statements and at.statement > job.statements then
    return { after = true }
  elseif at.position and piece.first > 1 and detail.position - prefix > excerpt.character(piece.text, #piece.text + 1) then
    -- The server met what follows: something in the last statement is not closed.
    at.position = excerpt.character(job.text, #job.text:match("^(.-)%s*$"))
  end
  return at
end

local function send_piece(world, job, number)
  local db, piece, last = world.db, job.pieces[number], number == #job.pieces
  local head, before = "", 0
  if number == 1 then
    local first = job.list and job.list[1]
    head, before = opening.head(first and first.text or "", job.state.prelude, job.state.prelude_statements, job.fenced)
  end
  local prefix = excerpt.character(head, #head + 1) - 1
  job.watch:at(job.list, piece.first, piece.last)
  local ok, message, code, detail = db:script(head .. piece.text .. (last and not job.careful and "\n;" .. tail(world, job) or ""))
  job.watch:at(nil)
  if not ok then
    detail = detail or {}
    return nil, message, code, detail, place(job, piece, detail, prefix, before)
  elseif job.careful and db:status() ~= "transaction" then
    job.escaped = true
    return nil, "the file ended the transaction that it ran in", "25P01", { severity = "ERROR" }, {}
  end
  return ok
end

-- One message for a small file; its end apart when only the server can tell what the file does to the transaction.
local function send(world, job)
  local ok, message, code, detail, at
  for number = 1, #job.pieces do
    ok, message, code, detail, at = send_piece(world, job, number)
    if not ok then
      return nil, message, code, detail, at
    end
  end
  if job.careful then
    ok, message, code, detail = world.db:script(tail(world, job))
    return ok, message, code, detail, { after = true }
  end
  return ok
end

local function failing_statement(job, at)
  local item = job.list and at.statement and job.list[at.statement]
  return item and item.text or job.text, item
end

local function failed(job, message, code, detail, at, advice)
  local outcome = ROLLED_BACK
  if job.escaped then
    outcome = "What it did before it ended its transaction is in the database; the history has no row of it. Look at both before you go on."
  elseif at.after and code ~= BIN_CHANGED then
    outcome = "All its statements ran, but the end of its transaction failed (a deferred constraint, or the history row). " .. ROLLED_BACK
  end
  return explain.failure({
    name = job.name, path = job.path, root = job.root, text = job.text, message = message, sqlstate = code, detail = detail,
    at = at, outcome = outcome, advice = advice,
  })
end

local function lost(world, job, message)
  local row = recover.look(world, ("SELECT id FROM %s WHERE id = $1"):format(job.state.qualified), job.row.id)
  if row then
    world.report:note(("the connection was lost while `%s` was being committed; it was committed"):format(job.name))
    return true
  end
  return recover.failure(job.name, message, row == false)
end

-- Does a file that failed run once more, after a pause where a lock stopped it? Else with what advice does it end?
local function tries_again(world, job, tries, code, at)
  if code == READ_ONLY and at.after and not job.fenced then
    -- All of the file ran, and it has made its transaction read only: the row stays outside of that.
    job.fenced = true
    return true
  elseif not retry.passes(code) then
    return false
  end
  local text, item = failing_statement(job, at)
  local again, who = contention.pause(world, tries, { name = job.name, line = item and item.line, text = text, code = code })
  return again, not again and contention.advice(tries, who) or nil
end

-- Runs a file whose watch is set.
local function run(world, job)
  local db = world.db
  local tries = retry.new(world.settings and world.settings:get("lock_budget"))
  while true do
    local ok, message, code, detail, at = send(world, job)
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
    local undone, why, state, more = db:roll_back()
    if not undone then
      return failed(job, message .. " (and the rollback failed: " .. why .. ")", state or code, more or detail, at)
    end
    if refusal.asks_to_leave(code, detail, failing_statement(job, at)) then
      return nil, message, "outside", { sqlstate = code, statement = at.statement, message = message }
    end
    local again, advice = tries_again(world, job, tries, code, at)
    if not again then
      return failed(job, message, code, detail, at, advice)
    end
  end
end

--- Runs a file.
-- @tparam table world db, report, settings, lock
-- @tparam table job { name, path, root, text (to run), original (the file's text), row = { id, checksum, migration_name },
--   careful, close_sql, state = { qualified, prelude, prelude_statements, session_sql, guard, heavy } }; its statements are counted
-- @treturn table { tries }
-- @treturn nil,string,string,table P3018 or P1017; "outside" when the server asks for statement mode, with the server's
--   failure as detail = { sqlstate, statement (number in the file), message }
function transaction.run(world, job)
  local watch <close> = progress.watch(world, job.name)
  job.watch = watch
  prepare(job)
  return run(world, job)
end

--- A new history row for a migration.
-- @tparam string name
-- @tparam string checksum
-- @treturn table { id, checksum, migration_name }
function transaction.new_row(name, checksum)
  return { id = hash.uuid(), checksum = checksum, migration_name = name }
end

return transaction
