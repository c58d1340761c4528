--- Ends a seed that takes longer than seed.timeout or uses more than `limits`: in Lua code, in its coroutines, in a query.
local limit = {}

local limits = require("tilth.limits")
local errors = require("tilth.seed.errors")

local function over(seconds)
  return errors.new(("the seed took longer than seed.timeout, %g s"):format(seconds), "57014", {
    advice = "Make it quicker, or set seed.timeout in tilth.config.lua (TILTH_SEED_TIMEOUT) higher.",
  })
end

local function copy(allowed, seconds)
  local combined = { text = {} }
  for name, value in pairs(allowed or {}) do
    combined[name] = value
  end
  combined.time = seconds
  return combined
end

--- Calls fn within a number of seconds and within limits.
-- @param db      Db, in a transaction
-- @param seconds 0 or nil for no limit
-- @param allowed of tilth.limits, or nil
-- @param handler of errors, as of xpcall
-- @param fn      function()
-- @return true | false, what the handler made of the error, or an error object when time or a limit is up
function limit.call(db, seconds, allowed, handler, fn)
  if not seconds or seconds <= 0 then
    return limits.call(allowed, handler, fn)
  end
  local first = not (allowed and allowed.time and allowed.time <= seconds)
  local ok, problem = limits.call(first and copy(allowed, seconds) or allowed, handler, function()
    -- The server looks at its clock as well, should this process be stopped.
    errors.check(db:query(("set local statement_timeout = %d"):format(math.max(1, math.ceil(seconds * 1000)))))
    fn()
    errors.check(db:query("set local statement_timeout = default"))
  end)
  if not ok and first and errors.is(problem) and problem.limit == "time" then
    problem = over(seconds)
  end
  return ok, problem
end

return limit
