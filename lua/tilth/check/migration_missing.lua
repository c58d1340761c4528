--- Says which applied migrations this checkout lacks.
local history = require("tilth.migrate.history")
local review = require("tilth.migrate.review")

local MOST <const> = 10

return {
  id = "migration-missing",
  about = "the checkout has all migrations that are applied",
  run = function(observed, plan)
    local found = review.effective(observed, plan).history
    if not found or found.in_step then
      return {}
    end
    local here, names = {}, {}
    for _, migration in ipairs(observed.migrations or {}) do
      here[migration.name] = true
    end
    for _, row in ipairs(found.rows) do
      if history.state(row) == "applied" and not here[row.migration_name] then
        here[row.migration_name] = true
        names[#names + 1] = "`" .. row.migration_name .. "`"
      end
    end
    if #names == 0 then
      return {}
    end
    local more = #names > MOST and (" and %d more"):format(#names - MOST) or ""
    return { {
      id = "migration-missing", severity = "warn",
      message = "applied to the database but not in this checkout: " .. table.concat(names, ", ", 1, math.min(#names, MOST)) .. more,
      advice = "Is this checkout older than the database, or was a migration's folder deleted or renamed? Nothing of it is undone.",
    } }
  end,
}
