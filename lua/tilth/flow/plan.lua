--- From what was observed to the list of actions, in order. Pure: it touches nothing.
local plan = {}

--- Who plans which part of a request, in the order of the flow. Loaded when asked for.
local PLANNERS = {
  { part = "backup", module = "tilth.backup.plan" },
  { part = "reset", module = "tilth.reset.plan" },
  { part = "restore", module = "tilth.backup.restore_plan" },
  { part = "migrate", module = "tilth.migrate.plan" },
  { part = "seed", module = "tilth.seed.plan" },
  { part = "build", module = "tilth.build.plan" },
}

local function append(list, more)
  for _, item in ipairs(more or {}) do
    list[#list + 1] = item
  end
end

--- The modules that plan a request.
-- @tparam table request what is wanted
-- @treturn table list of names
function plan.modules(request)
  local names = {}
  for _, planner in ipairs(PLANNERS) do
    if request[planner.part] then
      names[#names + 1] = planner.module
    end
  end
  return names
end

--- What the world looks like for the steps after a reset: the same, with an empty history, and no seed that has run.
local function after_reset(observed)
  local history = { exists = false, rows = {} }
  for _, name in ipairs({ "schema", "qualified" }) do
    history[name] = observed.history and observed.history[name]
  end
  local ledger = observed.ledger and setmetatable({ seeds = {} }, { __index = observed.ledger })
  return setmetatable({ history = history, objects = {}, ledger = ledger }, { __index = observed })
end

--- Makes the plan.
-- @param observed what the world is like
-- @param request  what is wanted
-- @return { actions, skipped, effective = observed as the migrations will find it }
function plan.make(observed, request)
  local actions, skipped, effective = {}, {}, observed
  for _, planner in ipairs(PLANNERS) do
    if request[planner.part] then
      local finds = (planner.part == "migrate" or planner.part == "seed") and effective or observed
      local more, why = require(planner.module).actions(finds, request)
      if planner.part == "reset" and #more > 0 then
        -- What is destroyed is saved first; the reset itself begins when that is done.
        local before, without = require("tilth.backup.plan").before_reset(observed, more[1])
        append(actions, before)
        append(skipped, without)
      end
      append(actions, more)
      append(skipped, why)
      if planner.part == "reset" and #more > 0 then
        effective = after_reset(observed)
      end
    end
  end
  return { actions = actions, skipped = skipped, effective = effective, request = request }
end

--- Does the plan hold an action of this kind?
-- @param made a plan
-- @param kind "backup", "reset", "restore", "migrate", "seed", "seed_command" or "build"
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
