--- tilth migrate status: where the database stands; reads only.
local status_command = {
  summary = "Say which migrations are pending, failed, edited or missing.",
}

local connection = require("tilth.cmd.migrate.connection")
local history = require("tilth.migrate.history")
local json = require("tilth.json")
local observe = require("tilth.migrate.observe")
local path = require("tilth.path")
local plan = require("tilth.migrate.plan")
local provider = require("tilth.check.migration_provider")
local running = require("tilth.migrate.running")
local status = require("tilth.migrate.status")
local world = require("tilth.flow.observe")

local LOST <const> = "Could not find the migration file at migration.sql. Please delete the directory or restore the migration "
  .. "file. (%s)"

--- Adds the command's arguments.
-- @tparam Parser parser
function status_command.add_to_parser(parser)
  parser:description("Changes nothing. Exit status: 0 up to date, 1 not (as Prisma).")
  parser:flag("--exit-code", "For scripts: 0 in sync in every respect, 1 a deploy would apply something, 3 somebody has to look "
    .. "(failed, diverged, edited, missing).")
  connection.add_to_parser(parser)
end

-- A result of a query is a list and more; JSON wants the one or the other.
local function plain_rows(rows)
  local list = json.array({})
  for position, row in ipairs(rows) do
    list[position] = row
  end
  return list
end

local function document(observed, judged)
  local found, classes, holder = observed.history, {}, observed.holder
  for name, value in pairs(judged.classes) do
    classes[name] = type(value) == "table" and json.array(value) or value
  end
  return {
    ok = judged.exit == 0, state = judged.state, migrations = #observed.migrations, classes = classes,
    history = { exists = found.exists, schema = found.schema, rows = plain_rows(found.rows) },
    running = holder and { pid = holder.pid, application_name = holder.application_name, user = holder.usename } or nil,
  }
end

--- The recorded migration whose file is gone or can't be read: what was applied can't be compared (P3015, as Prisma).
local function lost_file(observed)
  local entries = history.by_name(observed.history.rows)
  for _, migration in ipairs(observed.migrations) do
    local kind = migration.problem and migration.problem.kind
    if entries[migration.name] and (kind == "missing" or kind == "unreadable") then
      return migration
    end
  end
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @return result | nil, message, code, detail
function status_command.run(args, ctx)
  local opened <close>, message, code, detail = world.open(ctx, { command = "migrate status", read_only = true })
  if not opened then
    return nil, message, code, detail
  end
  local observed
  observed, message, code, detail = observe.observe(opened.db, opened.project, opened.settings, { whole = true })
  if not observed then
    return nil, message, code, detail
  end
  observed.project = opened.project
  local refused = provider.run(observed, nil)[1]
  if refused then
    return nil, refused.message, refused.code, { exit = 1, advice = refused.advice }
  end
  local lost = lost_file(observed)
  if lost then
    return nil, LOST:format(path.relative(lost.path, opened.project.root)), "P3015",
      { exit = 1, advice = "It is recorded in the database: restore its file from version control." }
  end
  observed.holder, message, code, detail = running.observe(opened.db, observed)
  if observed.holder == nil then
    return nil, message, code, detail
  end
  local judged = status.judge(observed)
  local exit = args.exit_code and judged.exact or judged.exit
  return {
    text = ("%s\n\n%s\n\n%s"):format(opened.target.text, plan.count_line(#observed.migrations), judged.text),
    data = document(observed, judged), exit = exit,
  }
end

return status_command
