--- From what was observed to the list of actions, in order. Pure: it touches nothing.
local plan = {}

local build_plan = require("tilth.build.plan")
local migrate_plan = require("tilth.migrate.plan")
local reset_plan = require("tilth.reset.plan")
local seed_plan = require("tilth.seed.plan")

local function append(list, more)
  for _, item in ipairs(more or {}) do
    list[#list + 1] = item
  end
end

--- What the world looks like for the steps after a reset: the same, with an empty history.
local function after_reset(observed)
  local history = { exists = false, rows = {} }
  for _, name in ipairs({ "schema", "qualified" }) do
    history[name] = observed.history and observed.history[name]
  end
  return setmetatable({ history = history, objects = {} }, { __index = observed })
end

--- Makes the plan.
-- @param observed what the world is like
-- @param request  what is wanted
-- @return { actions, skipped, effective = observed as the migrations will find it }
function plan.make(observed, request)
  local actions, skipped = {}, {}
  local effective = observed
  if request.reset then
    local reset_actions, why = reset_plan.actions(observed, request)
    append(actions, reset_actions)
    append(skipped, why)
    if #reset_actions > 0 then
      effective = after_reset(observed)
    end
  end
  if request.migrate then
    local migrations, why = migrate_plan.actions(effective, request)
    append(actions, migrations)
    append(skipped, why)
  end
  if request.seed then
    local seeds, why = seed_plan.actions(observed, request)
    append(actions, seeds)
    append(skipped, why)
  end
  if request.build then
    local build, why = build_plan.actions(observed)
    append(actions, build)
    append(skipped, why)
  end
  return { actions = actions, skipped = skipped, effective = effective, request = request }
end

--- Does the plan hold an action of this kind?
-- @param made a plan
-- @param kind "reset", "migrate", "seed", "seed_command" or "build"
-- @return boolean
function plan.has(made, kind)
  for _, action in ipairs(made.actions) do
    if action.kind == kind then
      return true
    end
  end
  return false
end

return plan
