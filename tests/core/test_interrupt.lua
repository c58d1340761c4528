--- Tests that an interruption reaches every kind of Lua code and lets it clean up.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local interrupt = require("tilth.core.interrupt")

local TestInterrupt = {}

function TestInterrupt:tearDown()
  interrupt.clear()
end

--- Runs code that interrupts itself; asserts that it did not get to its end.
local function interrupted(fn)
  local ok, raised = interrupt.catch(fn)
  lu.assertFalse(ok)
  lu.assertEquals(tostring(raised), "interrupted")
  lu.assertEquals(raised.code, "interrupted")
end

function TestInterrupt:test_ends_an_endless_loop()
  interrupted(function()
    interrupt.trigger(2)
    while true do end
  end)
end

function TestInterrupt:test_passes_through_pcall_and_xpcall()
  interrupted(function()
    while true do
      pcall(function()
        xpcall(function()
          interrupt.trigger(15)
          while true do end
        end, debug.traceback)
      end)
    end
  end)
  lu.assertEquals(interrupt.signal(), 15)
end

function TestInterrupt:test_reaches_nested_coroutines()
  interrupted(function()
    local outer = coroutine.wrap(function()
      local inner = coroutine.create(function()
        interrupt.trigger(2)
        while true do coroutine.isyieldable() end
      end)
      while true do coroutine.resume(inner) end
    end)
    while true do outer() end
  end)
end

function TestInterrupt:test_wakes_a_sleep()
  local started = clock.monotonic()
  interrupted(function()
    interrupt.trigger(2)
    clock.sleep(20)
  end)
  lu.assertTrue(clock.monotonic() - started < 15)
end

function TestInterrupt:test_closes_variables_and_lets_them_wait()
  local closed = false
  interrupted(function()
    local guard <close> = setmetatable({}, { __close = function()
      clock.sleep(0.01)
      closed = true
    end })
    interrupt.trigger(2)
    while guard do end
  end)
  lu.assertTrue(closed)
end

function TestInterrupt:test_a_second_signal_ends_the_clean_up()
  local started = clock.monotonic()
  interrupted(function()
    local guard <close> = setmetatable({}, { __close = function()
      interrupt.trigger(2)
      clock.sleep(20)
    end })
    interrupt.trigger(2)
    while guard do end
  end)
  lu.assertTrue(clock.monotonic() - started < 15)
end

function TestInterrupt:test_pcall_works_again_once_caught()
  interrupted(function()
    interrupt.trigger(2)
    while true do end
  end)
  lu.assertEquals({ pcall(error, "plain", 0) }, { false, "plain" })
  interrupt.clear()
  lu.assertNil(interrupt.signal())
end

--- Runs fn once for each instruction of it, interrupted there; `check(n)` says whether it left everything well.
local function at_each_instruction(fn, check)
  for n = 1, 10000 do
    local reached = false
    local ok, raised = interrupt.catch(function()
      debug.sethook(function()
        reached = true
        interrupt.trigger(15)
      end, "", n)
      fn()
      debug.sethook()
    end)
    lu.assertTrue(ok or tostring(raised) == "interrupted", tostring(raised))
    interrupt.clear()
    check(n)
    if not reached then
      return n
    end
  end
  error("too many instructions")
end

function TestInterrupt:test_a_shielded_call_loses_nothing_at_any_instruction()
  local made, closed, left = 0, 0, 0
  local meta = { __close = function(thing)
    local seen = 0
    for _ = 1, 10 do
      seen = seen + 1
    end
    closed = closed + (thing and seen / 10 or 0)
  end }
  local function make(a)
    made = made + 1
    local thing = setmetatable({ a }, meta)
    for _ = 1, 3 do
      thing[#thing + 1] = a
    end
    return thing, "more", a
  end
  local function open(a)
    return interrupt.shield(make, a)
  end
  local last = at_each_instruction(function()
    for _ = 1, 2 do
      local thing <close>, more, a = open(7)
      local other <close> = interrupt.shield(make, 8)
      left = left + #thing + #other + a + #more
    end
  end, function(n)
    lu.assertEquals(closed, made, "at instruction " .. n)
  end)
  lu.assertTrue(last > 150, last)
  lu.assertTrue(left > 0)
end

function TestInterrupt:test_a_shielded_call_may_wait_for_the_time_of_the_clean_up()
  local passed
  interrupted(function()
    local started = clock.monotonic()
    interrupt.shield(function()
      interrupt.trigger(2)
      clock.sleep(0.05)
      passed = clock.monotonic() - started
    end)
    while true do end
  end)
  lu.assertTrue(passed >= 0.05)
end

function TestInterrupt:test_a_second_signal_stops_a_shielded_wait()
  local started = clock.monotonic()
  interrupted(function()
    interrupt.shield(function()
      interrupt.trigger(2)
      interrupt.trigger(2)
      clock.sleep(20)
    end)
  end)
  lu.assertTrue(clock.monotonic() - started < 15)
end

function TestInterrupt:test_shields_pass_values_and_errors_on()
  lu.assertEquals({ interrupt.shield(function(...) return ... end, 1, nil, 3) }, { 1, nil, 3 })
  lu.assertEquals({ pcall(interrupt.shield, error, "plain", 0) }, { false, "plain" })
  lu.assertEquals(interrupt.shield(interrupt.shield, math.max, 4, 9), 9)
  lu.assertErrorMsgContains("bad argument #1", interrupt.shield)
end

function TestInterrupt:test_a_close_method_that_waits_is_not_cut_short()
  local closed = 0
  interrupted(function()
    do
      local guard <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
        interrupt.trigger(2)
        clock.sleep(0.02)
        closed = closed + 1
      end })
    end
    while true do end
  end)
  lu.assertEquals(closed, 1)
end

function TestInterrupt:test_base_functions_behave_as_luas_own()
  lu.assertEquals({ pcall(function(...) return ... end, 1, nil, 3) }, { true, 1, nil, 3 })
  lu.assertEquals({ xpcall(function(...) return ... end, print, 4, 5) }, { true, 4, 5 })
  lu.assertEquals({ xpcall(error, function(text) return "handled " .. text end, "it") }, { false, "handled it" })
  lu.assertErrorMsgContains("bad argument #1", pcall)
  lu.assertErrorMsgContains("bad argument #2", xpcall, print)
  local co = coroutine.create(function(a)
    local b = coroutine.yield(a + 1)
    error("end " .. b, 0)
  end)
  lu.assertEquals({ coroutine.resume(co, 1) }, { true, 2 })
  lu.assertEquals({ coroutine.resume(co, "x") }, { false, "end x" })
  lu.assertEquals({ coroutine.resume(co) }, { false, "cannot resume dead coroutine" })
  local sum = 0
  for value in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do sum = sum + value end
  lu.assertEquals(sum, 6)
  lu.assertErrorMsgContains("inside", coroutine.wrap(function() error("inside") end))
end

function TestInterrupt:test_pcall_can_be_yielded_across()
  local co = coroutine.wrap(function()
    return pcall(function()
      coroutine.yield("out")
      error("back", 0)
    end)
  end)
  lu.assertEquals(co(), "out")
  lu.assertEquals({ co() }, { false, "back" })
end

return TestInterrupt
