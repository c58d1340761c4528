--- Ends a seed that takes longer than it may: in Lua code and in a query.
local limit = {}

local clock = require("tilth.clock")
local errors = require("tilth.seed.errors")

-- Often enough to notice an endless loop at once, seldom enough to cost little.
local INSTRUCTIONS <const> = 1000000

local function over(seconds)
  return errors.new(("the seed took longer than seed.timeout, %g s"):format(seconds), "57014", {
    advice = "Make it quicker, or set seed.timeout in tilth.config.lua (TILTH_SEED_TIMEOUT) higher.",
  })
end

local function watch(seconds)
  local deadline = clock.monotonic() + seconds
  local hook, mask, count = debug.gethook()
  debug.sethook(function()
    if clock.monotonic() > deadline then
      error(over(seconds), 0)
    end
  end, "", INSTRUCTIONS)
  local watching = {}
  function watching.close()
    debug.sethook(hook, mask, count)
  end
  return setmetatable(watching, { __close = watching.close })
end

--- Runs fn within a number of seconds.
-- @param db      Db, in a transaction
-- @param seconds 0 or nil for no limit
-- @param fn      function()
function limit.run(db, seconds, fn)
  if not seconds or seconds <= 0 then
    return fn()
  end
  errors.check(db:query(("set local statement_timeout = %d"):format(math.max(1, math.floor(seconds * 1000)))))
  local watching <close> = watch(seconds)
  fn()
  watching:close()
  errors.check(db:query("set local statement_timeout = default"))
end

return limit
