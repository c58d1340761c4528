--- Migrations for scripts: deploy what is pending, ask how things stand.
local migrate = {}

local errors = require("tilth.seed.errors")

--- A mistyped dry_run must not migrate.
local function check_options(of, options, known)
  if type(options) ~= "table" then
    error(("migrate.%s: the options are a table, not a %s"):format(of, type(options)), 3)
  end
  local is_known = {}
  for _, name in ipairs(known) do
    is_known[name] = true
  end
  for _, name in ipairs(require("tilth.array").sorted_keys(options)) do
    if not is_known[name] then
      local hint = require("tilth.suggest").hint(tostring(name), known)
      error(("migrate.%s: there is no option %q.%s"):format(of, tostring(name), hint), 3)
    end
  end
end

local function context(options)
  return options and options.context or require("tilth").context()
end

--- Applies the pending migrations, as `tilth migrate deploy` does.
-- @tparam[opt] table options `dry_run`, `context` (of tilth.context)
-- @treturn table the document of `tilth migrate deploy --json`: plan, findings, outcome ...
-- @raise an error object
function migrate.deploy(options)
  check_options("deploy", options or {}, { "dry_run", "context" })
  local result = errors.check(require("tilth.flow").run(context(options), {
    command = "migrate deploy", migrate = true, dry_run = options and options.dry_run,
  }))
  return result.data
end

--- How the history stands, as `tilth migrate status` says it.
-- @tparam[opt] table options `context`
-- @treturn table the document of `tilth migrate status --json`
-- @treturn integer its exit status: 0 when nothing is pending or wrong
-- @raise an error object when it cannot be found out
function migrate.status(options)
  check_options("status", options or {}, { "context" })
  local ctx = context(options)
  local result, message, code, detail = require("tilth.cmd.migrate.status").run(ctx.args, ctx)
  if result then
    return result.data, result.exit or 0
  elseif detail and detail.data then
    return detail.data, require("tilth.exit_status").of(code, detail)
  end
  errors.raise(message, code, detail)
end

return migrate
