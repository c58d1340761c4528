--- Refuses a database that has tables but no history (P3005): the migrations would meet what is there.
local review = require("tilth.migrate.review")

local MOST <const> = 10

local function list(objects)
  local names = {}
  for position, entry in ipairs(objects) do
    if position > MOST then
      names[#names + 1] = ("and %d more"):format(#objects - MOST)
      break
    end
    names[#names + 1] = ("%s.%s"):format(entry.schema, entry.name) .. (entry.extension and " (extension " .. entry.extension .. ")" or "")
  end
  return table.concat(names, ", ")
end

return {
  id = "migration-not-empty",
  about = "a database with tables and no history is baselined first",
  run = function(observed, plan)
    local effective = review.effective(observed, plan)
    local found, objects = effective.history, effective.objects or {}
    if not review.migrates(plan) or not found or found.exists or #objects == 0 then
      return {}
    end
    local last = observed.migrations and observed.migrations[#observed.migrations]
    return { {
      id = "migration-not-empty", severity = "block", code = "P3005", exit = 1,
      message = "The database schema is not empty. Read more about how to baseline an existing production database: "
        .. ("https://pris.ly/d/migrate-baseline\n\nThere is no history of migrations, but there are tables: %s."):format(list(objects)),
      advice = "If these tables are what the migrations make, record the ones that are in the database already, without running them:\n"
        .. ("  tilth migrate baseline --up-to %s\n"):format(last and '"' .. last.name .. '"' or "NAME")
        .. "with the name of the last one that is. If they belong to something else, give this app a schema or a database of its own.",
    } }
  end,
}
