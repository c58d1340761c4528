--- Refuses to go on over a migration that is recorded as failed (P3009), and says why it failed.
local history = require("tilth.migrate.history")
local review = require("tilth.migrate.review")

local LOG_LINES <const> = 8

local TEXT <const> = "migrate found failed migrations in the target database, new migrations will not be applied. Read more about how "
  .. "to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve"

local NOTHING_LEFT <const> = "migration `%s` is recorded as failed, but nothing that it makes is in the database: its record is closed as "
  .. "rolled back, and it is applied again"

local function first_lines(logs)
  local lines = {}
  for line in (logs .. "\n"):gmatch("(.-)\r?\n") do
    -- The engine's own stack follows the server's words.
    if line:find("^%s*%d+: [%w_]+::") or #lines == LOG_LINES then
      break
    end
    if line:find("%S") then
      lines[#lines + 1] = "    " .. line:gsub("\27%[[%d;]*m", "")
    end
  end
  return table.concat(lines, "\n")
end

local function explain(row, here, applied)
  local line = ("The `%s` migration started at %s failed"):format(row.migration_name, (row.started_at:gsub("%+00$", " UTC")))
  if applied then
    return line .. "\n  Another row says that it is applied."
  elseif row.mark and row.mark.running then
    return line .. "\n  It was stopped while a statement ran that manages transactions of its own; nobody can tell how far that came."
  elseif row.mark then
    return line .. ("\n  tilth had done %d of its %d statements, and %s."):format(row.mark.done, row.mark.total,
      here and "that part of the file has been edited since" or "the file is not in this checkout")
  elseif row.logs and row.logs:find("%S") then
    return line .. "\n  What was recorded:\n" .. first_lines(row.logs)
  end
  return line .. "\n  Nothing was recorded: the run was killed, or lost its connection. The file may have been applied, or not."
end

local function advice(name, applied)
  if applied then
    return ("Look at the database. If all of `%s` is there, close the row of the failure:\n"):format(name)
      .. ("  tilth migrate resolve --rolled-back \"%s\""):format(name)
  end
  return ("Look at the database. If nothing of `%s` is there (Prisma runs a file as one transaction unless it has its own):\n"):format(name)
    .. ("  tilth migrate resolve --rolled-back \"%s\"     it is applied again by the next deploy\n"):format(name)
    .. "If all of it is there, or you have finished it by hand:\n"
    .. ("  tilth migrate resolve --applied \"%s\""):format(name)
end

return {
  id = "migration-failed",
  about = "no deployment goes on over a migration that is recorded as failed",
  run = function(observed, plan)
    local found = review.effective(observed, plan).history
    if not review.migrates(plan) or not found or found.in_step then
      return {}
    end
    local lines, findings, first, here, entries = {}, {}, nil, {}, history.by_name(found.rows)
    for _, migration in ipairs(observed.migrations or {}) do
      here[migration.name] = true
    end
    for _, row in ipairs(found.rows) do
      if history.state(row) == "failed" and row.nothing_left then
        findings[#findings + 1] = { id = "migration-failed", severity = "note", message = NOTHING_LEFT:format(row.migration_name) }
      elseif history.state(row) == "failed" and not row.resumable then
        first = first or row.migration_name
        lines[#lines + 1] = explain(row, here[row.migration_name], entries[row.migration_name].applied)
      end
    end
    if first then
      findings[#findings + 1] = {
        id = "migration-failed", severity = "block", code = "P3009", exit = 1,
        message = TEXT .. "\n" .. table.concat(lines, "\n"), advice = advice(first, entries[first].applied),
      }
    end
    return findings
  end,
}
