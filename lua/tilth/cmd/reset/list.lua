--- tilth reset list: what is in the bins.
local list_command = {}

local flow_observe = require("tilth.flow.observe")
local ledger = require("tilth.ledger")
local report = require("tilth.report")
local list = require("tilth.reset.list")
local size = require("tilth.reset.size")

--- Adds the sub-command.
-- @tparam Parser parser
function list_command.add_to_parser(parser)
  local sub = parser:command("list", "Show what earlier resets left in the bin.")
  sub:usage_max_width(100):help_max_width(100):epilog("`tilth reset --help` lists the options of the connection and of every command.")
  sub:flag("--all", "Also those that were undone or purged.")
end

local function table_of(rows, all)
  local lines = {}
  for _, row in ipairs(rows) do
    if all or row.holding then
      local bins = #row.bins > 0 and row.bins or { { schema = "-", bin = "-" } }
      for _, bin in ipairs(bins) do
        lines[#lines + 1] = { row.id, row.at, row.kind, row.state, bin.schema, bin.bin, bin.tables or "",
          bin.bytes and size.text(bin.bytes) or "", row.build or "" }
      end
    end
  end
  return lines
end

local function text_of(head, strangers)
  local parts = { head }
  for _, stranger in ipairs(strangers) do
    parts[#parts + 1] = ("%s (%d tables, %s) is a bin that the ledger does not know; tilth leaves it alone. %s"):format(
      stranger.name, stranger.tables, size.text(stranger.bytes), list.by_hand(stranger.name))
  end
  return table.concat(parts, "\n")
end

local function head_of(rows, all)
  local lines = table_of(rows, all)
  return #lines == 0 and "There is nothing in the bin."
    or report.table({ "id", "when (UTC)", "kind", "state", "schema", "bin", "tables", "size", "build" }, lines)
end

local function without_ledger(db)
  local unknown, message, code, detail = list.unknown(db)
  if not unknown then
    return nil, message, code, detail
  end
  local head = "tilth has no ledger in this database that this role may read."
  return { text = text_of(#unknown == 0 and "There is nothing in the bin: " .. head or head, unknown),
    data = { resets = {}, unknown = unknown } }
end

--- Runs the sub-command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function list_command.run(args, ctx)
  local world <close>, message, code, detail = flow_observe.open(ctx, { command = "reset list", read_only = true })
  if not world then
    return nil, message, code, detail
  end
  local seen
  seen, message, code, detail = ledger.observe(world.db, nil, true)
  if not seen then
    return nil, message, code, detail
  elseif not seen.readable then
    return without_ledger(world.db)
  end
  local rows, strangers
  rows, strangers, code, detail = list.read(world.db)
  if not rows then
    return nil, strangers, code, detail
  end
  return { text = text_of(head_of(rows, args.all), strangers), data = { resets = rows, unknown = strangers } }
end

return list_command
