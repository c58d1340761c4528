--- Tests that limits end Lua code wherever it runs, and leave the state as it was.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local interrupt = require("tilth.core.interrupt")
local limit = require("tilth.core.limit")

local TestLimit = {}

function TestLimit:tearDown()
  interrupt.clear()
end

local function loop()
  while true do end
end

function TestLimit:test_time_ends_a_loop_and_a_wait()
  for _, fn in ipairs({ loop, function() clock.sleep(60) end }) do
    local ok, _, which = limit.call({ time = 0.05 }, nil, fn)
    lu.assertEquals({ ok, which }, { false, "time" })
    lu.assertNil(interrupt.signal())
    lu.assertNil(debug.gethook())
  end
end

function TestLimit:test_time_ends_a_coroutine_that_was_made_before()
  local before = coroutine.create(function()
    coroutine.yield()
    loop()
  end)
  coroutine.resume(before)
  local ok, _, which = limit.call({ time = 0.05 }, nil, function() coroutine.resume(before) end)
  lu.assertEquals({ ok, which }, { false, "time" })
end

function TestLimit:test_instructions_end_a_coroutine_that_was_made_before()
  local before = coroutine.wrap(loop)
  local ok, _, which = limit.call({ instructions = 200000 }, nil, before)
  lu.assertEquals({ ok, which }, { false, "instructions" })
end

function TestLimit:test_coroutine_that_outlives_its_limit_runs_on()
  local made
  lu.assertTrue((limit.call({ instructions = 1e9 }, nil, function()
    made = coroutine.wrap(function()
      coroutine.yield()
      local sum = 0
      for i = 1, 100000 do sum = sum + i end
      return sum
    end)
    made()
  end)))
  lu.assertEquals(made(), 5000050000)
end

function TestLimit:test_interruption_goes_through_a_limit()
  for _, limits in ipairs({ { time = 60 }, { instructions = 1e12 }, { memory = 1e9 } }) do
    local ok, raised = interrupt.catch(limit.call, limits, nil, function()
      interrupt.trigger(15)
      loop()
    end)
    lu.assertEquals({ ok, tostring(raised), interrupt.signal() }, { false, "interrupted", 15 })
    interrupt.clear()
  end
end

return TestLimit
