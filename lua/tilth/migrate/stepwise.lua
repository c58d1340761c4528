--- Runs a file statement by statement, with its progress recorded, so that a later run goes on where this one stopped.
-- @module tilth.migrate.stepwise

local stepwise = {}

local contention = require("tilth.migrate.contention")
local explain = require("tilth.migrate.explain")
local journal = require("tilth.migrate.journal")
local progress = require("tilth.migrate.progress")
local refusal = require("tilth.migrate.refusal")
local retry = require("tilth.migrate.retry")
local syntax = require("tilth.migrate.syntax")
local unit = require("tilth.migrate.unit")

local UNREADABLE <const> = "Nothing of it was run: database and history are as before it."
local UNREADABLE_REST <const> = "Nothing more of it was run; what is done stays recorded."

-- With something in the bin, a failure brings that back, and what the file has done goes.
local function is_taken_back(job)
  return (job.state.guard or "") ~= ""
end

local function outcome_of(job)
  if journal.is_untouched(job) then
    return "Its first step failed: nothing of it is in the database, and the history is as before it."
  end
  if is_taken_back(job) then
    return ("%d of its %d statements were done before."):format(job.done, #job.statements_list)
  end
  local following = job.statements_list[job.done + 1]
  local finished = job.done == 1 and "Statement 1 of %d is" or "Statements 1 to " .. job.done .. " of %d are"
  return (finished .. " done and recorded; the next deploy goes on with statement %d (line %d)."):format(#job.statements_list,
    job.done + 1, following and following.line or 1)
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
  job.db:roll_back()
  job.db:script("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; " .. job.state.session_sql)
  local item = at and at.statement and job.statements_list[at.statement]
  if item and not unit.clean(job, item) then
    job.left_behind = true
  end
  local recorded, why = journal.fail(job, message, at and at.statement)
  local outcome = outcome_of(job)
  if not recorded then
    outcome = outcome .. " (And that could not be recorded: " .. why .. ")"
  end
  return explain.failure({
    name = job.name, path = job.path, root = job.root, text = job.original, message = message, sqlstate = code, detail = detail,
    at = at, outcome = outcome, advice = advice, recorded = not (journal.is_untouched(job) or is_taken_back(job)),
  })
end

-- Runs one unit, again and again while only a lock stops it. true, false when it was cut into smaller ones, or nil, ...
local function run_unit(world, job, units, position)
  local tries = retry.new(job.settings and job.settings:get("lock_budget"))
  while true do
    local one = units[position]
    local ok, message, code, detail, at = unit.run(job, one)
    if ok and job.db:status() == "idle" then
      job.done = one.last
      return true
    elseif ok then
      message, code, detail, at = "the statements left a transaction open", "25001", {}, { statement = one.first }
    end
    detail = detail or {}
    if detail.lost or not job.db:roll_back() then
      return fail(job, message, code, detail, at)
    end
    local number = at and at.statement
    local item = job.statements_list[number or one.first] or job.statements_list[one.first]
    if refusal.asks_to_leave(code, detail, item.text) and unit.cut(units, position, number, code, job.statements_list) then
      return false
    end
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
  local ok, message, code, detail = journal.finish(job)
  if ok then
    return true
  elseif detail and detail.lost then
    return lost(job, message)
  end
  return nil, "cannot write the history of migrations: " .. message, code, detail
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
  local readable, message, code, detail, at = syntax.check(world.db, job.original, job.statements_list)
  if not readable then
    return explain.failure({
      name = job.name, path = job.path, root = job.root, text = job.original, message = message, sqlstate = code, detail = detail,
      at = at, outcome = job.resume and UNREADABLE_REST or UNREADABLE, recorded = job.resume ~= nil,
    })
  end
  return (job.resume and journal.take_over or journal.open)(job)
end

--- Runs a file.
-- @tparam table world db, report, settings
-- @tparam table job { name, path, root, original, row, state, resume }
-- @tparam table analysis { statements, units } of statements.split
-- @treturn boolean true
-- @treturn nil,string,string,table P3018 with how far it came, or P1017
function stepwise.run(world, job, analysis)
  local watch <close> = progress.watch(world, job.name)
  job.watch = watch
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
