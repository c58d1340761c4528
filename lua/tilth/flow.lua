--- The road of every command that can change a database: observe, plan, review, act, record.
--
-- Commands take it in one go with `flow.run`. Scripts take it step by step, and may add steps of their own: see
-- scripts/flow.lua. What fails is raised as an error object there.
local flow = {}

-- What comes after the connection is loaded while the server makes one ready: see tilth.flow.ahead.
local steps = setmetatable({}, { __index = function(_, name)
  return require("tilth.flow." .. name)
end })

local REQUEST <const> = {
  "command", "by_flags", "reset", "migrate", "seed", "seeds", "build", "dry_run", "pipeline", "keeps_ledger", "local_server",
}

local function raise(message, code, detail)
  require("tilth.seed.errors").raise(message, code, detail)
end

--- Reads the words of a script's command line. An unknown one raises: a mistyped --dry-run must not act.
-- @tparam table known list of options, such as "--dry-run"
-- @tparam string ... the words
-- @treturn table option to true
-- @raise an error object, code "usage"
function flow.options(known, ...)
  local options, allowed = {}, {}
  for _, name in ipairs(known) do
    allowed[name] = true
  end
  for _, word in ipairs({ ... }) do
    if not allowed[word] then
      raise(("unknown argument %s.%s"):format(word, require("tilth.suggest").hint(word, known)), "usage",
        { advice = "Nothing was done.", exit = 2 })
    end
    options[word] = true
  end
  return options
end

--- Observes what a request needs; holds the migration lock from here on, unless it is a dry run.
-- @tparam table request what is wanted: see docs/architecture.md
-- @tparam[opt] table ctx of tilth.context; that of the command line
-- @treturn table world, for a `<close>` variable; `world.observed` is what was found
-- @raise an error object
function flow.observe(request, ctx)
  require("tilth.option_names").check("flow.observe", request, REQUEST)
  local world, message, code, detail = steps.observe.run(ctx or require("tilth").context(), request)
  if not world then
    raise(message, code, detail)
  end
  return world
end

--- Makes the plan from what was observed, in world.plan. Changes nothing.
-- @tparam table world
-- @treturn table the plan: actions, skipped
function flow.plan(world)
  world.plan = steps.plan.make(world.observed, world.request)
  return world.plan
end

--- Adds a step of one's own to the plan.
-- @tparam table world with a plan
-- @tparam string when "before" or "after"
-- @tparam string part "reset", "migrate", "seed" or "build"
-- @tparam string name of the step, for reports and the ledger
-- @tparam function fn called with a session (see tilth.session) and the world; it fails by raising an error
function flow.step(world, when, part, name, fn)
  require("tilth.flow.step").add(world, { when = when, part = part, name = name }, fn)
end

--- Runs the safety checks and says what is planned and what they found.
-- @tparam table world with a plan
-- @treturn boolean true when the script must end with `return flow.stop(world)`: a check forbids to go on, or it is a dry run
function flow.review(world)
  world.findings = steps.review.run(world.observed, world.plan)
  world.blocked = steps.review.blocked(world.findings)
  steps.record.announce(world, world.blocked)
  return world.request.dry_run or world.blocked ~= nil
end

--- Ends without acting: what a dry run would do, or why the flow is refused.
-- @tparam table world after review
-- @treturn[1] table result, to be returned by the script
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function flow.stop(world)
  return steps.record.without_acting(world, world.blocked)
end

--- Carries the plan out, in world.outcome. It does not raise what fails: `flow.record` tells that.
-- @tparam table world after review; raises when a check forbids to go on
-- @treturn table outcome: see docs/architecture.md
function flow.act(world)
  if not world.findings or world.blocked or world.request.dry_run then
    error("flow.act: the plan was not reviewed, or may not be carried out", 2)
  end
  steps.record.begin(world)
  world.outcome = steps.act.run(world)
  return world.outcome
end

--- Writes the outcome to the ledger and says how it went.
-- @tparam table world after act
-- @treturn[1] table result, to be returned by the script
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function flow.record(world)
  return steps.record.finish(world, world.outcome)
end

--- Carries a request out, or with request.dry_run only says what would be done.
-- @tparam table ctx of tilth.context
-- @tparam table request what is wanted: see docs/architecture.md
-- @treturn[1] table result `{ text, data }`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail; detail.data is the same table that data is in a result
function flow.run(ctx, request)
  local world <close>, message, code, detail = steps.observe.run(ctx, request)
  if not world then
    return nil, message, code, detail
  end
  flow.plan(world)
  if flow.review(world) then
    return flow.stop(world)
  end
  flow.act(world)
  return flow.record(world)
end

return flow
