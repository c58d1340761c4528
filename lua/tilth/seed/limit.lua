--- Ends a seed that takes longer than it may: in Lua code, in its coroutines and in a query.
local limit = {}

local clock = require("tilth.clock")
local errors = require("tilth.seed.errors")

-- Often enough to notice an endless loop at once, seldom enough to cost little.
local INSTRUCTIONS <const> = 1000000
-- What all of tilth's own code is named after.
local OWN <const> = debug.getinfo(1, "S").source:match("^(.*)seed/limit%.lua$")

local function over(seconds)
  return errors.new(("the seed took longer than seed.timeout, %g s"):format(seconds), "57014", {
    advice = "Make it quicker, or set seed.timeout in tilth.config.lua (TILTH_SEED_TIMEOUT) higher.",
  })
end

--- Whether the function that runs is the seed's: tilth's own must not be cut off while it cleans up.
local function in_seed()
  local info = debug.getinfo(3, "S")
  return info and not (OWN and info.source:sub(1, #OWN) == OWN)
end

local function watch(seconds)
  local deadline = clock.monotonic() + seconds
  local hook, mask, count = debug.gethook()
  local function look()
    if clock.monotonic() > deadline then
      -- A pcall in the seed may catch the error: the next instruction outside of it raises it again.
      debug.sethook(look, "", 1)
      if in_seed() then
        error(over(seconds), 0)
      end
    end
  end
  debug.sethook(look, "", INSTRUCTIONS)
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

--- The library `coroutine` for seeds: what watches the code that makes a coroutine watches the coroutine as well.
-- @return table
function limit.coroutines()
  local library = setmetatable({}, { __index = coroutine })
  function library.create(fn)
    local thread = coroutine.create(fn)
    local hook, mask, count = debug.gethook()
    if type(hook) == "function" then
      debug.sethook(thread, hook, mask, count)
    end
    return thread
  end
  local function pass(thread, ok, ...)
    if not ok then
      coroutine.close(thread)
      error((...), 0)
    end
    return ...
  end
  function library.wrap(fn)
    local thread = library.create(fn)
    return function(...)
      return pass(thread, coroutine.resume(thread, ...))
    end
  end
  return library
end

return limit
