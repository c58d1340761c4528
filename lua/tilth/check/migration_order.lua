--- Says which pending migrations sort before one that is applied, and where Prisma's versions order names differently.
local history = require("tilth.migrate.history")
local review = require("tilth.migrate.review")

local function late_names(migrations, entries, is_pending)
  local last_applied, names = nil, {}
  for position = #migrations, 1, -1 do
    local name = migrations[position].name
    local entry = entries[name]
    if last_applied and is_pending[name] then
      table.insert(names, 1, "`" .. name .. "`")
    elseif not last_applied and entry and entry.applied then
      last_applied = name
    end
  end
  return names, last_applied
end

return {
  id = "migration-order",
  about = "pending migrations sort after the applied ones",
  run = function(observed, plan)
    local findings, effective = {}, review.effective(observed, plan)
    if not review.migrates(plan) or not effective.history or not observed.migrations then
      return findings
    end
    local pending, count = review.pending(effective, plan)
    if count == 0 then
      return findings
    end
    local names, last = late_names(observed.migrations, history.by_name(effective.history.rows), pending)
    if #names > 0 then
      findings[1] = { id = "migration-order", severity = "warn",
        message = ("out of order: %s %s before `%s`, which is applied already"):format(table.concat(names, ", "),
          #names == 1 and "sorts" or "sort", last),
        advice = "They are applied now. On a new database the order is another one: see that both orders give the same schema." }
    end
    if count > 1 and observed.migrations.byte_order_differs then
      findings[#findings + 1] = { id = "migration-order", severity = "note",
        message = "some names of migrations sort differently in Prisma before 6.6 (by bytes); tilth goes by Prisma 6.6 and later" }
    end
    return findings
  end,
}
