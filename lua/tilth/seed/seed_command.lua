--- Runs Prisma's seed command (package.json `prisma.seed`), and passes its exit status through.
local seed_command = {}

local process = require("tilth.process")
local command = require("tilth.seed.command")

local MISSING <const> = 2

-- Seconds that an interrupted command has to end: less than the clean-up has in all, so that the ledger is written after it.
local GRACE <const> = 3

local function environment(world, folder)
  local variables = {}
  for name, value in pairs(world.env or {}) do
    variables[name] = value
  end
  for name, value in pairs(world.child_env or {}) do
    variables[name] = value
  end
  variables.PATH = command.path(folder, variables.PATH)
  return variables
end

--- Carries the action out.
-- @param world  the flow's world: env (with what .env added), child_env, ctx.cwd, project, report
-- @param action { argv, text, from }
-- @return step { kind = "seed_command", name, seconds } | nil, message, code, detail (detail.exit: the command's own status)
function seed_command.run(world, action)
  -- Prisma's seed commands name files from the folder where the command was given.
  local folder = world.ctx and world.ctx.cwd or world.project.root
  world.report:progress(("Running seed command `%s` ..."):format(action.text))
  local ended, message, code = process.run(action.argv, {
    cwd = folder, env = environment(world, folder), stdin = "null", grace = GRACE,
    -- With --json standard output is for the one document.
    stdout = world.report.json and function(chunk) io.stderr:write(chunk) end or "inherit",
  })
  if not ended then
    return nil, ("the seed command `%s` cannot be started: %s"):format(action.text, message), code, {
      advice = code == MISSING and ("Is %s a devDependency that this build leaves out (npm ci --omit=dev)? "
        .. "node_modules/.bin of the project is searched."):format(action.argv[1]) or nil,
    }
  end
  if ended.kind ~= "exit" or ended.code ~= 0 then
    return nil, ("the seed command `%s` (%s) failed: %s"):format(action.text, tostring(action.from), process.describe(ended)), "failed", {
      exit = process.status(ended), advice = "Its own output above says why. tilth cannot roll back what it did.",
    }
  end
  world.report:done("🌱  The seed command has been executed.", ended.seconds)
  return { kind = "seed_command", name = action.name, seconds = ended.seconds, tables = {} }
end

return seed_command
