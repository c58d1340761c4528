--- tilth restore: brings a backup back, with what is there now kept in the bin.
local restore_command = {
  summary = "Restore a backup; what the database holds now goes into the bin.",
  database = true,
}

local environment = require("tilth.environment")
local flow = require("tilth.flow")
local flow_observe = require("tilth.flow.observe")
local interrupt = require("tilth.interrupt")
local path = require("tilth.path")
local scratch = require("tilth.backup.scratch")
local source = require("tilth.backup.source")

--- Adds the command's arguments.
-- @tparam Parser parser
function restore_command.add_to_parser(parser)
  parser:description([[
Shows what the file is, puts the project's schemas into the bin as a reset does (`tilth reset
undo` brings them back), and restores: an archive of pg_dump by pg_restore, tilth's own format by
running the migrations in it and loading the rows. Rows are compared with what was counted when
the backup was made. When anything fails, the data of before comes back by itself.

With --into, another database on the same server: it is created when it is not there, and then an
archive is restored as a whole.]])
  parser:argument("file", "The backup."):argname("FILE")
  parser:option("--into", "Restore into this database on the same server."):argname("DATABASE")
  parser:flag("-f --force", "Do not ask; needed where there is no terminal.")
  parser:flag("--dry-run", "Say what would be done and change nothing.")
end

local function ask(ctx, name)
  ctx.report:progress(("This restores into the database \"%s\". What it holds now goes into a bin; `tilth reset undo` brings it back.")
    :format(name))
  local typed = ctx.ask(("Type the database's name (%s) to go on: "):format(name))
  if typed == name then
    return typed
  end
  return nil, "Restore cancelled: what was typed is not the database's name. Nothing was changed.", "unsafe", { exit = 130 }
end

local function exists(world, name)
  return world.db:value("select count(*) > 0 from pg_catalog.pg_database where datname = $1", name)
end

-- Dropped again when the restore fails: only this run has ever used it.
local function make_database(world, name)
  local sql, message, code, detail = scratch.create_sql(world.db, name)
  local ok
  if sql then
    ok, message, code, detail = world.db:script(sql)
  end
  if not ok then
    return nil, ("cannot create the database %s: %s"):format(name, message), code, detail
  end
  return setmetatable({}, { __close = function(this)
    if not this.done then
      world.db:script("drop database if exists " .. world.db:identifier(name))
    end
  end })
end

local function run_into(world, args, ctx, request)
  local there, message, code, detail = exists(world, args.into)
  if there == nil then
    return nil, message, code, detail
  elseif there and not args.force and not args.dry_run then
    request.confirm, message, code, detail = ask(ctx, args.into)
    if not request.confirm then
      return nil, message, code, detail
    end
  end
  if there then
    return flow.run(ctx, request)
  elseif args.dry_run then
    return { text = ("Would create the database %s and restore into it."):format(args.into),
      data = { plan = { actions = { { kind = "restore", name = path.basename(args.file), whole = true } } } } }
  end
  local made <close>, why, state, more = interrupt.shield(make_database, world, args.into)
  if not made then
    return nil, why, state, more
  end
  request.whole = true
  local result
  result, message, code, detail = flow.run(ctx, request)
  if not result then
    return nil, message .. ("\n\nThe database %s, which was made for it, was dropped again."):format(args.into), code, detail
  end
  made.done = true
  return result
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function restore_command.run(args, ctx)
  local interactive = environment.interactive(ctx.env, ctx.stdin_is_terminal)
  if not args.force and not args.dry_run and not interactive then
    return nil, "nobody is there to ask whether to restore over the database. Nothing was changed.", "unsafe",
      { exit = 3, advice = "Use --force to run it without a question." }
  end
  local opened, message, code, detail = source.open(path.join(ctx.cwd, args.file))
  if not opened then
    return nil, message, code, detail
  end
  ctx.report:progress(source.describe(opened))
  local world <close>, why, state, more = flow_observe.open(ctx, { command = "restore", read_only = args.dry_run })
  if not world then
    return nil, why, state, more
  end
  local request = { command = "restore", reset = true, restore = opened, keeps_ledger = true, dry_run = args.dry_run, into = args.into }
  if args.into then
    return run_into(world, args, ctx, request)
  elseif not args.force and not args.dry_run then
    request.confirm, message, code, detail = ask(ctx, world.target.database)
    if not request.confirm then
      return nil, message, code, detail
    end
  end
  world:close()
  return flow.run(ctx, request)
end

return restore_command
