--- tilth for scripts and for Lua programs: `local db <close> = require("tilth").connect()`.
local tilth = {}

--- What `connect` takes, and of these what stands for an option of the command line.
local OPTIONS <const> = {
  "command", "config", "context", "database_url", "env", "folder", "project", "read_only", "schema", "wait",
}
--- What a context takes: options of the command line that every command or every one with a database has.
local OF_CONTEXT <const> = {
  "project", "schema", "config", "env", "json", "quiet", "no_color", "database_url", "wait", "lock_timeout", "lock_patience",
  "lock_budget", "statement_timeout", "seed_timeout", "force", "yes",
}
local OF_COMMAND_LINE <const> = { "database_url", "project", "env", "wait", "schema", "config" }

local function copy(from)
  local made = {}
  for key, value in pairs(from or {}) do
    made[key] = value
  end
  return made
end

--- A slip in `database_url` must not lead to another database.
local function check_context(args)
  require("tilth.option_names").check("context", args, OF_CONTEXT, 2)
end

--- A slip in `read_only` must not open a session that writes.
local function check_options(options)
  require("tilth.option_names").check("connect", options, OPTIONS, 2)
  if options.read_only ~= nil and type(options.read_only) ~= "boolean" then
    error(("connect: read_only is true or false, not a %s"):format(type(options.read_only)), 3)
  end
  local wait = options.wait
  if wait ~= nil and not require("tilth.duration").parse(type(wait) == "number" and wait or tostring(wait)) then
    error(("connect: wait must be a duration such as \"30s\", not %q"):format(tostring(wait)), 3)
  end
end

--- The version, such as "0.1.0".
-- @treturn string
function tilth.version()
  return require("tilth.version").all().tilth
end

--- The context that commands work with: { args, env, cwd, report ... }. A script that `tilth run` started shares that of
-- the command line (--project, --env, --json, --quiet ...).
-- @tparam[opt] table args in the place of the command line's: project, schema, config, env, json, quiet, no_color, database_url
-- @treturn table
function tilth.context(args)
  check_context(args or {})
  return require("tilth.context").new(copy(args))
end

--- Connects to the project's database. What fails on the session is raised as an error object.
-- @tparam[opt] ConnectOptions options `read_only` (the server refuses every change), `database_url`, `project`, `env`, `wait`, `command`
--   (how pg_stat_activity calls the session), `folder` (where db:load looks; the project's), `context`
-- @treturn Session session, for a `<close>` variable: see tilth.session
-- @raise an error object: message, code, advice
function tilth.connect(options)
  options = options or {}
  check_options(options)
  local errors = require("tilth.seed.errors")
  local ctx = options.context or tilth.context()
  local args = copy(ctx.args)
  for _, name in ipairs(OF_COMMAND_LINE) do
    args[name] = options[name] == nil and args[name] or options[name]
  end
  -- What the script prints may be read by another program: nothing else comes between.
  ctx = setmetatable({ args = args, report = ctx.report:aside() }, { __index = ctx })
  local world = errors.check(require("tilth.flow.observe").open(ctx, {
    command = options.command or "run", read_only = options.read_only, local_server = true,
  }))
  return require("tilth.session").new(world, { folder = options.folder })
end

--- The same module for a context that is given: `tilth run` puts it in the place of the plain one.
-- @tparam table ctx of `context`
-- @treturn table module
function tilth.with(ctx)
  local bound = copy(tilth)
  function bound.context(args)
    if not args then
      return ctx
    end
    check_context(args)
    return require("tilth.context").new(copy(args), ctx.host)
  end
  function bound.connect(options)
    check_options(options or {})
    options = copy(options)
    options.context = options.context or ctx
    return tilth.connect(options)
  end
  return bound
end

return tilth
