--- tilth seed status: which seeds ran, when and by which build, and what has changed since.
local status_command = {}

local fs = require("tilth.fs")
local flow_observe = require("tilth.flow.observe")
local ledger = require("tilth.ledger")
local report = require("tilth.report")
local observe = require("tilth.seed.observe")
local ready = require("tilth.seed.ready")

local function state_of(seed, record, environment)
  if record and record.sha256 == seed.sha256 then
    return "ran"
  elseif record then
    return "changed since"
  end
  for _, name in ipairs(seed.environments or { environment }) do
    if name == environment then
      return "never ran"
    end
  end
  return "not for " .. tostring(environment)
end

local function gone(records, seeds)
  local here, names = {}, {}
  for _, seed in ipairs(seeds) do
    here[seed.name] = true
  end
  for name in pairs(records) do
    if not here[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local function collect(seeds, records, environment)
  local list = {}
  for index, seed in ipairs(seeds) do
    local record = records[seed.name]
    list[index] = {
      name = seed.name, state = state_of(seed, record, environment), once = seed.once or false,
      at = record and record.at, build = record and record.build, description = seed.description,
    }
  end
  for _, name in ipairs(gone(records, seeds)) do
    local state = ready.find(name) and "ready-made" or "file is gone"
    list[#list + 1] = { name = name, state = state, once = false, at = records[name].at, build = records[name].build }
  end
  return list
end

--- Runs the command.
-- @tparam table ctx
-- @return result | nil, message, code, detail
function status_command.run(_, ctx)
  local world <close>, message, code, detail = flow_observe.open(ctx, { command = "seed status", read_only = true })
  if not world then
    return nil, message, code, detail
  end
  local seeds
  seeds, message, code, detail = observe.observe(fs, world.project, world.environment)
  if not seeds then
    return nil, message, code, detail
  end
  local known
  known, message, code, detail = ledger.observe(world.db, world.build)
  if not known then
    return nil, message, code, detail
  end
  local list = collect(seeds, known.seeds or {}, world.environment.name)
  local data = { environment = world.environment, seeds = list, command = seeds.command and seeds.command.text }
  if #list == 0 then
    local text = seeds.command and ("No seeds/*.lua; the seed command of %s is `%s`. Its runs are in `tilth history`."):format(
      seeds.command.from, seeds.command.text) or "No seeds: the project has no seeds/*.lua and no prisma.seed."
    return { text = text, data = data }
  end
  local rows = {}
  for index, entry in ipairs(list) do
    local state = entry.state .. (entry.once and " (once)" or "")
    rows[index] = { entry.name, state, entry.at or "", entry.build or "", entry.description or "" }
  end
  return { text = report.table({ "seed", "state", "last run (UTC)", "build", "description" }, rows), data = data }
end

return status_command
