--- Steps of a team's own in the flow: planned beside the built-in actions, carried out and recorded like these.
local step = {}

local call_site = require("tilth.call_site")
local clock = require("tilth.core.clock")
local errors = require("tilth.seed.errors")

--- The parts of the flow, in order.
local RANK <const> = { backup = 0, reset = 1, restore = 1, migrate = 2, seed = 3, seed_command = 3, build = 4 }
local PARTS <const> = { reset = true, migrate = true, seed = true, build = true }

local function rank_of(action)
  return action.kind == "step" and action.rank or RANK[action.kind]
end

local function check(world, place, fn)
  if not world.plan then
    error("flow.step: call flow.plan(world) first", 4)
  elseif place.when ~= "before" and place.when ~= "after" then
    error("flow.step: the second argument is \"before\" or \"after\"", 4)
  elseif not PARTS[place.part] then
    error("flow.step: the third argument is \"reset\", \"migrate\", \"seed\" or \"build\"", 4)
  elseif type(place.name) ~= "string" or place.name == "" then
    error("flow.step: the fourth argument is the step's name", 4)
  elseif type(fn) ~= "function" then
    error("flow.step: the fifth argument is a function(db, world)", 4)
  elseif world.steps and world.steps[place.name] then
    error(("flow.step: there is a step %q already"):format(place.name), 4)
  end
end

--- Adds a step to the plan; of two at the same place the one added first runs first.
-- @tparam table world with a plan
-- @tparam table place { when = "before" | "after", part, name }
-- @tparam function fn called with a session and the world
function step.add(world, place, fn)
  check(world, place, fn)
  local rank = RANK[place.part] + (place.when == "before" and -0.3 or 0.3)
  local actions, at = world.plan.actions, 1
  while actions[at] and rank_of(actions[at]) <= rank do
    at = at + 1
  end
  table.insert(actions, at, {
    kind = "step", name = place.name, text = place.name, rank = rank,
    -- Until the migrations are through, a failing step takes a reset back with it.
    with_migrations = rank < RANK.migrate,
  })
  world.steps = world.steps or {}
  world.steps[place.name] = fn
end

local function describe(raised)
  if errors.is(raised) then
    return { message = raised.message, code = raised.code == "usage" and "failed" or raised.code, detail = raised.fields }
  end
  local text = tostring(call_site.blame(raised, call_site.is_script(os.getenv("TILTH_LUADIR"))))
  local file, line = text:match("^(.-):(%d+): ")
  return { message = text, code = "failed", detail = { file = file, line = math.tointeger(tonumber(line)) } }
end

--- Carries a step out.
-- @param world  the flow's world
-- @param action { kind = "step", name }
-- @return step { kind, name, seconds }
-- @return nil, message, code, detail
function step.run(world, action)
  local db, message, code, detail = world:database()
  if not db then
    return nil, message, code, detail
  end
  local started = clock.monotonic()
  world.report:status("step " .. action.name)
  local session = require("tilth.session").new(world, { name = action.name })
  local ok, problem = xpcall(world.steps[action.name], describe, session, world)
  world.report:status(nil)
  session:forget()
  -- A transaction that a step leaves open would swallow what the flow does next.
  local left_open = db:in_transaction()
  db:roll_back()
  if not ok then
    return nil, ("step %s: %s"):format(action.name, problem.message), problem.code, problem.detail
  elseif left_open then
    return nil, ("step %s: it left a transaction open, which was rolled back"):format(action.name), "failed",
      { advice = "Commit it, or use db:transaction(function() ... end)." }
  end
  local seconds = clock.monotonic() - started
  world.report:done("Step " .. action.name, seconds)
  return { kind = "step", name = action.name, seconds = seconds }
end

return step
