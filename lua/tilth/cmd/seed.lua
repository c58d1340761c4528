--- tilth seed: runs the project's seeds, and `tilth seed status | check | new NAME` round them.
local seed_command = {
  summary = "Run the project's seeds; `seed status`, `seed check` and `seed new` look at them.",
  database = true,
}

local flow = require("tilth.flow")

--- What the first word may be beside a seed's name.
local ACTIONS <const> = { status = true, check = true, new = true }

--- Adds the command's arguments.
-- @tparam Parser parser
function seed_command.add_to_parser(parser)
  parser:description([[
tilth seed [NAME...]        runs all seeds, or those named and what they come after
tilth seed status           what ran, when and by which build, and what has changed since
tilth seed check [NAME...]  runs the seeds twice, rolls back, and fails if the second run changed
                            anything
tilth seed new NAME         writes a first seeds/NAME.lua; with --from countries copies a ready-made
                            seed and its data

Ready-made seeds run by their names where the project has none of that name: countries, currencies,
languages, time_zones, demo_users, demo_orders.]])
  parser:argument("names", "Seeds by name, or status, check or new."):args("*"):argname("NAME")
  parser:flag("--only", "Leave out the seeds that the named ones come after.")
  parser:option("--from", "The ready-made seed that `seed new` copies."):argname("READY")
  parser:flag("--dry-run", "Run the seeds in a transaction, say what they would change, and roll back.")
end

local function names_of(args)
  return args.names and #args.names > 0 and args.names or nil
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function seed_command.run(args, ctx)
  local first = args.names and args.names[1]
  if args.from and first ~= "new" then
    return nil, "--from is for `tilth seed new NAME --from READY`", "usage",
      { advice = "A ready-made seed runs by its name: tilth seed " .. args.from }
  end
  if ACTIONS[first] then
    local rest = table.move(args.names, 2, #args.names, 1, {})
    return require("tilth.cmd.seed." .. first).run(args, ctx, rest)
  end
  local request = {
    command = "seed", seed = true, seeds = names_of(args), only = args.only or false, local_server = true,
    keeps_ledger = true, dry_run = args.dry_run or false,
  }
  local result, message, code, detail = flow.run(ctx, request)
  if not result or not args.dry_run then
    return result, message, code, detail
  end
  return require("tilth.cmd.seed.dry_run").run(ctx, request, result)
end

return seed_command
