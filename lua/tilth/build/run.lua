--- The build step: runs the project's own build command and passes its status through.
local run = {}

local process = require("tilth.process")

-- Seconds that an interrupted build has to end: less than the clean-up has in all, so that the ledger is written after it.
local GRACE <const> = 3

--- Runs the build.
-- @param world  the flow's world; world.child_env is added to the child's environment
-- @param action { argv, cwd, name }
-- @return step { kind = "build", name, seconds }
-- @return nil, message, code, detail (detail.exit: the child's own status)
function run.run(world, action)
  world.report:progress("Building: " .. action.name)
  local ended, message, code = process.run(action.argv, {
    cwd = action.cwd, env = world.child_env, stdin = "null", grace = GRACE,
    -- With --json standard output is for the one document.
    stdout = world.report.json and function(chunk) io.stderr:write(chunk) end or "inherit",
  })
  if not ended then
    return nil, ("build: cannot start `%s`: %s"):format(action.name, message), code, {
      advice = "Is the program installed on this machine, and on PATH? Amplify builds have node and npm.",
    }
  end
  if ended.kind ~= "exit" or ended.code ~= 0 then
    return nil, ("build: `%s` failed: %s"):format(action.name, process.describe(ended)), "failed", {
      exit = process.status(ended),
      advice = "The database work before it is done and stays; its own output above says what went wrong.",
    }
  end
  world.report:done("Built: " .. action.name, ended.seconds)
  return { kind = "build", name = action.name, seconds = ended.seconds }
end

return run
