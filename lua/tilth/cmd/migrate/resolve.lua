--- tilth migrate resolve: corrects the history by hand.
local resolve_command = {
  summary = "Record a migration as applied, or as rolled back, without running it.",
}

local connection = require("tilth.cmd.migrate.connection")
local json = require("tilth.json")
local lock = require("tilth.migrate.lock")
local resolve = require("tilth.migrate.resolve")
local world = require("tilth.flow.observe")

local NEITHER <const> = "--applied or --rolled-back must be part of the command like:\n"
  .. "tilth migrate resolve --applied 20201231000000_example\ntilth migrate resolve --rolled-back 20201231000000_example"

--- Adds the command's arguments.
-- @tparam Parser parser
function resolve_command.add_to_parser(parser)
  parser:description("Changes the history only, never the tables. Several names may be given.")
  parser:option("--applied", "It is in the database: record it so."):argname("NAME"):count("*")
  parser:option("--rolled-back", "Nothing of it is in the database: the next deploy applies it."):argname("NAME"):count("*")
  connection.add_to_parser(parser)
  parser:option("--lock-patience", "Wait so long for another deployment, such as 10min."):argname("TIME")
end

local function wanted(args)
  local applied, rolled_back = args.applied or {}, args.rolled_back or {}
  for _, name in ipairs(#applied > 0 and applied or rolled_back) do
    if name == "" then
      return nil, NEITHER, "failed"
    end
  end
  if #applied == 0 and #rolled_back == 0 then
    return nil, NEITHER, "failed"
  elseif #applied > 0 and #rolled_back > 0 then
    return nil, "Pass either --applied or --rolled-back, not both.", "failed"
  end
  return #applied > 0 and applied or rolled_back, #applied > 0 and "applied" or "rolled back"
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function resolve_command.run(args, ctx)
  local names, what, wrong = wanted(args)
  if not names then
    return nil, what, wrong
  end
  local opened <close>, message, code, detail = world.open(ctx, { command = "migrate resolve" })
  if not opened then
    return nil, message, code, detail
  end
  local held
  held, message, code, detail = lock.acquire(opened.db, { patience = opened.settings:get("lock_patience"), report = ctx.report })
  if not held then
    return nil, message, code, detail
  end
  local lines = {}
  for _, name in ipairs(names) do
    local ok
    ok, message, code, detail = (what == "applied" and resolve.applied or resolve.rolled_back)(opened, name)
    if not ok then
      return nil, message, code, detail
    end
    lines[#lines + 1] = ("Migration %s marked as %s."):format(name, what)
  end
  return { text = table.concat(lines, "\n"), data = { migrations = json.array(names), state = what } }
end

return resolve_command
