--- Says which applied migrations have been edited since: the database has what they were.
local history = require("tilth.migrate.history")
local review = require("tilth.migrate.review")

local ADVICE <const> = "An applied migration does not run again. Bring the file back as it was (git log), and put the change "
  .. "into a new migration."

local function finding(migration)
  if migration.changed == "edited" then
    return { id = "migration-edited", severity = "warn", advice = ADVICE,
      message = ("migration `%s` was edited after it was applied: the file's checksum is %s, the one of what was applied %s"):format(
        migration.name, migration.sha256, migration.stored) }
  elseif migration.changed == "line endings" then
    return { id = "migration-edited", severity = "note",
      message = ("migration `%s` has other line endings than when it was applied; nothing else differs"):format(migration.name) }
  end
  return nil
end

return {
  id = "migration-edited",
  about = "applied migrations are not edited",
  run = function(observed, plan)
    local findings, entries = {}, nil
    if observed.history and observed.history.in_step then
      return findings
    end
    for _, migration in ipairs(observed.migrations or {}) do
      if migration.changed then
        local found = review.effective(observed, plan).history
        entries = entries or history.by_name(found and found.rows or {})
        if entries[migration.name] and entries[migration.name].applied then
          findings[#findings + 1] = finding(migration)
        end
      end
    end
    return findings
  end,
}
