--- The record of a file that runs statement by statement: its row in the history, and in it how far the file has come.
-- @module tilth.migrate.journal

local journal = {}

local hash = require("tilth.hash")
local history = require("tilth.migrate.history")
local resume = require("tilth.migrate.resume")

-- The progress is written by the login role, whatever the file has set; after the transaction that holds again.
local AS_LOGIN <const> = "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE; "

local function update_sql(job, done, next_one)
  local list = job.statements_list
  local following = list[done + 1] or list[#list]
  next_one = next_one or {}
  local mark = history.mark({
    done = done, total = #list, running = next_one.running, indexes = next_one.indexes,
    already = next_one.already, line = following and following.line or 1, prefix = resume.checksum(hash.sha256, job.original, list, done),
  })
  return ("UPDATE %s SET applied_steps_count = %d, logs = %s WHERE id = %s"):format(job.state.qualified, done, job.db:literal(mark),
    job.db:literal(job.row.id))
end

--- The statements that record the progress inside the transaction that is open, in which the file may have changed its role.
-- @tparam table job
-- @tparam integer done how many statements of the file are done then
-- @treturn string
function journal.sql(job, done)
  return AS_LOGIN .. (job.state.guard or "") .. update_sql(job, done)
end

--- Records the progress by itself.
-- @tparam table job
-- @tparam integer done
-- @tparam table|nil next_one about the statement that follows: running = nobody could tell afterwards whether it ended;
--   indexes = how many indexes its table had before; already = what it makes was there before
-- @treturn table
-- @treturn nil,string,string,table
function journal.write(job, done, next_one)
  return job.db:script("BEGIN; " .. AS_LOGIN .. update_sql(job, done, next_one) .. "; COMMIT")
end

--- Makes the row.
-- @tparam table job
-- @treturn boolean true
-- @treturn nil,string,string,table
function journal.open(job)
  local state, row, db = job.state, job.row, job.db
  local insert = ("INSERT INTO %s (id, checksum, migration_name, started_at) VALUES (%s, %s, %s, pg_catalog.now())"):format(state.qualified,
    db:literal(row.id), db:literal(row.checksum), db:literal(row.migration_name))
  local ok, message, code, detail = db:script("BEGIN; " .. state.prelude .. job.close_sql .. insert .. "; "
    .. update_sql(job, 0) .. "; COMMIT")
  if not ok then
    db:roll_back()
    return nil, "cannot write the history of migrations: " .. message, code, detail
  end
  state.prelude, state.prelude_statements = "", 0
  return true
end

--- Takes a row over that an earlier run left open. The settings that its finished statements made are made again.
-- @tparam table job
-- @treturn boolean true
-- @treturn nil,string,string,table P3009 when the part that is done is another one now
function journal.take_over(job)
  local mark = history.read_mark(job.resume.logs)
  if not mark or not resume.fits(hash.sha256, job.original, mark) then
    return nil, ("migration `%s` stopped half-way, and the part that was done has been edited since"):format(job.name), "P3009", {
      advice = "Bring the finished statements back as they were; what comes after them may be changed.",
    }
  end
  job.row = { id = job.resume.id, checksum = job.row.checksum, migration_name = job.name }
  job.done, job.resumed = mark.done, mark
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

--- Is nothing of the file in the database, so that no row needs to say so?
-- @tparam table job
-- @treturn boolean
function journal.is_untouched(job)
  return job.done == 0 and not job.left_behind
end

--- Records a failure: nothing when nothing was done, else how far it came.
-- @tparam table job
-- @tparam string message
-- @tparam integer|nil number of the statement that failed
-- @treturn table
-- @treturn nil,string,string,table
function journal.fail(job, message, number)
  if journal.is_untouched(job) then
    return job.db:script(("DELETE FROM %s WHERE id = %s"):format(job.state.qualified, job.db:literal(job.row.id)))
  end
  local item = job.statements_list[number or job.done + 1]
  return job.db:script(update_sql(job, job.done) .. ";" .. ("UPDATE %s SET logs = logs || %s WHERE id = %s"):format(job.state.qualified,
    job.db:literal(("%s%d: %s"):format(history.STOPPED, item and item.line or 1, message)), job.db:literal(job.row.id)))
end

--- Records that the file is applied, and ends the settings that it made.
-- @tparam table job
-- @treturn table
-- @treturn nil,string,string,table
function journal.finish(job)
  return job.db:script(("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; %s; UPDATE %s SET "
    .. "finished_at = pg_catalog.clock_timestamp(), applied_steps_count = 1, logs = NULL WHERE id = %s"):format(job.state.session_sql,
    job.state.qualified, job.db:literal(job.row.id)))
end

return journal
