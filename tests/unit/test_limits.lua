--- Tests how limits are read from a configuration, and that a call within them is an ordinary one.
local lu = require("luaunit")
local limits = require("tilth.limits")

local TestLimits = {}

function TestLimits:test_what_a_configuration_says()
  for _, case in ipairs({
    { { memory = "256MB" }, "memory", 256 << 20 }, { { memory = "1.5 GB" }, "memory", 1.5 * (1 << 30) },
    { { memory = 1000 }, "memory", 1000 }, { { memory = "64kb" }, "memory", 64 << 10 },
    { { time = "10min" }, "time", 600 }, { { time = 3 }, "time", 3 }, { { instructions = 1e9 }, "instructions", 1e9 },
    { { instructions = "1000" }, "instructions", 1000 },
  }) do
    lu.assertEquals(limits.read({ limits = case[1] })[case[2]], case[3])
  end
end

function TestLimits:test_without_limits_there_are_none()
  lu.assertNil(limits.read(nil))
  lu.assertNil(limits.read({}))
  lu.assertNil(limits.read({ limits = { reset_rows = 5 } }))
end

function TestLimits:test_what_is_no_limit_is_refused()
  for _, given in ipairs({ { memory = "lots" }, { memory = "5 parsecs" }, { memory = 0 }, { time = "soon" }, { time = 0 },
    { instructions = "x" }, { instructions = -1 } }) do
    local read, message, code = limits.read({ limits = given })
    lu.assertNil(read)
    lu.assertStrContains(message, "in tilth.config.lua must be")
    lu.assertEquals(code, "config")
  end
  local _, message = limits.read({ limits = { time = 0, memory = 0, instructions = 0 } })
  lu.assertStrContains(message, "limits.instructions in")
end

function TestLimits:test_a_call_gives_what_the_function_returns()
  local limit = limits.read({ limits = { memory = "64MB", time = "1min", instructions = 1e9 } })
  lu.assertEquals(limit.text, { memory = "64MB", time = "1min", instructions = "1000000000" })
  lu.assertEquals({ limits.call(limit, nil, function(...) return select("#", ...), ... end, 1, nil, 3) }, { true, 3, 1, nil, 3 })
  lu.assertEquals({ limits.call(nil, nil, function(a) return a end, 5) }, { true, 5 })
end

function TestLimits:test_a_call_gives_what_the_handler_makes_of_an_error()
  local limit = limits.read({ limits = { time = "1min" } })
  lu.assertEquals({ limits.call(limit, function(raised) return raised .. "!" end, error, "boom", 0) }, { false, "boom!" })
end

function TestLimits:test_a_call_within_a_call_obeys_the_outer_limits()
  local outer, inner = limits.read({ limits = { time = "1min" } }), limits.read({ limits = { time = "2min" } })
  lu.assertEquals({ limits.call(outer, nil, function() return limits.call(inner, nil, function() return 7 end) end) }, { true, true, 7 })
end

function TestLimits:test_the_state_is_usable_after_its_memory_ran_out()
  local limit = limits.read({ limits = { memory = "8MB" } })
  for _ = 1, 3 do
    local ok, problem = limits.call(limit, nil, function()
      local held = {}
      for i = 1, 1e9 do held[i] = { i } end
      return held
    end)
    lu.assertFalse(ok)
    lu.assertStrContains(tostring(problem), "the limit of 8MB")
    lu.assertEquals(problem.code, "limit")
  end
  lu.assertEquals(#("x"):rep(32 << 20), 32 << 20)
end

function TestLimits:test_the_state_is_usable_after_its_time_ran_out()
  local limit = limits.read({ limits = { time = 0.05 } })
  for _ = 1, 3 do
    local ok, problem = limits.call(limit, nil, function() while true do pcall(error) end end)
    lu.assertFalse(ok)
    lu.assertEquals(problem.limit, "time")
  end
  local sum = 0
  for i = 1, 1e5 do sum = sum + i end
  lu.assertEquals(sum, 5000050000)
end

return TestLimits
