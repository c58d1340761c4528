--- tilth check: every safety check over what a flow would do now and over the pipeline's files, without doing anything.
local check_command = {
  summary = "Run all safety checks over what a flow would do and over the pipeline's files; change nothing.",
  database = true,
}

local annotations = require("tilth.pipeline.annotations")
local check = require("tilth.check")
local exit_status = require("tilth.exit_status")
local flow_observe = require("tilth.flow.observe")
local plan = require("tilth.flow.plan")
local review = require("tilth.flow.review")

--- Adds the command's arguments.
-- @tparam Parser parser
function check_command.add_to_parser(parser)
  parser:description("Observes and plans as `tilth flow` would, with the flags of the environment, reads amplify.yml, package.json, "
    .. "Dockerfiles, workflows and .env files, and shows what the checks find. Without a database in reach it checks the files alone.\n"
    .. "Exit status 3 when a check would refuse the flow, 1 for warnings with --strict.")
  parser:flag("--reset", "As if RESET_DATABASE were set.")
  parser:flag("--seed", "As if RUN_SEED were set.")
  parser:flag("--strict", "Exit status 1 when there are warnings.")
  parser:option("--format", "How to print: text, json, or github for annotations of a workflow."):choices({ "text", "json", "github" })
    :default("text")
  parser:flag("--list", "Only list the checks.")
end

local function list_checks()
  local lines, data = {}, {}
  for index, rule in ipairs(check.built_in()) do
    lines[index] = ("%-29s %s"):format(rule.id, rule.about)
    data[index] = { id = rule.id, about = rule.about }
  end
  return { text = table.concat(lines, "\n"), data = { checks = data } }
end

local function text_of(findings, actions)
  local lines = {}
  for _, finding in ipairs(findings) do
    lines[#lines + 1] = ("%-5s  %s: %s"):format(finding.severity, finding.id, finding.message)
    if finding.advice then
      lines[#lines + 1] = "       " .. finding.advice:gsub("\n", "\n       ")
    end
  end
  if #findings == 0 then
    lines[1] = "No check has anything to say."
  end
  if actions then
    lines[#lines + 1] = ("A flow would do %d action%s now."):format(#actions, #actions == 1 and "" or "s")
  end
  return table.concat(lines, "\n")
end

local function request_of(args, ctx)
  local flags = require("tilth.flags").read(ctx.env)
  return {
    command = "check", by_flags = not (args.reset or args.seed), reset = args.reset or flags.reset.set, seed = args.seed or flags.seed.set,
    migrate = true, build = true, pipeline = true, keeps_ledger = true, dry_run = true, read_only = true,
  }
end

-- Without a database the files can be checked all the same; what was left out is said.
local function check_offline(ctx, request, why)
  local world, message, code, detail = flow_observe.offline(ctx, request)
  if not world then
    return nil, message, code, detail
  end
  local unnamed = why.code == "none"
  local findings = review.run(world.observed, { actions = {}, skipped = {}, request = {
    command = "check", by_flags = request.by_flags, pipeline = true, offline = true,
  } })
  table.insert(findings, 1, {
    id = "database-not-checked", severity = unnamed and "note" or "warn", code = not unnamed and why.code or nil, advice = why.advice,
    message = ("the checks of the database did not run: %s"):format(why.message),
  })
  return findings, world
end

local function finish(ctx, args, findings, made, extra)
  local blocked = review.blocked(findings)
  local warned = false
  for _, finding in ipairs(findings) do
    warned = warned or finding.severity == "warn"
  end
  local exit = blocked and exit_status.REFUSED or (args.strict and warned and exit_status.FAILED) or exit_status.DONE
  local data = { findings = findings, refused = blocked and blocked.id or nil, database_checked = made ~= nil,
    plan = made and { actions = made.actions, skipped = made.skipped } or nil }
  local text
  if args.format == "github" then
    text = annotations.text(findings, ctx.env.GITHUB_WORKSPACE or extra.pipeline.repository or extra.project.root)
  elseif args.format == "json" then
    ctx.args.json = true
  else
    text = text_of(findings, made and made.actions)
  end
  return { text = text, exit = exit, data = data }
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function check_command.run(args, ctx)
  if args.list then
    return list_checks()
  end
  local request = request_of(args, ctx)
  local world <close>, message, code, detail = flow_observe.run(ctx, request)
  if not world and (code == "none" or exit_status.of(code) == exit_status.UNREACHABLE) then
    local findings, offline, word, more = check_offline(ctx, request, {
      message = message, code = code, advice = detail and detail.advice,
    })
    if not findings then
      return nil, offline, word, more
    end
    return finish(ctx, args, findings, nil, offline.observed)
  elseif not world then
    return nil, message, code, detail
  end
  local made = plan.make(world.observed, world.request)
  return finish(ctx, args, review.run(world.observed, made), made, world.observed)
end

return check_command
