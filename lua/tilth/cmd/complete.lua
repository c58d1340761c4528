--- tilth complete KIND: names for the shell's completion, one a line. What can't be found out is no error there.
local complete = {
  summary = "Print names for the shell's completion: migrations, seeds, ready or bins.",
}

local fs = require("tilth.fs")

--- A shell that waits for its completion is no place for patience with a database, in seconds.
local PATIENCE <const> = 2

local function find_project(ctx)
  local args = ctx.args
  return require("tilth.project").find(fs, ctx.cwd, { project = args.project, schema = args.schema, config = args.config, optional = true })
end

local function names_of(files)
  local names = {}
  for index, file in ipairs(files or {}) do
    names[index] = file.name
  end
  return names
end

local kinds = {}

--- Folders of migrations.
-- @tparam table ctx
function kinds.migrations(ctx)
  local found, names = find_project(ctx), {}
  for _, entry in ipairs(found and fs.list(found.migrations_dir) or {}) do
    names[#names + 1] = entry.type == "directory" and entry.name or nil
  end
  return names
end

--- The project's seeds and the ready-made ones.
-- @tparam table ctx
function kinds.seeds(ctx)
  local found = find_project(ctx)
  local names = names_of(found and require("tilth.seed.discover").files(fs, found.seeds_dir))
  local ready = kinds.ready()
  return table.move(ready, 1, #ready, #names + 1, names)
end

--- The ready-made seeds.
function kinds.ready()
  return names_of(require("tilth.seed.ready").files())
end

local function numbers(ctx)
  local world <close> = require("tilth.flow.observe").open(ctx, { command = "complete", read_only = true })
  local seen = world and require("tilth.ledger").observe(world.db, nil, true)
  local list = {}
  for _, row in ipairs(seen and seen.readable and require("tilth.reset.list").read(world.db) or {}) do
    list[#list + 1] = row.holding and tostring(row.id) or nil
  end
  return list
end

--- Resets that have something in the bin.
-- @tparam table ctx
function kinds.bins(ctx)
  local found = find_project(ctx)
  if not found or (not ctx.env.DATABASE_URL and fs.exists(found.root .. "/.tilth/pg")) then
    -- A private server would be started for it.
    return {}
  end
  local ok, list = require("tilth.limits").call({ time = PATIENCE, text = { time = PATIENCE } }, nil, numbers, ctx)
  return ok and list or {}
end

--- Adds the command's arguments.
-- @tparam Parser parser
function complete.add_to_parser(parser)
  parser:argument("kind", "migrations, seeds, ready or bins."):choices({ "migrations", "seeds", "ready", "bins" }):argname("KIND")
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
function complete.run(args, ctx)
  local names = kinds[args.kind](ctx)
  return { text = #names > 0 and table.concat(names, "\n") or nil, data = { names = names } }
end

return complete
