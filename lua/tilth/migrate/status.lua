--- Judges how far a database is behind its migrations, in Prisma's words and beyond them. Pure.
-- @module tilth.migrate.status

local status = {}

local history = require("tilth.migrate.history")
local plan = require("tilth.migrate.plan")

local BASELINE <const> = "The current database is not managed by Prisma Migrate.\n        \nRead more about how to baseline an existing "
  .. "production database:\nhttps://pris.ly/d/migrate-baseline"

local FAILED <const> = [[
Following migration%s have failed:
%s

%s

The failed migration(s) can be marked as rolled back or applied:

- If you rolled back the migration(s) manually:
tilth migrate resolve --rolled-back "%s"

- If you fixed the database manually (hotfix):
tilth migrate resolve --applied "%s"

Read more about how to resolve migration issues in a production database:
https://pris.ly/d/migrate-resolve]]

local IN_DEVELOPMENT <const> = "During development if the failed migration(s) have not been deployed to a production database you can "
  .. "then fix the migration(s) and run prisma migrate dev."

local PENDING <const> = [[
Following migration%s have not yet been applied:
%s

To apply migrations in development run prisma migrate dev.
To apply migrations in production run tilth migrate deploy.]]

local DIVERGED <const> = [[
Your local migration history and the migrations table from your database are different:

The last common migration is: %s

The migration%s have not yet been applied:
%s

The migration%s from the database are not found locally in prisma/migrations:
%s]]

local RUNNING <const> = [[
Following migration%s being applied right now:
%s

A deployment is at work: %s.]]

local function plural(list)
  return #list == 1 and "" or "s"
end

local function lines(list)
  return table.concat(list, "\n")
end

local function last_common(migrations, entries)
  local last = "null"
  for _, migration in ipairs(migrations) do
    if not entries[migration.name] then
      return last
    end
    last = migration.name
  end
  return last
end

-- One that stopped half-way is told by its row.
local function list_of_pending(found, entry)
  if not entry then
    return found.unrecorded
  elseif not entry.failed then
    return found.rolled_back
  end
  return entry.failed.nothing_left and found.nothing_left or nil
end

--- Sorts the migrations into classes.
-- @tparam table observed with migrations and history
-- @treturn table { pending, unrecorded, rolled_back, nothing_left, failed, stopped, running, edited, line_endings, missing,
--   withdrawn (rolled back, and not in this checkout), applied }: lists of names; history = bool, last_common
function status.classes(observed)
  local entries = history.by_name(observed.history.rows)
  local found = {
    pending = {}, unrecorded = {}, rolled_back = {}, nothing_left = {}, failed = {}, stopped = {}, running = {}, edited = {},
    line_endings = {}, missing = {}, withdrawn = {}, applied = {}, history = observed.history.exists,
    last_common = last_common(observed.migrations, entries),
  }
  local here = {}
  for _, migration in ipairs(plan.pending(observed, entries)) do
    local list = list_of_pending(found, entries[migration.name])
    if list then
      list[#list + 1] = migration.name
    end
    found.pending[#found.pending + 1] = migration.name
  end
  for _, migration in ipairs(observed.migrations) do
    here[migration.name] = true
    local entry = entries[migration.name]
    if entry and entry.applied then
      found.applied[#found.applied + 1] = migration.name
      local list = migration.changed == "edited" and found.edited or (migration.changed == "line endings" and found.line_endings)
      if list then
        list[#list + 1] = migration.name
      end
    end
  end
  for _, row in ipairs(observed.history.rows) do
    local state = history.state(row)
    if state == "failed" then
      local list = row.running and found.running or row.resumable and found.stopped or found.failed
      list[#list + 1] = row.migration_name
    end
    if not here[row.migration_name] then
      here[row.migration_name] = true
      local entry = entries[row.migration_name]
      local list = (entry.applied or entry.failed) and found.missing or found.withdrawn
      list[#list + 1] = row.migration_name
    end
  end
  return found
end

local function remarks(found, without_missing)
  local parts = {}
  local function add(list, text)
    if #list > 0 then
      parts[#parts + 1] = text .. "\n" .. lines(list)
    end
  end
  add(found.stopped, "Stopped half-way; the next deploy goes on where they stopped:")
  add(found.nothing_left, "Recorded as failed, but nothing of it is in the database; the next deploy applies it again by itself:")
  add(found.rolled_back, "Rolled back, and applied again by the next deploy:")
  add(found.edited, "Edited after they were applied (the database has what they were):")
  add(found.line_endings, "Other line endings than when they were applied; nothing else differs:")
  if not without_missing then
    add(found.missing, "Recorded in the database, but not in this checkout:")
    add(found.withdrawn, "Rolled back, and not in this checkout (nothing is to be done):")
  end
  return parts
end

local function with_remarks(found, text, without_missing)
  return table.concat({ text, table.unpack(remarks(found, without_missing)) }, "\n\n")
end

--- Says where the database stands. Exit statuses are Prisma's: 0 in sync, else 1. What Prisma overlooks (a migration that was
-- rolled back is pending) counts here.
-- @tparam table observed with migrations, history, and the holder of the migration lock, if any (running.observe)
-- @treturn table { state = "up to date" | "pending" | "running" | "diverged" | "failed" | "unmanaged", text, exit, exact,
--   classes }; exact is the status of --exit-code: 0 in sync in every respect, 1 deploy would apply something, 3 somebody has to look
function status.judge(observed)
  local found = status.classes(observed)
  local function answer(state, text, exit, exact)
    return { state = state, text = text, exit = exit, exact = exact, classes = found }
  end
  if #found.failed > 0 then
    local text = FAILED:format(plural(found.failed), lines(found.failed), IN_DEVELOPMENT, found.failed[1], found.failed[1])
    if #found.unrecorded > 0 then
      text = text .. "\n\n" .. ("Not yet applied:\n%s"):format(lines(found.unrecorded))
    end
    return answer("failed", with_remarks(found, text), 1, 3)
  elseif #found.running > 0 then
    return answer("running", with_remarks(found, RUNNING:format(#found.running == 1 and " is" or "s are", lines(found.running),
      observed.holder.text)), 1, 1)
  elseif not found.history and #observed.migrations == 0 then
    return answer("unmanaged", BASELINE, 1, 1)
  elseif #found.unrecorded > 0 and #found.missing + #found.withdrawn > 0 then
    local elsewhere = table.move(found.withdrawn, 1, #found.withdrawn, #found.missing + 1, { table.unpack(found.missing) })
    local text = DIVERGED:format(found.last_common, plural(found.unrecorded), lines(found.unrecorded), plural(elsewhere), lines(elsewhere))
    return answer("diverged", with_remarks(found, text, true), 1, (#found.missing > 0 or #found.edited > 0) and 3 or 1)
  elseif #found.pending > 0 then
    local text = PENDING:format(plural(found.pending), lines(found.pending))
    if observed.holder then
      text = ("%s\n\nA deployment is at work right now: %s."):format(text, observed.holder.text)
    end
    return answer("pending", with_remarks(found, text), 1,
      #found.edited > 0 and 3 or 1)
  end
  local exact = (#found.edited > 0 or #found.missing > 0) and 3 or 0
  return answer("up to date", with_remarks(found, "Database schema is up to date!"), 0, exact)
end

return status
