--- Tests tilth.migrate.refusal: which statements may run outside of the transaction that refused them.
local lu = require("luaunit")

local refusal = require("tilth.migrate.refusal")

local TestMigrateRefusal = {}

local IN_A_FUNCTION <const> = { context = "PL/pgSQL function inline_code_block line 1 at EXECUTE" }

function TestMigrateRefusal:test_only_what_could_run_outside_asks_to_leave()
  local cases = {
    { "25001", {}, "VACUUM t", true }, { "25001", nil, "-- c\ncreate index concurrently i on t (a)", true },
    { "25001", IN_A_FUNCTION, "DO $$ BEGIN EXECUTE 'VACUUM'; END $$", false }, { "25001", {}, "SET TRANSACTION DEFERRABLE", false },
    { "25001", {}, "SELECT set_config('transaction_isolation', 'serializable', true)", false },
    { "2D000", IN_A_FUNCTION, "/* c */ call p()", true }, { "2D000", IN_A_FUNCTION, "DO $$ BEGIN COMMIT; END $$", true },
    { "2D000", IN_A_FUNCTION, "SELECT f()", false }, { "55P04", {}, "UPDATE t SET v = 'b'", true },
    { "55P04", IN_A_FUNCTION, "DO $$ BEGIN UPDATE t SET v = 'b'; END $$", true },
    { "42P01", {}, "VACUUM t", false }, { nil, nil, "", false },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(refusal.asks_to_leave(case[1], case[2], case[3]), case[4], case[3])
  end
end

return TestMigrateRefusal
