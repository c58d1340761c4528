--- Runs one unit of a file: what can be a transaction is one, together with its progress; only what must stay outside does.
-- @module tilth.migrate.unit

local unit = {}

local concurrent = require("tilth.migrate.concurrent")
local excerpt = require("tilth.migrate.excerpt")
local journal = require("tilth.migrate.journal")
local lock = require("tilth.migrate.lock")
local opening = require("tilth.migrate.opening")
local statements = require("tilth.migrate.statements")

-- The file's text from one statement to another, and the characters before it.
local function slice(job, first, last)
  local list = job.statements_list
  local from, to = list[first].position, list[last].position + #list[last].text - 1
  return job.original:sub(from, to), excerpt.character(job.original, from) - 1
end

-- Sends a message in which the file's text begins after `prefix` characters and `before` statements.
local function send(job, message, first, last, text_at, prefix, before)
  job.watch:at(job.statements_list, first, last)
  local ok, why, code, detail = job.db:script(message)
  job.watch:at(nil)
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
  local fenced = text:lower():find("read[%s_]+only") ~= nil
  local head, before = opening.head(job.statements_list[first].text, "", 0, fenced)
  local message = head .. text .. "\n;" .. opening.tail(fenced) .. journal.sql(job, last) .. "; COMMIT"
  return send(job, message, first, last, text_at, #head, before)
end

-- The author's own BEGIN ... COMMIT: the progress is written just before its COMMIT, where that can be.
local function send_own(job, own)
  local list, first = job.statements_list, math.max(own.first, job.done + 1)
  local text, text_at = slice(job, first, math.max(own.last - 1, first))
  text = own.last > first and text .. "\n;" or ""
  -- AND CHAIN is two steps: it ends this one, and the next one begins as this one began.
  local begin = own.begin < own.first and list[own.begin].text .. ";" or ""
  local ending = list[own.last].chain and (own.ends == "end" and "COMMIT" or "ROLLBACK") or list[own.last].text
  local holds_progress = own.ends == "end" and not own.read_only
  local message = begin .. text .. (holds_progress and journal.sql(job, own.last) .. ";" or "") .. ending
  local ok, why, code, detail, at = send(job, message, first, own.last, text_at, excerpt.character(begin, #begin + 1) - 1,
    begin == "" and 0 or 1)
  if not ok then
    return nil, why, code, detail, at
  end
  return holds_progress and ok or journal.write(job, own.last)
end

local function patience(job, item)
  -- A concurrent build waits for old transactions, and nobody waits for it: a short timeout would only break it.
  if not (item.create_index or item.reindex or item.drop_indexes) or job.sets_lock_timeout then
    return true
  end
  local seconds = job.settings and job.settings:get("lock_budget") or 300
  return job.db:script(("SET lock_timeout = '%ds'"):format(math.max(math.ceil(seconds), 1)))
end

--- Drops the invalid indexes that a broken build of a statement left, and says so.
-- @tparam table job
-- @tparam table item the statement
-- @treturn boolean true
-- @treturn nil,string,string,table
function unit.clean(job, item)
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
    ok, why, code, detail = unit.clean(job, item)
  end
  local text = item.text
  if ok then
    text, why, code, detail = concurrent.text(job.db, item)
  end
  if not ok or not text then
    return nil, why, code, detail, { statement = number }
  end
  local at
  ok, why, code, detail, at = send(job, text, number, number, excerpt.character(job.original, item.position) - 1, 0, 0)
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

-- Writes down what has to be known after a crash to tell whether the statement had ended.
local function announce(job, number, item)
  if item.judged then
    return journal.write(job, number - 1, { running = true })
  elseif item.create_index and not item.create_index.name then
    local count, why, code, detail = concurrent.count(job.db, item)
    if not count then
      return nil, why, code, detail
    end
    return journal.write(job, number - 1, { indexes = count })
  end
  local already, why, code, detail = concurrent.ended(job.db, item)
  if already == nil then
    return nil, why, code, detail
  elseif already or (job.resumed and number == job.resumed.done + 1) then
    return journal.write(job, number - 1, { already = already })
  end
  return true
end

-- Did the statement end in an earlier run, which was cut short before it could say so? One that failed did not.
local function ended_before(job, number, item)
  local mark = job.resumed
  if not mark or number ~= mark.done + 1 or mark.stopped or mark.already then
    return false
  end
  return concurrent.ended(job.db, item, mark.indexes)
end

local function send_alone(job, number)
  local item = job.statements_list[number]
  local ended, why, code, detail = ended_before(job, number, item)
  if ended == nil then
    return nil, why, code, detail, { statement = number }
  elseif ended then
    return journal.write(job, number)
  end
  local ok, at
  ok, why, code, detail = announce(job, number, item)
  if not ok then
    return nil, why, code, detail, { statement = number }
  end
  ok, why, code, detail, at = run_outside(job, number, item)
  if not ok then
    return nil, why, code, detail, at
  end
  return journal.write(job, number)
end

local SENDERS = {
  transaction = function(job, one)
    return send_transaction(job, math.max(one.first, job.done + 1), one.last)
  end,
  own = send_own,
  alone = function(job, one)
    return send_alone(job, one.first)
  end,
  stray = function(job, one)
    return journal.write(job, one.last)
  end,
}

--- Runs a unit, and records that it is done.
-- @tparam table job
-- @tparam table one of statements.split
-- @treturn boolean|table
-- @treturn nil,string,string,table,table the last one is { position, statement } in the file
function unit.run(job, one)
  return SENDERS[one.kind](job, one)
end

--- Cuts a unit in two or three where the server does not let a statement run in its transaction.
-- @tparam {table,...} units changed in place
-- @tparam integer position of the unit
-- @tparam integer|nil number of the statement
-- @tparam string code the server's SQLSTATE
-- @tparam {table,...} list the file's statements
-- @treturn boolean whether it could be cut
function unit.cut(units, position, number, code, list)
  local one = units[position]
  if one.kind == "own" and one.ends == "end" then
    return statements.part(units, position)
  elseif not number or number < one.first or number > one.last or one.kind ~= "transaction" then
    return false
  end
  local parts = {}
  if number > one.first then
    parts[1] = { kind = "transaction", first = one.first, last = number - 1 }
  end
  if code == "55P04" then
    if number == one.first then
      return false
    end
    parts[#parts + 1] = { kind = "transaction", first = number, last = one.last }
  else
    list[number].judged = true
    parts[#parts + 1] = { kind = "alone", first = number, last = number }
    if number < one.last then
      parts[#parts + 1] = { kind = "transaction", first = number + 1, last = one.last }
    end
  end
  table.remove(units, position)
  for offset, part in ipairs(parts) do
    table.insert(units, position + offset - 1, part)
  end
  return true
end

return unit
