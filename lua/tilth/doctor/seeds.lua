--- Probe: can every seed be loaded? None is run.
local answer = require("tilth.doctor.answer")
local command = require("tilth.seed.command")
local fs = require("tilth.fs")
local observe = require("tilth.seed.observe")
local path = require("tilth.path")

local function find_program(name, folders)
  if name:find("/", 1, true) then
    return fs.exists(name, "file")
  end
  for folder in (folders .. ":"):gmatch("([^:]*):") do
    if folder ~= "" and fs.exists(path.join(folder, name), "file") then
      return true
    end
  end
  return false
end

local function about_command(world, seeds)
  local words = command.split(seeds.command.text)
  local from = path.relative(seeds.command.from, world.project.root)
  if words[1] and not find_program(words[1], command.path(world.ctx.cwd, world.env.PATH)) then
    local text = ("the seed command of %s needs %s, which is not there"):format(from, words[1])
    local advice = "Install it (npm ci without --omit=dev), or write the seeds as seeds/*.lua, which need no Node."
    return world.flags.seed.set and answer.fail(text, "failed", advice) or answer.warn(text, advice)
  end
  return answer.ok("a command of " .. from)
end

local function run(world)
  local seeds, message, code, detail = observe.observe(fs, world.project, world.environment, nil)
  local shown = path.relative(world.project.seeds_dir, world.project.root)
  if not seeds then
    return answer.failure(message, code, detail)
  elseif #seeds > 0 then
    return answer.ok(("%d in %s"):format(#seeds, shown))
  elseif seeds.command then
    return about_command(world, seeds)
  elseif world.flags.seed.set then
    return answer.warn(("RUN_SEED is set, but there is no seed in %s and no prisma.seed in package.json"):format(shown),
      "`tilth seed new NAME` writes a first one.")
  end
  return answer.ok("none")
end

return { id = "seeds", needs = { "project", "environment" }, run = run }
