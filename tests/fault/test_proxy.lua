--- Tests the fault proxy itself, and that each of its faults ends a session with an error and not in silence.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local pg = require("tilth.core.pg")
local database = require("support.database")
local proxy = require("support.proxy")

local TestProxy = {}

--- Connects through a proxy with the given faults and runs one statement.
local function through(faults, db, timeout)
  local way <close> = proxy.start(faults)
  local conn, message, code = pg.connect(way:params(db.name), timeout or 60)
  if not conn then return nil, message, code end
  local open <close> = conn
  return open:query("select repeat('x', 100000) as text", nil, timeout or 60)
end

function TestProxy:test_without_faults_everything_passes()
  local db <close> = database.new()
  local result = assert(through({}, db))
  lu.assertEquals(#result[1].text, 100000)
end

function TestProxy:test_small_pieces_arrive_whole()
  local db <close> = database.new()
  local result = assert(through({ chunk = 1000 }, db))
  lu.assertEquals(#result[1].text, 100000)
end

function TestProxy:test_a_cut_in_the_greeting_is_a_failed_connection()
  local db <close> = database.new()
  for _, action in ipairs({ "close", "rst" }) do
    local result, message, code = through({ s2c_cut = 20, action = action }, db)
    lu.assertNil(result)
    lu.assertNotEquals(message, "")
    lu.assertStrMatches(code, "08%d%d%d", nil, nil, action)
  end
end

function TestProxy:test_a_cut_in_the_answer_is_a_lost_connection()
  local db <close> = database.new()
  for _, action in ipairs({ "close", "rst" }) do
    local result, message, code = through({ s2c_cut = 50000, action = action }, db)
    lu.assertNil(result)
    lu.assertNotEquals(message, "")
    lu.assertEquals(code, "08006", action)
  end
end

function TestProxy:test_a_server_that_hangs_is_left_after_the_timeout()
  local db <close> = database.new()
  local began = clock.monotonic()
  local result = through({ s2c_cut = 50000, action = "hang" }, db, 0.5)
  lu.assertNil(result)
  lu.assertTrue(clock.monotonic() - began < 60)
end

function TestProxy:test_only_the_chosen_connection_is_hurt()
  local db <close> = database.new()
  local way <close> = proxy.start({ s2c_cut = 20, skip = 1, once = 1 })
  local outcomes = {}
  for i = 1, 3 do
    local conn = pg.connect(way:params(db.name), 60)
    outcomes[i] = conn ~= nil
    if conn then conn:close() end
  end
  lu.assertEquals(outcomes, { true, false, true })
end

return TestProxy
