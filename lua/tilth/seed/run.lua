--- Carries out what the plan says about seeds: one transaction a seed, recorded in that same transaction.
local run = {}

local call_site = require("tilth.call_site")
local clock = require("tilth.clock")
local database = require("tilth.db")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local json = require("tilth.json")
local ledger = require("tilth.ledger")
local limits = require("tilth.limits")
local catalog = require("tilth.seed.catalog")
local defaults = require("tilth.seed.defaults")
local errors = require("tilth.seed.errors")
local explain = require("tilth.seed.explain")
local limit = require("tilth.seed.limit")
local model = require("tilth.seed.model")
local observe = require("tilth.seed.observe")
local prisma = require("tilth.seed.prisma")
local seed_command = require("tilth.seed.seed_command")
local session = require("tilth.seed.session")

local function read_schema(world)
  local paths = world.project.schema and world.project.schema.files or {}
  local files = {}
  for index, path in ipairs(paths) do
    local name = type(path) == "table" and path.path or path
    local text, message, code = fs.read(name)
    if not text then
      return nil, "the Prisma schema cannot be read: " .. message, code
    end
    files[index] = { path = name, text = text }
  end
  return #files > 0 and prisma.describe(files) or false
end

--- The resolver of names, made when the first verb needs it and kept for the seeds after it.
local function models_of(world)
  return function(fresh)
    local state = world.state
    if state.seed_models and not fresh then
      return state.seed_models
    end
    if state.seed_schema == nil then
      local described, message, code, detail = read_schema(world)
      if described == nil then
        return nil, message, code, detail
      end
      state.seed_schema = described
    end
    local read, message, code, detail = catalog.read(world.db, json)
    if not read then
      return nil, message, code, detail
    end
    state.seed_models = model.new(read, state.seed_schema or nil)
    return state.seed_models
  end
end

local function context(world, action)
  local folder = action.path:match("^(.*)/[^/]*$") or "."
  return {
    name = action.name, folder = folder, file = action.path,
    environment = world.environment and world.environment.name or nil,
    project = world.project.root, build = world.build, dry_run = world.dry_run or false,
    path = function(relative) return folder .. "/" .. relative end,
    note = function(text) world.report:note(("seed %s: %s"):format(action.name, tostring(text))) end,
  }
end

