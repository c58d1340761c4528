--- Refuses a migrations folder that was made for another database (P3019).
local path = require("tilth.path")
local review = require("tilth.migrate.review")

local ADVICE <const> = "These migrations are SQL of another database. Remove the folder and start a new history, or, where the SQL is "
  .. "PostgreSQL's all the same, write exactly: provider = \"postgresql\""

return {
  id = "migration-provider",
  about = "migration_lock.toml must name postgresql",
  run = function(observed, plan)
    local file = observed.migrations and observed.migrations.lock_file
    if not review.migrates(plan) or not file or not file.found or file.provider == "postgresql" then
      return {}
    end
    local message = ("The datasource provider `postgresql` specified in your schema does not match the one specified in the "
      .. "migration_lock.toml, `%s`. (%s%s)"):format(file.provider or "<PROVIDER NOT FOUND>",
      path.relative(file.path, observed.project.root), file.line and ":" .. file.line or "")
    return { { id = "migration-provider", severity = "block", code = "P3019", exit = 1, message = message, advice = ADVICE } }
  end,
}
