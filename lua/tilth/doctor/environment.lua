--- Probe: the variables, those of .env files, the settings, and which environment this is.
local answer = require("tilth.doctor.answer")
local dotenv = require("tilth.dotenv")
local environment = require("tilth.environment")
local flags = require("tilth.flags")
local fs = require("tilth.fs")
local identity = require("tilth.identity")
local path = require("tilth.path")
local settings = require("tilth.settings")

local function describe(world, files)
  local found, names = world.environment, {}
  local text = ("%s (%s)"):format(found.name, found.source)
  if world.build.ci then
    text = text .. ", build " .. world.build.text
  end
  for _, file in ipairs(files) do
    names[#names + 1] = path.relative(file, world.project.root)
  end
  return text .. (#names > 0 and ", variables also from " .. table.concat(names, " and ") or "")
end

local function run(world)
  local project, args = world.project, world.ctx.args
  local loaded, message, code, detail = dotenv.load(fs, project.dotenv_files)
  if not loaded then
    return answer.failure(message, code, detail)
  end
  local env, sources, why, more = dotenv.apply(loaded, world.ctx.env)
  if not env then
    return answer.failure(sources, why, more)
  end
  world.env, world.sources = env, sources
  world.settings, message, code, detail = settings.resolve({ flags = args, env = env, sources = sources, config = project.config })
  if not world.settings then
    return answer.failure(message, code, detail)
  end
  world.build, world.flags = identity.build(env), flags.read(env, sources)
  world.environment, message, code, detail = environment.find({
    flag = args.env, env = env, config = project.config, build = world.build,
  })
  if not world.environment then
    return answer.failure(message, code, detail)
  end
  return answer.ok(describe(world, project.dotenv_files))
end

return { id = "environment", run = run }
