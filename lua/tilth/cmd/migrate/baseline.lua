--- tilth migrate baseline: gives an existing database a history.
local baseline_command = {
  summary = "Give an existing database a history: record its migrations without running them.",
}

local baseline = require("tilth.migrate.baseline")
local connection = require("tilth.cmd.migrate.connection")
local json = require("tilth.json")
local lock = require("tilth.migrate.lock")
local world = require("tilth.flow.observe")

--- Adds the command's arguments.
-- @tparam Parser parser
function baseline_command.add_to_parser(parser)
  parser:description("For a database that has the tables but no history (P3005). Nothing is run: the migrations are recorded as applied.")
  parser:option("--up-to", "The last migration that is in the database already (default: all)."):argname("NAME")
  parser:flag("--force", "Record them although the database has no tables.")
  parser:flag("--dry-run", "Say what would be recorded and change nothing.")
  connection.add_to_parser(parser)
  parser:option("--lock-patience", "Wait so long for another deployment, such as 10min."):argname("TIME")
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function baseline_command.run(args, ctx)
  local opened <close>, message, code, detail = world.open(ctx, { command = "migrate baseline" })
  if not opened then
    return nil, message, code, detail
  end
  local held
  held, message, code, detail = lock.acquire(opened.db, { patience = opened.settings:get("lock_patience"), report = ctx.report })
  if not held then
    return nil, message, code, detail
  end
  local names
  names, message, code, detail = baseline.run(opened, { up_to = args.up_to, force = args.force, dry_run = args.dry_run })
  if not names then
    return nil, message, code, detail
  end
  local lines = {}
  for position, name in ipairs(names) do
    lines[position] = ("Migration %s %s."):format(name, args.dry_run and "would be marked as applied" or "marked as applied")
  end
  return { text = table.concat(lines, "\n"), data = { migrations = json.array(names), dry_run = args.dry_run or false } }
end

return baseline_command
