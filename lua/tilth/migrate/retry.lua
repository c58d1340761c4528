--- Tries again what a lock stopped: growing pauses with jitter, within a budget of time.
-- @module tilth.migrate.retry

local retry = {}

local clock = require("tilth.clock")

local BUDGET <const> = 300
local FIRST_PAUSE <const> = 0.25
local LONGEST_PAUSE <const> = 15
local GROWTH <const> = 1.7

-- Lock timeout, deadlock, serialization failure: the server has undone the work, and it may succeed later.
local PASSES <const> = { ["55P03"] = true, ["40P01"] = true, ["40001"] = true }

local Retry = {}
Retry.__index = Retry

--- May a failure with this code pass by itself?
-- @tparam string|nil sqlstate
-- @treturn boolean
function retry.passes(sqlstate)
  return PASSES[sqlstate] or false
end

--- Starts a budget.
-- @tparam number|nil budget seconds in all
-- @treturn Retry tries, seconds()
function retry.new(budget)
  return setmetatable({ tries = 0, started = clock.monotonic(), budget = budget or BUDGET, pause = FIRST_PAUSE }, Retry)
end

--- The seconds since the first try.
function Retry:seconds()
  return clock.monotonic() - self.started
end

--- The next pause, longer than the one before.
-- @treturn number|nil seconds; nil when the budget is spent
function Retry:next_pause()
  self.tries = self.tries + 1
  local left = self.budget - self:seconds()
  if left <= 0 then
    return nil
  end
  local pause = math.min(self.pause * (0.5 + math.random()), left)
  self.pause = math.min(self.pause * GROWTH, LONGEST_PAUSE)
  return pause
end

--- Waits.
-- @tparam number seconds
function Retry:wait(seconds) -- luacheck: no self
  clock.sleep(seconds)
end

return retry
