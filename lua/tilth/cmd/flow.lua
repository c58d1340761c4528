--- tilth flow: reset (when asked), migrate (always), seed (when asked), build.
local flow_command = {
  summary = "Run the whole flow of a deployment: reset (if asked), migrate, seed (if asked), build.",
  database = true,
}

local flow = require("tilth.flow")

--- Adds the command's arguments.
function flow_command.add_to_parser(parser)
  parser:description([[
Runs, in this order:
  1. reset    only if RESET_DATABASE is exactly "true"; the data of before stays in a bin
  2. migrate  always; applies what is new, in the order of the names
  3. seed     only if RUN_SEED is exactly "true"; seeds/*.lua, else package.json's prisma.seed
  4. build    package.json's build script, else the command in tilth.config.lua]])
  parser:flag("--dry-run", "Say what would be done and change nothing.")
  parser:flag("--no-build", "Leave the build step out.")
end

--- Runs the command.
-- @return result | nil, message, code, detail
function flow_command.run(args, ctx)
  return flow.run(ctx, {
    command = "flow",
    by_flags = true,
    migrate = true,
    pipeline = true,
    build = not args.no_build,
    keeps_ledger = true,
    local_server = true,
    dry_run = args.dry_run,
  })
end

return flow_command
