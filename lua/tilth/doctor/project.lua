--- Probe: is there a project, and can its files be read?
local answer = require("tilth.doctor.answer")
local fs = require("tilth.fs")
local path = require("tilth.path")
local project = require("tilth.project")

local function files_of(found)
  local names = {}
  local function add(name)
    names[#names + 1] = path.relative(name, found.root)
  end
  if found.schema then
    add(found.schema.place or found.schema.datasource_file)
  end
  if found.prisma_config then
    add(found.prisma_config.file)
  end
  if found.config_file then
    add(found.config_file)
  end
  if found.package then
    add(found.package.path)
  end
  return #names > 0 and " (" .. table.concat(names, ", ") .. ")" or ""
end

-- Without a project the way to the database can still be looked at, when a URL is given.
local function bare(world)
  local found = project.find(fs, world.ctx.cwd, { project = world.ctx.args.project, optional = true })
  return found or { root = world.ctx.cwd, config = {}, dotenv_files = {} }
end

local function run(world)
  local args = world.ctx.args
  local found, message, code, detail = project.find(fs, world.ctx.cwd, {
    project = args.project, schema = args.schema, config = args.config,
  })
  if not found then
    world.project = bare(world)
    return answer.failure(message, code, detail)
  end
  world.project = found
  local text = found.root .. files_of(found)
  if not found.schema and not found.prisma_config then
    return answer.warn(text .. ": no schema.prisma", "tilth looks for schema.prisma and prisma/schema.prisma; name another "
      .. "place with --schema, or in tilth.config.lua. Without one, DATABASE_URL is used and migrations are sought in "
      .. path.relative(found.migrations_dir, found.root) .. ".")
  end
  return answer.ok(text)
end

return { id = "project", run = run }
