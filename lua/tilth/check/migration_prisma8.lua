--- Refuses the other layout of migrations that Prisma 8 brings (migrations/app/*/ops.json).
local path = require("tilth.path")
local review = require("tilth.migrate.review")

return {
  id = "migration-prisma8",
  about = "migrations must be SQL files, not Prisma 8's operations",
  run = function(observed, plan)
    local file = observed.migrations and observed.migrations.prisma8
    if not review.migrates(plan) or not file then
      return {}
    end
    return { {
      id = "migration-prisma8", severity = "block", code = "config", exit = 2,
      message = ("these migrations have Prisma 8's layout (%s): programs of operations, not SQL files"):format(
        path.relative(file, observed.project.root)),
      advice = "tilth applies migrations that are SQL: prisma/migrations/<name>/migration.sql, as Prisma 2 to 7 write them. "
        .. "Use Prisma 8's own command for these.",
    } }
  end,
}
