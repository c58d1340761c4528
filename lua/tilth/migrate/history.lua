--- The history of migrations: Prisma's table _prisma_migrations, its rows and what they mean. Pure: SQL texts.
-- @module tilth.migrate.history

local history = {}

history.TABLE = "_prisma_migrations"

--- The advisory lock that Prisma and tilth hold while they migrate.
history.LOCK_KEY = 72707369

-- Prisma's own definition, with the name qualified.
local CREATE <const> = [[
CREATE TABLE %s (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)]]

-- Of a finished row only its name and checksum matter, and there may be thousands; logs of failed ones can be long.
local SELECT <const> = [[
SELECT migration_name, checksum, finished_at IS NOT NULL OR NULL AS finished_at, rolled_back_at,
 CASE WHEN finished_at IS NULL THEN id END AS id, CASE WHEN finished_at IS NULL THEN started_at END AS started_at,
 CASE WHEN finished_at IS NULL THEN pg_catalog.left(logs, 20000) END AS logs
 FROM %s ORDER BY _prisma_migrations.started_at, migration_name COLLATE pg_catalog."C"]]

local SELECT_WHOLE <const> = [[
SELECT id, checksum, finished_at, migration_name, rolled_back_at, started_at, applied_steps_count,
 CASE WHEN finished_at IS NULL THEN pg_catalog.left(logs, 20000) END AS logs
 FROM %s ORDER BY started_at, migration_name COLLATE pg_catalog."C"]]

-- The text that a folder's listing is compared with.
local SELECT_LISTING <const> = [[
SELECT count(*) AS rows, count(*) FILTER (WHERE finished_at IS NULL OR rolled_back_at IS NOT NULL) AS unclear,
 string_agg(checksum || '/' || migration_name || '/', '' ORDER BY migration_name COLLATE pg_catalog."C") AS listing
 FROM %s]]

local LONGEST_NAME <const> = 255

local MARK <const> = "tilth: statement by statement: "

--- What follows the mark when a statement failed: its line and the error come after it.
history.STOPPED = "\n\nstopped at line "

--- Why the history cannot hold a migration's name.
-- @tparam string name
-- @treturn string|nil message, nil when it can
function history.refuses(name)
  local length = utf8.len(name)
  if not length then
    return ("the name of migration `%s` is not UTF-8, as the history's names are"):format((name:gsub("[\128-\255]", "?")))
  elseif length > LONGEST_NAME then
    return ("the name of migration `%s` is longer than the %d characters that the history holds"):format(name, LONGEST_NAME)
  end
  return nil
end

--- The statement that makes the table.
-- @tparam string name the table's name, qualified and quoted
-- @treturn string
function history.create_sql(name)
  return CREATE:format(name)
end

--- The statement that reads all rows, the oldest first. Finished rows come as { migration_name, checksum, finished_at = true }.
-- @tparam string name the table's name, as SQL
-- @tparam boolean|nil whole all columns, with their times
-- @treturn string
function history.select_sql(name, whole)
  return (whole and SELECT_WHOLE or SELECT):format(name)
end

--- The statement that reads the history as one text: { rows, unclear = how many are failed or rolled back, listing }.
-- @tparam string name the table's name, as SQL
-- @treturn string
function history.listing_sql(name)
  return SELECT_LISTING:format(name)
end

--- The statement that says when the history began: { began = text in UTC, nil when it is empty }.
-- @tparam string name the table's name, as SQL
-- @treturn string
function history.began_sql(name)
  return ("SELECT to_char(min(started_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS began FROM %s"):format(name)
end

--- Is all that the folder holds applied as it is there, and nothing else recorded? Neither names of folders nor checksums hold
-- a slash, so that the same number of rows and the same text mean the same rows.
-- @tparam table migrations as folder.read gives them, with listing
-- @tparam table row of history.listing_sql
-- @treturn boolean
function history.in_step(migrations, row)
  return migrations.listing ~= nil and row.unclear == 0 and row.rows == #migrations and (row.listing or "") == migrations.listing
