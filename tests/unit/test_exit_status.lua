--- Tests the map from failure codes to exit statuses.
local lu = require("luaunit")
local exit_status = require("tilth.exit_status")

local TestExitStatus = {}

function TestExitStatus:test_codes_have_their_status()
  for code, status in pairs({ usage = 2, config = 2, P1012 = 2, P1013 = 2, unsafe = 3, P1001 = 4, P1000 = 4, P3018 = 1, ["42P01"] = 1 }) do
    lu.assertEquals(exit_status.of(code), status, code)
  end
end

function TestExitStatus:test_a_childs_own_status_wins()
  lu.assertEquals(exit_status.of("failed", { exit = 42 }), 42)
end

return TestExitStatus
