--- Durations as people write them.
local lu = require("luaunit")

local duration = require("tilth.duration")

local TestDuration = {}

function TestDuration:test_parse_reads_each_form()
  local cases = {
    { "5s", 5 }, { "500ms", 0.5 }, { "2min", 120 }, { "2m", 120 }, { "1h30min", 5400 }, { "1.5h", 5400 }, { "1d", 86400 }, { "7", 7 },
    { " 5 s ", 5 }, { "0", 0 }, { 3, 3 }, { 0.25, 0.25 },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(duration.parse(case[1]), case[2], tostring(case[1]))
  end
end

function TestDuration:test_parse_fails_on_anything_else()
  for _, value in ipairs({ "", " ", "s", "-5s", "5 parsecs", "5s!", "1e3", "0x10", -1, math.huge, 0 / 0, true, {}, print }) do
    lu.assertNil(duration.parse(value), tostring(value))
  end
end

return TestDuration
