--- tilth reset undo: brings back what a reset put into the bin.
local undo_command = {}

local bins = require("tilth.cmd.reset.bins")
local list = require("tilth.reset.list")
local scope = require("tilth.reset.scope")
local undo = require("tilth.reset.undo")

local AFTER = "The migrations that it lacks are applied by the next `tilth migrate deploy` or `tilth flow`."

--- Adds the sub-command.
-- @tparam Parser parser
function undo_command.add_to_parser(parser)
  local sub = parser:command("undo", "Bring back what the last reset put into the bin.")
  sub:usage_max_width(100):help_max_width(100):epilog("`tilth reset --help` lists the options of the connection and of every command.")
  sub:argument("id", "Which reset, as in `tilth reset list` (default: the newest of this project)."):args("?"):argname("ID")
    :convert(bins.number)
  sub:flag("-f --force", "Do not ask; needed where there is no terminal.")
end

--- Runs the sub-command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function undo_command.run(args, ctx)
  local world <close>, rows, code, detail = bins.open(ctx, "reset undo")
  if not world then
    return nil, rows, code, detail
  end
  local row, message
  row, message, code, detail = list.choose(rows, args.id, scope.names(world.target, world.project))
  if not row then
    return nil, message, code, detail
  end
  local ok
  ok, message, code, detail = bins.ask(ctx, world, ("bring back reset %d (%s UTC)"):format(row.id, row.at), args.force)
  if not ok then
    return nil, message, code, detail
  end
  local text, done
  text, done, code, detail = bins.noted(world, "reset undo", "undo", function(build_id)
    return undo.bring_back(world.db, row.id, {
      history_schema = world.target.schema or "public", build_id = build_id, why = "tilth reset undo", careful = true,
    })
  end)
  if not text then
    return nil, done, code, detail
  end
  return { text = text .. "\n" .. AFTER, data = { reset = row.id, kept = done.kept, bins = done.bins } }
end

return undo_command