--- Makes the session of a seed.
-- @param world  { db, project, report, state }
-- @param action a "seed" action
-- @return Session
function run.session(world, action)
  local shown = "@" .. ((action.shown or action.path):match("^(.*/)") or "")
  world.state.seed_maker = world.state.seed_maker or defaults.new(hash.random, clock.now)
  return session.new({
    db = world.db, null = database.null, models = models_of(world), maker = world.state.seed_maker,
    folder = action.path:match("^(.*)/[^/]*$") or ".",
    is_caller = function(source)
      return source:sub(1, #shown) == shown
    end,
    progress = function(label, total)
      return world.report:bar(("seed %s: %s"):format(action.name, label), total)
    end,
  })
end

--- What a raised value says.
local function raised(value)
  if errors.is(value) then
    -- A verb used wrongly is a seed that failed, not a command line used wrongly.
    return { message = value.message, code = value.code == "usage" and "failed" or value.code, detail = value.fields }
  end
  local text = tostring(value)
  if type(value) == "table" and not (getmetatable(value) or {}).__tostring or value == nil then
    text = ("it raised a %s, and no message"):format(type(value))
  end
  local file, line = text:match("^(.-):(%d+): ")
  return { message = text, code = "failed", detail = { file = file, line = tonumber(line) } }
end

--- The handler of a seed's errors. A text that does not begin with a line of the seed gets the one that is being run, in the place of
-- one of the program's own.
local function handler(is_caller)
  return function(value)
    local found = raised(value)
    local site = not errors.is(value) and not (found.detail.file and is_caller("@" .. found.detail.file)) and call_site.find(is_caller)
    if site then
      found = raised(site .. ": " .. found.message:gsub("^%S*tilth/%S+%.lua:%d+: ", ""))
    end
    return found
  end
end

--- Deferred constraints are looked at now: the commit could not explain them, and a rehearsal has none. There the savepoint makes them
-- wait again for the seeds after this one.
local function check_deferred(world, shown)
  local db, ok, message, code, detail = world.db, nil, nil, nil, nil
  local function look()
    ok, message, code, detail = db:query("set constraints all immediate")
    return nil, "taken back"
  end
  if world.dry_run then
    db:savepoint(look)
  else
    look()
  end
  if ok then
    return true
  end
  message, detail = explain.failure({ site = shown, message = message, code = code, detail = detail })
  return nil, message, code, detail
end

--- Runs a seed's function in the transaction that is open.
-- @param world   the flow's world
-- @param action  a "seed" action
-- @param opened  of `run.session`
-- @return true | nil, message, code, detail
function run.body(world, action, opened)
  local file = { name = action.name, path = action.path, kind = action.file_kind or "lua" }
  local loaded, message, code, detail = observe.load(fs, world.project, file)
  if not loaded then
    return nil, message, code, detail
  elseif action.sha256 and loaded.sha256 ~= action.sha256 then
    return nil, action.name .. " has changed since the plan was made", "failed", { advice = "Run the command again." }
  end
  local seconds = world.settings and world.settings:get("seed_timeout") or 0
  local allowed
  allowed, message, code = limits.read(world.project.config)
  if message then
    return nil, message, code
  end
  local ok, problem = limit.call(world.db, seconds, allowed, handler(opened.is_caller), function()
    loaded.definition.run(opened, context(world, action))
    opened:flush()
  end)
  if not ok then
    problem = errors.is(problem) and raised(problem) or problem
    return nil, problem.message, problem.code, problem.detail
  elseif world.db:status() == "failed" then
    return nil, "an error in it was caught, and what came before the error is lost with the transaction", "25P02",
      { advice = "Use db:savepoint(function() ... end) round what may fail." }
  end
  return check_deferred(world, action.shown or loaded.shown)
end

local function remember(world, action, step)
  local known = world.observed and world.observed.ledger
  if world.dry_run or not (known and (known.exists or world.ledger_build)) then
    return true
  end
  return ledger.record_seed(world.db, {
    build_id = world.ledger_build, name = action.name, sha256 = action.sha256,
    environment = world.environment and world.environment.name, tables = step.tables, seconds = step.seconds,
  })
end

--- "users: 3 inserted, 1 updated, 20 unchanged" for each table.
-- @param tables list of counts
-- @return text
function run.counts_text(tables)
  local parts = {}
  for _, counts in ipairs(tables) do
    local words = {}
    for _, kind in ipairs({ "inserted", "updated", "deleted", "unchanged" }) do
      if counts[kind] > 0 then
        words[#words + 1] = ("%d %s"):format(counts[kind], kind)
      end
    end
    parts[#parts + 1] = counts.table .. ": " .. (#words > 0 and table.concat(words, ", ") or "nothing")
  end
  return table.concat(parts, "; ")
end

local function run_seed(world, action)
  -- The check runs seeds itself, so the two modules know each other: required when used.
  local proven, message, code, detail = require("tilth.seed.gate").pass(world)
  if not proven then
    return nil, message, code, detail
  end
  local started = clock.monotonic()
  world.report:status("seed " .. action.name)
  local opened = run.session(world, action)
  local step = { kind = "seed", name = action.name, tables = opened.tables }
  local done
  done, message, code, detail = world.db:transaction(function()
    local ok, why, word, more = run.body(world, action, opened)
    if not ok then
      return nil, why, word, more
    end
    step.seconds = clock.monotonic() - started
    return remember(world, action, step)
  end)
  world.report:status(nil)
  if not done then
    return nil, ("seed %s: %s"):format(action.name, message), code, detail
  end
  step.seconds = clock.monotonic() - started
  local counts = run.counts_text(step.tables)
  local origin = action.ready and (" (ready-made, %s)"):format(action.path) or ""
  world.report:done(("%s %s%s%s"):format(world.dry_run and "Would seed" or "Seeded", action.name, origin,
    counts ~= "" and ": " .. counts or ""), step.seconds)
  return step
end

--- Carries out one action.
-- @param world  the flow's world: db, report, project, settings, environment, build, observed, state, dry_run
-- @param action { kind = "seed", name, path, sha256, ... } or { kind = "seed_command", argv, text }
-- @return step { kind, name, seconds, tables = { { table, inserted, updated, deleted, unchanged } } }
-- @return nil, message, code, detail; the seed is rolled back then
function run.run(world, action)
  if action.kind == "seed_command" then
    return seed_command.run(world, action)
  end
  return run_seed(world, action)
end

return run
