--- tilth migrate new: makes an empty migration. Needs no database.
local new_command = {
  summary = "Make a new, empty migration.",
}

local clock = require("tilth.clock")
local fs = require("tilth.fs")
local new = require("tilth.migrate.new")
local paths = require("tilth.path")
local project = require("tilth.project")

--- Adds the command's arguments.
-- @tparam Parser parser
function new_command.add_to_parser(parser)
  parser:description("Makes <migrations>/<time>_<name>/migration.sql, and migration_lock.toml where it is missing.")
  parser:argument("name", "What it does, such as \"add orders\"."):argname("NAME")
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function new_command.run(args, ctx)
  local found, message, code, detail = project.find(fs, ctx.cwd, {
    project = args.project, schema = args.schema, config = args.config,
  })
  if not found then
    return nil, message, code, detail
  end
  local name = new.folder_name(clock.utc(clock.now()), args.name)
  local path
  path, message, code = new.make(fs, found.migrations_dir, name)
  if not path then
    return nil, message, code
  end
  return { text = "Made " .. paths.relative(path, ctx.cwd), data = { name = name, path = path } }
end

return new_command
