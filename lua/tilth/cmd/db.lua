--- tilth db seed: Prisma's verb for running the seeds.
local db_command = {
  summary = "`tilth db seed`, as with Prisma: run the seeds, or package.json's seed command.",
  database = true,
}

local flow = require("tilth.flow")

--- Adds the command's arguments.
-- @tparam Parser parser
function db_command.add_to_parser(parser)
  parser:description("tilth db seed [-- ARGUMENT...]: runs seeds/*.lua; where there are none, the command in package.json's "
    .. "prisma.seed with the arguments after `--`.")
  parser:argument("action", "seed"):choices({ "seed" })
  parser:argument("arguments", "Arguments for the seed command, after `--`."):args("*"):argname("ARGUMENT")
end

--- Prisma splits the arguments anew at spaces, so that `-- "y z"` arrives as two.
local function split(arguments)
  local words = {}
  for _, argument in ipairs(arguments or {}) do
    for word in argument:gmatch("%S+") do
      words[#words + 1] = word
    end
  end
  return words
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function db_command.run(args, ctx)
  return flow.run(ctx, {
    command = "db seed", seed = true, seed_args = split(args.arguments), local_server = true, keeps_ledger = true,
  })
end

return db_command
