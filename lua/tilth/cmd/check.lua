--- tilth check: every safety check over what a flow would do now, without doing it.
local check_command = {
  summary = "Run all safety checks over what a flow would do, and change nothing.",
}

local check = require("tilth.check")
local flow_observe = require("tilth.flow.observe")
local plan = require("tilth.flow.plan")
local review = require("tilth.flow.review")

local REFUSED <const> = 3

--- Adds the command's arguments.
-- @tparam Parser parser
function check_command.add_to_parser(parser)
  parser:description("Observes and plans as `tilth flow` would, with the flags of the environment, and shows what the checks find.\n"
    .. "Exit status 3 when a check would refuse the flow.")
  parser:flag("--reset", "As if RESET_DATABASE were set.")
  parser:flag("--seed", "As if RUN_SEED were set.")
  parser:flag("--list", "Only list the checks.")
end

local function list_checks()
  local lines, data = {}, {}
  for index, rule in ipairs(check.built_in()) do
    lines[index] = ("%-26s %s"):format(rule.id, rule.about)
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
  lines[#lines + 1] = ("A flow would do %d action%s now."):format(#actions, #actions == 1 and "" or "s")
  return table.concat(lines, "\n")
end

local function request_of(args, ctx)
  local flags = require("tilth.flags").read(ctx.env)
  return {
    command = "check", by_flags = not (args.reset or args.seed), reset = args.reset or flags.reset.set, seed = args.seed or flags.seed.set,
    -- As for a flow: the whole ledger is read, with what is known of flags left set.
    migrate = true, build = true, dry_run = true, read_only = true, keeps_ledger = true,
  }
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
  local world <close>, message, code, detail = flow_observe.run(ctx, request_of(args, ctx))
  if not world then
    return nil, message, code, detail
  end
  local made = plan.make(world.observed, world.request)
  local findings = review.run(world.observed, made)
  local blocked = review.blocked(findings)
  return {
    text = text_of(findings, made.actions), exit = blocked and REFUSED or 0,
    data = { findings = findings, refused = blocked and blocked.id or nil, plan = { actions = made.actions, skipped = made.skipped } },
  }
end

return check_command