end

--- The rows of a history that is in step with the folder, as select_sql would give them.
-- @tparam {table,...} migrations
-- @treturn {table,...}
function history.rows_in_step(migrations)
  local rows = {}
  for position, migration in ipairs(migrations) do
    rows[position] = { migration_name = migration.name, checksum = migration.sha256, finished_at = true }
  end
  return rows
end

--- The statement that records a migration that ran in the transaction that is open.
-- @tparam table db for its literals
-- @tparam string name the table's name, qualified and quoted
-- @tparam table row { id, checksum, migration_name }
-- @treturn string
function history.insert_applied_sql(db, name, row)
  return ("INSERT INTO %s (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count)"
    .. " VALUES (%s, %s, pg_catalog.clock_timestamp(), %s, NULL, NULL, pg_catalog.now(), 1)"):format(name,
    db:literal(row.id), db:literal(row.checksum), db:literal(row.migration_name))
end

--- The statement that marks the open rows of a migration as rolled back.
-- @tparam table db for its literals
-- @tparam string name the table's name, qualified and quoted
-- @tparam string migration
-- @treturn string
function history.close_sql(db, name, migration)
  return ("UPDATE %s SET rolled_back_at = pg_catalog.clock_timestamp() WHERE migration_name = %s AND finished_at IS NULL"
    .. " AND rolled_back_at IS NULL"):format(name, db:literal(migration))
end

--- What a row says about its migration.
-- @tparam table row
-- @treturn string "applied", "failed" (or still running) or "rolled back"
function history.state(row)
  if row.rolled_back_at then
    return "rolled back"
  end
  return row.finished_at and "applied" or "failed"
end

--- The mark that tilth leaves in `logs` of a file that runs statement by statement, to go on from there later.
-- @tparam table progress { done, total, prefix = SHA-256 of the text up to the last finished statement, line = of the next
--   statement, running = bool (that one runs now, and nobody could tell afterwards whether it ended), indexes = how many its
--   table had before it (it makes one more, which has no name yet), already = bool (the database was before it as it is after it) }
-- @treturn string
function history.mark(progress)
  local following = progress.running and ", one running" or progress.already and ", the next one's work there before it"
    or progress.indexes and (", %d indexes before"):format(progress.indexes) or ""
  return ("%s%d of %d done%s, text %s\nRun `tilth migrate deploy` again: it goes on at line %d."):format(MARK, progress.done,
    progress.total, following, progress.prefix, progress.line)
end

--- Reads such a mark.
-- @tparam string|nil logs
-- @treturn table|nil { done, total, prefix, running, indexes, already, stopped = the statement after it failed (and did not vanish) }
function history.read_mark(logs)
  if not logs or logs:sub(1, #MARK) ~= MARK then
    return nil
  end
  local done, total, following, prefix = logs:match("^(%d+) of (%d+) done([^\n]-), text (%x*)", #MARK + 1)
  return done and {
    done = math.tointeger(done), total = math.tointeger(total), prefix = prefix, running = following == ", one running",
    indexes = math.tointeger(following:match("^, (%d+) indexes before$")),
    already = following == ", the next one's work there before it", stopped = logs:find(history.STOPPED, 1, true) ~= nil,
  } or nil
end

--- Sorts the rows by migration.
-- @tparam {table,...} rows
-- @treturn table name -> { applied = row|nil, failed = row|nil, rolled_back = row|nil }, the latest row of each kind
function history.by_name(rows)
  local found = {}
  for _, row in ipairs(rows) do
    local entry = found[row.migration_name]
    if not entry then
      entry = {}
      found[row.migration_name] = entry
    end
    entry[row.rolled_back_at and "rolled_back" or row.finished_at and "applied" or "failed"] = row
  end
  return found
end

return history
