--- tilth reset purge: frees the space of bins, for good.
local purge_command = {}

local bins = require("tilth.cmd.reset.bins")
local list = require("tilth.reset.list")
local purge = require("tilth.reset.purge")
local scope = require("tilth.reset.scope")

--- Adds the sub-command.
-- @tparam Parser parser
function purge_command.add_to_parser(parser)
  local sub = parser:command("purge", "Drop what is in the bin, for good.")
  sub:usage_max_width(100):help_max_width(100):epilog("`tilth reset --help` lists the options of the connection and of every command.")
  sub:argument("id", "Which reset, as in `tilth reset list` (default: all of this project)."):args("?"):argname("ID"):convert(bins.number)
  sub:flag("-f --force", "Do not ask; needed where there is no terminal.")
end

local function chosen(rows, id, schemas)
  if id then
    local row, message, code, detail = list.choose(rows, id, schemas)
    if not row then
      return nil, message, code, detail
    end
    return { row }
  end
  local all = {}
  for _, row in ipairs(scope.own(rows, schemas)) do
    if row.holding and row.state == "done" then
      all[#all + 1] = row
    end
  end
  return all
end

local function purge_all(world, rows, build_id)
  local lines, ids = {}, {}
  for _, row in ipairs(rows) do
    local text, message, code, detail = purge.run(world.db, row.id, { build_id = build_id, why = "tilth reset purge" })
    if not text then
      if #lines > 0 then
        message = table.concat(lines, "\n") .. "\n" .. message
      end
      return nil, message, code, detail
    end
    lines[#lines + 1], ids[#ids + 1] = text .. ".", row.id
  end
  return { text = table.concat(lines, "\n"), data = { purged = ids } }
end

--- Runs the sub-command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function purge_command.run(args, ctx)
  local world <close>, rows, code, detail = bins.open(ctx, "reset purge")
  if not world then
    return nil, rows, code, detail
  end
  local wanted, message
  wanted, message, code, detail = chosen(rows, args.id, scope.names(world.target, world.project))
  if not wanted then
    return nil, message, code, detail
  elseif #wanted == 0 then
    return { text = "There is nothing in the bin.", data = { purged = {} } }
  end
  local what = #wanted == 1 and ("drop the bin of reset %d for good"):format(wanted[1].id)
    or ("drop the bins of %d resets for good"):format(#wanted)
  local ok
  ok, message, code, detail = bins.ask(ctx, world, what, args.force)
  if not ok then
    return nil, message, code, detail
  end
  return bins.noted(world, "reset purge", "purge", function(build_id)
    return purge_all(world, wanted, build_id)
  end)
end

return purge_command
