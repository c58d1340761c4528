--- Clocks.
local clock = require("tilth.clock")
local lu = require("luaunit")

local TestClock = {}

function TestClock:test_now_is_the_time_of_day()
  lu.assertAlmostEquals(clock.now(), os.time(), 30)
end

function TestClock:test_monotonic_never_goes_back()
  local before = clock.monotonic()
  for _ = 1, 1000 do
    local after = clock.monotonic()
    lu.assertTrue(after >= before)
    before = after
  end
end

function TestClock:test_sleep_takes_its_time()
  local before = clock.monotonic()
  clock.sleep(0.05)
  local taken = clock.monotonic() - before
  lu.assertTrue(taken >= 0.05 and taken < 30, taken)
end

function TestClock:test_sleep_raises_on_what_is_no_time()
  for _, seconds in ipairs({ -1, 0 / 0, math.huge }) do
    lu.assertErrorMsgContains("bad argument #1", clock.sleep, seconds)
  end
end

function TestClock:test_utc_writes_milliseconds()
  for seconds, text in pairs({
    [0] = "1970-01-01T00:00:00.000Z",
    [1763807000.25] = "2025-11-22T10:23:20.250Z",
    [1763807000.9996] = "2025-11-22T10:23:21.000Z",
    [-0.5] = "1969-12-31T23:59:59.500Z",
    [951782400] = "2000-02-29T00:00:00.000Z",
    [-62167219200] = "0000-01-01T00:00:00.000Z",
  }) do
    lu.assertEquals(clock.utc(seconds), text)
  end
end

function TestClock:test_utc_raises_outside_of_four_digit_years()
  for _, seconds in ipairs({ 1e300, -1e300, 0 / 0, 253402300800 }) do
    lu.assertErrorMsgContains("bad argument #1", clock.utc, seconds)
  end
end

return TestClock
