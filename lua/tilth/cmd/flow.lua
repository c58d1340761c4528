--- tilth flow: reset (when asked), migrate (always), seed (when asked), build.
local flow_command = {
  summary = "Run the whole flow of a deployment: reset (if asked), migrate, seed (if asked), build.",
  database = true,
}

local script = require("tilth.script")

--- Adds the command's arguments.
-- @tparam Parser parser
function flow_command.add_to_parser(parser)
  parser:description([[
Runs, in this order:
  1. reset    only if RESET_DATABASE is exactly "true"; the data of before stays in a bin
  2. migrate  always; applies what is new, in the order of the names
  3. seed     only if RUN_SEED is exactly "true"; seeds/*.lua, else package.json's prisma.seed
  4. build    package.json's build script, else the command in tilth.config.lua
This is the script scripts/flow.lua; a copy of it can have steps of your own: tilth run deploy.lua]])
  parser:flag("--dry-run", "Say what would be done and change nothing.")
  parser:flag("--no-build", "Leave the build step out.")
end

--- Runs the command: scripts/flow.lua.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function flow_command.run(args, ctx)
  local words = {}
  words[#words + 1] = args.dry_run and "--dry-run" or nil
  words[#words + 1] = args.no_build and "--no-build" or nil
  return script.run_own("flow", ctx, table.unpack(words))
end

return flow_command
