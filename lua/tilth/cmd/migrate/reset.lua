--- tilth migrate reset: Prisma's verb; the data of before goes into a bin and not away.
local reset_command = {
  summary = "Begin anew: put the schema into the bin, apply all migrations, and seed.",
}

local connection = require("tilth.cmd.migrate.connection")
local environment = require("tilth.environment")
local flow = require("tilth.flow")

local NOT_INTERACTIVE <const> = "tilth has detected that the environment is non-interactive. It is recommended to run this command in an "
  .. "interactive environment.\n\nUse --force to run this command without user interaction."

--- Adds the command's arguments.
-- @tparam Parser parser
function reset_command.add_to_parser(parser)
  parser:description("Puts the schema into the bin (`tilth reset undo` brings it back), applies all migrations and runs the seeds.")
  parser:flag("-f --force", "Do not ask.")
  parser:flag("--skip-seed", "Do not seed.")
  parser:flag("--skip-generate", "Taken for Prisma's sake: tilth generates nothing.")
  parser:flag("--dry-run", "Say what would be done and change nothing.")
  connection.add_to_parser(parser)
  connection.add_locks_to_parser(parser)
end

local function confirm(args, ctx)
  if args.force or args.dry_run then
    return true
  end
  if not environment.interactive(ctx.env, ctx.stdin_is_terminal) then
    return nil, NOT_INTERACTIVE, "failed"
  end
  local answer = ctx.ask("Are you sure you want to reset your database? Its data will be put into the bin. (y/N) ")
  if not answer or not answer:lower():find("^%s*y") then
    return nil, "Reset cancelled.", "interrupted", { exit = 130 }
  end
  return true
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function reset_command.run(args, ctx)
  local ok, message, code, detail = confirm(args, ctx)
  if not ok then
    return nil, message, code, detail
  end
  return flow.run(ctx, {
    command = "migrate reset", reset = true, migrate = true, seed = not args.skip_seed, keeps_ledger = true, dry_run = args.dry_run,
  })
end

return reset_command
