--- Migrations for scripts: deploy what is pending, ask how things stand.
local migrate = {}

local errors = require("tilth.seed.errors")
local option_names = require("tilth.option_names")

local function context(options)
  return options and options.context or require("tilth").context()
end

--- Applies the pending migrations, as `tilth migrate deploy` does.
-- @tparam[opt] table options `dry_run`, `context` (of tilth.context)
-- @treturn table the document of `tilth migrate deploy --json`: plan, findings, outcome ...
-- @raise an error object
function migrate.deploy(options)
  option_names.check("migrate.deploy", options or {}, { "dry_run", "context" })
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
  option_names.check("migrate.status", options or {}, { "context" })
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
