--- Reads the world: the project's files, the environment, the database. Changes nothing.
local observe = {}

local datasource = require("tilth.datasource")
local dotenv = require("tilth.dotenv")
local environment = require("tilth.environment")
local flags = require("tilth.flags")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local identity = require("tilth.identity")
local project = require("tilth.project")
local settings = require("tilth.settings")
local url = require("tilth.url")
local world = require("tilth.flow.world")

local NO_URL = "P1012: Environment variable not found: DATABASE_URL. No database is named anywhere."

local NO_URL_ADVICE_CI = "Set DATABASE_URL for this build (in Amplify: App settings, Environment variables), "
  .. "as postgresql://USER:PASSWORD@HOST:5432/DATABASE?schema=public."

--- Of prisma.config.* only these matter here; `...` may set any of them.
local CONFIG_KEYS <const> = { schema = true, migrations = true, datasource = true, ["..."] = true, ["export default"] = true }

--- What was passed over while the files were read, and should be known.
local function notes_on(found, loaded)
  local notes = {}
  for _, note in ipairs(loaded.notes) do
    notes[#notes + 1] = ("%s:%d: %s"):format(note.path, note.line, note.text)
  end
  local config = found.prisma_config
  for _, entry in ipairs(config and config.unreadable or {}) do
    if CONFIG_KEYS[entry.key:match("^[^.]+") or entry.key] then
      notes[#notes + 1] = ("%s:%d: %s cannot be read without running JavaScript"):format(config.file, entry.line, entry.key)
    end
  end
  return notes
end

--- The project, the environment with its .env files, and the settings.
local function read_project(ctx)
  local args = ctx.args
  local found, message, code, detail = project.find(fs, ctx.cwd, {
    project = args.project, schema = args.schema, config = args.config,
  })
  if not found then
    return nil, message, code, detail
  end
  local loaded
  loaded, message, code, detail = dotenv.load(fs, found.dotenv_files)
  if not loaded then
    return nil, message, code, detail
  end
  local env, sources, why, more = dotenv.apply(loaded, ctx.env)
  if not env then
    return nil, sources, why, more
  end
  local resolved
  resolved, message, code, detail = settings.resolve({ flags = args, env = env, sources = sources, config = found.config })
  if not resolved then
    return nil, message, code, detail
  end
  return { project = found, env = env, sources = sources, settings = resolved, notes = notes_on(found, loaded) }
end

local function find_target(ctx, parts, request)
  local target, message, code, detail = datasource.resolve(parts.project, parts.env, parts.settings, {
    purpose = "migrate", sources = parts.sources, files = fs,
  })
  if target or code ~= "none" then
    return target, message, code, detail
  end
  if environment.is_ci(parts.env) then
    return nil, NO_URL, "none", { advice = NO_URL_ADVICE_CI }
  end
  local server = require("tilth.local.server")
  if not request.local_server and not server.present(parts.project) then
    return nil, NO_URL, "none", {
      advice = "Set DATABASE_URL in the environment or in .env, or start a private PostgreSQL with `tilth local start`.",
    }
  end
  local local_url
  local_url, message, code, detail = server.ensure(ctx, parts.project)
  if not local_url then
    return nil, message, code, detail
  end
  parts.env.DATABASE_URL = local_url
  parts.child_env = { DATABASE_URL = local_url }
  return url.target(local_url, { source = "tilth local" })
end

--- Everything that is known without a database being named.
local function read_parts(ctx, request)
  local parts, message, code, detail = read_project(ctx)
  if not parts then
    return nil, message, code, detail
  end
  parts.ctx, parts.request, parts.report = ctx, request, ctx.report
  parts.build = identity.build(parts.env, not environment.is_ci(parts.env) and require("tilth.host").describe() or nil)
  parts.flags = flags.read(parts.env, parts.sources)
  parts.environment, message, code, detail = environment.find({
    flag = ctx.args.env, env = parts.env, config = parts.project.config, build = parts.build,
  })
  if not parts.environment then
    return nil, message, code, detail
  end
  return parts
end

--- Everything that is known before a connection is made.
local function prepare(ctx, request)
  local parts, message, code, detail = read_parts(ctx, request)
  if not parts then
    return nil, message, code, detail
  end
  parts.target, message, code, detail = find_target(ctx, parts, request)
  if not parts.target then
    return nil, message, code, detail
  end
  if request.migrate and parts.project.migrations_dir then
    -- The files are read while the server is waited for.
    parts.migrations_ahead = hash.folder(parts.project.migrations_dir, "migration.sql")
  end
  if request.into then
    parts.target = require("tilth.backup.retarget").database(parts.target, request.into)
  end
  for _, note in ipairs(parts.target.notes or {}) do
    parts.notes[#parts.notes + 1] = note
  end
  ctx.report:hide(parts.target.params.password)
  return world.new(parts)
end

local function observe_pipeline(made)
  if made.request.pipeline then
    made.observed.pipeline = require("tilth.pipeline").observe(fs, made.project)
  end
  return made
end

--- Observes what can be known without a database: project, environment, flags, pipeline.
-- @param ctx     the command's context
-- @param request what is wanted
-- @return World
-- @return nil, message, code, detail
function observe.offline(ctx, request)
  local parts, message, code, detail = read_parts(ctx, request)
  if not parts then
    return nil, message, code, detail
  end
  return observe_pipeline(world.new(parts))
end

--- Opens a session for a command that does not go the whole road (status, list, repl ...).
-- @param ctx     the command's context
-- @param request { command, read_only, local_server }
-- @return World: db, project, settings, target, environment, build, flags, env ...
-- @return nil, message, code, detail
function observe.open(ctx, request)
  local made, message, code, detail = prepare(ctx, request)
  if not made then
    return nil, message, code, detail
  end
  local db
  db, message, code, detail = made:database()
  if not db then
    return nil, message, code, detail
  end
  return made
end

--- A reset that was cut short before its migrations had ended is taken back first, so that
-- everything after sees the data of before.
local function recover(made)
  if made.request.dry_run or not made.observed.ledger.open_reset then
    return true
  end
  local text, message, code, detail = require("tilth.reset.undo").recover(made)
  if text == nil then
    return nil, message, code, detail
  end
  if text then
    made.report:warn(text)
  end
  local seen
  seen, message, code, detail = require("tilth.ledger").observe(made.db, made.build)
  if not seen then
    return nil, message, code, detail
  end
  made.observed.ledger = seen
  return true
end

local function observe_database(made)
  local observed, db = made.observed, made.db
  local migrations, message, code, detail = require("tilth.migrate.observe").observe(db, made.project, made.settings, {
    ahead = made.migrations_ahead,
  })
  if not migrations then
    return nil, message, code, detail
  end
  for name, value in pairs(migrations) do
    observed[name] = value
  end
  if made.request.reset then
    observed.reset, message, code, detail = require("tilth.reset.observe").observe(db, made.target, made.project, made.settings)
    if not observed.reset then
      return nil, message, code, detail
    end
  end
  return true
end

--- A history that is younger than a seed's run is a sign that another tool has made the tables anew.
local function observe_beginning(made)
  local observed = made.observed
  local ran = observed.ledger.seeds or {}
  for _, seed in ipairs(observed.seeds or {}) do
    if seed.once and ran[seed.name] and observed.history.exists then
      local sql = require("tilth.migrate.history").began_sql(observed.history.qualified)
      local result, message, code, detail = made.db:query(sql)
      if not result then
        return nil, message, code, detail
      end
      observed.history.began = result[1].began
      break
    end
  end
  return true
end

local function observe_seeds(made)
  if not made.request.seed then
    return true
  end
  local seeds, message, code, detail = require("tilth.seed.observe").observe(fs, made.project, made.environment, made.request.seeds)
  if not seeds then
    return nil, message, code, detail
  end
  made.observed.seeds = seeds
  return true
end

--- Observes all that a request needs; holds the migration lock from here on, unless it is a dry run.
-- @param ctx     the command's context
-- @param request what is wanted; with by_flags, RESET_DATABASE and RUN_SEED decide on reset and seed
-- @return World
-- @return nil, message, code, detail
function observe.run(ctx, request)
  local made, message, code, detail = prepare(ctx, request)
  if not made then
    return nil, message, code, detail
  end
  if request.by_flags then
    request.reset, request.seed = made.flags.reset.set, made.flags.seed.set
  end
  made.meanwhile = require("tilth.flow.ahead").loader(request)
  local steps = { observe_pipeline, observe_seeds, made.database }
  if not request.dry_run then
    steps[#steps + 1] = made.take_lock
  end
  steps[#steps + 1] = function()
    -- Only a command that keeps the ledger needs all of it: reading it takes the server some milliseconds.
    made.observed.ledger, message, code, detail = require("tilth.ledger").observe(made.db, made.build, not request.keeps_ledger)
    return made.observed.ledger, message, code, detail
  end
  steps[#steps + 1] = recover
  steps[#steps + 1] = observe_database
  steps[#steps + 1] = observe_beginning
  for _, step in ipairs(steps) do
    local ok
    ok, message, code, detail = step(made)
    if not ok then
      made:close()
      return nil, message, code, detail
    end
  end
  return made
end

return observe
