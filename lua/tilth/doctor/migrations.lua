--- Probe: the migrations folder, before any database is asked.
local answer = require("tilth.doctor.answer")
local folder = require("tilth.migrate.folder")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local path = require("tilth.path")
local prisma8 = require("tilth.check.migration_prisma8")
local provider = require("tilth.check.migration_provider")

local EXPLAIN <const> = {
  missing = "it has no migration.sql", unreadable = "its migration.sql cannot be read", nul = "its migration.sql holds a NUL byte",
  encoding = "its migration.sql is not UTF-8",
}

local function broken(migrations)
  local lines = {}
  for _, migration in ipairs(migrations) do
    local problem = migration.problem
    if problem then
      lines[#lines + 1] = ("%s: %s%s"):format(migration.name, EXPLAIN[problem.kind] or problem.kind,
        problem.line and (" (line %d)"):format(problem.line) or "")
    end
  end
  return lines
end

local function run(world)
  local dir = world.project.migrations_dir
  local shown = path.relative(dir, world.project.root)
  local migrations, message, code = folder.read(fs, hash.sha256, dir)
  if not migrations then
    return answer.failure(message, code)
  end
  migrations.prisma8 = migrations.prisma8 or world.project.prisma8
  local refused = prisma8.run({ migrations = migrations, project = world.project }, nil)[1]
    or provider.run({ migrations = migrations, project = world.project }, nil)[1]
  if refused then
    return answer.failure(refused.message, refused.code, { exit = refused.exit, advice = refused.advice })
  elseif not migrations.exists then
    return answer.warn(("there is no folder %s"):format(shown),
      "Make the first migration with `npx prisma migrate dev`, or name the folder in tilth.config.lua: migrations = \"...\".")
  end
  local lines = broken(migrations)
  if #lines > 0 then
    return answer.warn(("%d of the %d migrations in %s cannot be applied"):format(#lines, #migrations, shown),
      table.concat(lines, "\n") .. "\nThat stops a deployment only while they are pending (see history).")
  end
  return answer.ok(("%d in %s"):format(#migrations, shown))
end

return { id = "migrations", needs = { "project" }, run = run }
