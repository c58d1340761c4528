--- Real Prisma as one side of a comparison, where node and npm are there.
local prisma = {}

local prisma_cli = require("conformance.prisma_cli")

--- The command that runs Prisma's CLI on its WASM engine.
-- @tparam table place of ground
-- @tparam table args
-- @tparam string project
-- @tparam string database
-- @treturn table command of measure
-- @treturn[2] nil
-- @treturn[2] string why Prisma cannot be run
function prisma.command(place, args, project, database)
  local variables = place:environment(database)
  local prepared, why = prisma_cli.command({ args = args, cwd = project, url = variables.DATABASE_URL })
  if not prepared then
    return nil, why
  end
  for name, value in pairs(prepared.env) do
    variables[name] = value
  end
  local argv = { prepared.program }
  table.move(prepared.args, 1, #prepared.args, 2, argv)
  return { argv = argv, env = variables, cwd = project }
end

return prisma
