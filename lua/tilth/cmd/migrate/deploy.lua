--- tilth migrate deploy: applies what is pending.
local deploy_command = {
  summary = "Apply the migrations that are pending.",
}

local connection = require("tilth.cmd.migrate.connection")
local flow = require("tilth.flow")

--- Adds the command's arguments.
-- @tparam Parser parser
function deploy_command.add_to_parser(parser)
  parser:description([[
Applies the pending migrations in order. A migration and its row in the history are one
transaction, unless the file needs otherwise (CREATE INDEX CONCURRENTLY, its own BEGIN ...
COMMIT): then it runs statement by statement, and a later deploy goes on where it stopped.]])
  parser:flag("--dry-run", "Say what would be applied and change nothing.")
  connection.add_to_parser(parser)
  connection.add_locks_to_parser(parser)
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function deploy_command.run(args, ctx)
  return flow.run(ctx, { command = "migrate deploy", migrate = true, dry_run = args.dry_run })
end

return deploy_command
