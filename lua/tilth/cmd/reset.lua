--- tilth reset: empty the database (into the bin), migrate, seed; and undo, list, purge of what is in the bin.
local reset_command = {
  summary = "Reset the database into a bin and migrate it anew; undo, list, purge.",
  database = true,
}

local environment = require("tilth.environment")
local flow = require("tilth.flow")
local flow_observe = require("tilth.flow.observe")

local NOT_INTERACTIVE = "the environment is non-interactive, and nobody is there to ask whether to reset the database"

local SUB <const> = { "undo", "list", "purge" }

--- Adds the command's arguments.
-- @tparam Parser parser
function reset_command.add_to_parser(parser)
  parser:description("Puts the schema into a bin, makes an empty one and applies all migrations.\n"
    .. "`tilth reset undo` brings the old one back.")
  parser:flag("-f --force", "Do not ask; needed where there is no terminal.")
  parser:flag("--seed", "Run the seeds afterwards.")
  parser:flag("--dry-run", "Say what would be done and change nothing.")
  parser:command_target("action")
  parser:require_command(false)
  for _, name in ipairs(SUB) do
    require("tilth.cmd.reset." .. name).add_to_parser(parser)
  end
end

-- The name is asked for before the flow begins: nothing is observed, locked or written while a person thinks.
local function ask(ctx)
  local world, message, code, detail = flow_observe.open(ctx, { command = "reset", read_only = true })
  if not world then
    return nil, message, code, detail
  end
  local target = world.target
  world:close()
  ctx.report:progress(("This resets %s. Its data goes into a bin; `tilth reset undo` brings it back."):format(target.text))
  local typed = ctx.ask(("Type the database's name (%s) to go on: "):format(target.database))
  if typed == target.database then
    return typed
  end
  return nil, "Reset cancelled: what was typed is not the database's name. Nothing was changed.", "unsafe", { exit = 130 }
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function reset_command.run(args, ctx)
  if args.action then
    return require("tilth.cmd.reset." .. args.action).run(args, ctx)
  end
  local confirm
  if not args.force and not args.dry_run then
    if not environment.interactive(ctx.env, ctx.stdin_is_terminal) then
      return nil, NOT_INTERACTIVE, "unsafe", { advice = "Use --force to run this command without user interaction." }
    end
    local message, code, detail
    confirm, message, code, detail = ask(ctx)
    if not confirm then
      return nil, message, code, detail
    end
  end
  return flow.run(ctx, {
    command = "reset", reset = true, migrate = true, seed = args.seed, keeps_ledger = true, dry_run = args.dry_run, confirm = confirm,
  })
end

return reset_command
