--- Tests that a call of libtilth is cancelled from other threads and signal handlers, alone of several at once.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local capi = require("support.capi")
local database = require("support.database")
local project = require("support.project")
local shop = require("support.shop")

local TestCapiCancel = {}

-- Less than the minute that every script here would take, and enough for a slow machine.
local SOON <const> = 50
-- With many rounds, or under valgrind.
local LONG <const> = 900

local WAYS <const> = { { "thread", 130 }, { "handler", 138 } }

--- Runs tests/capi/cancel.c; asserts that the script was stopped early, and the handle is usable afterwards.
local function cancelled(way, status, text, options)
  local path = capi.compile("cancel.c")
  local began = clock.monotonic()
  local result = capi.run(path, { way, text }, options)
  lu.assertEquals(result.stdout, ("%d interrupted\n0 usable\n"):format(status), result.text)
  lu.assertEquals(result.stderr, "")
  lu.assertTrue(clock.monotonic() - began < SOON)
end

function TestCapiCancel:test_loop_of_lua_code_ends()
  for _, way in ipairs(WAYS) do
    cancelled(way[1], way[2], "print('now') while true do end")
    cancelled(way[1], way[2], "print('now') while true do pcall(function() while true do end end) end")
  end
end

function TestCapiCancel:test_loop_in_a_coroutine_ends()
  cancelled("thread", 130, "local c = coroutine.wrap(function() print('now') while true do end end) while true do c() end")
end

function TestCapiCancel:test_wait_ends()
  for _, way in ipairs(WAYS) do
    cancelled(way[1], way[2], "print('now') require('tilth.clock').sleep(60)")
  end
end

function TestCapiCancel:test_child_process_ends()
  cancelled("thread", 130, "require('tilth.process').run({ 'sh', '-c', 'echo now; exec sleep 60' })")
end

function TestCapiCancel:test_second_time_ends_the_clean_up()
  cancelled("twice", 130, [[
    local guard <close> = setmetatable({}, { __close = function()
      print("now")
      require("tilth.clock").sleep(60)
    end })
    print("now")
    while guard do end]])
end

function TestCapiCancel:test_query_is_cancelled_on_the_server_and_rolled_back()
  local own <close> = database.new()
  local made = project.new()
  own:script("create table kept (id int)")
  for _, way in ipairs(WAYS) do
    cancelled(way[1], way[2], [[
      local db <close> = require("tilth").connect()
      db:transaction(function()
        db:exec("insert into kept values (1)")
        print("now")
        db:query("select pg_sleep(60)")
      end)]], { cwd = made.path, env = { DATABASE_URL = own.url } })
  end
  lu.assertEquals(own:value("select count(*) from kept"), 0)
  own:wait_until("select count(*) = 0 from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)%' "
    .. "and state = 'active' and pid <> pg_backend_pid()")
end

function TestCapiCancel:test_several_at_once_work_on_their_own_databases()
  local shops, args = {}, {}
  local guard <close> = setmetatable({}, { __close = function()
    for _, one in ipairs(shops) do one:close() end
  end })
  for i = 1, 4 do
    shops[i] = shop.new()
    args[#args + 1], args[#args + 2] = shops[i].path, shops[i].database.url
  end
  local result = capi.run(capi.compile("threads.c"), args)
  local expected = ""
  for i = 0, 3 do expected = expected .. ("job %d: 0, heard \n"):format(i) end
  lu.assertEquals(result.stdout, expected .. "folder unchanged\nenvironment unchanged\n", result.stderr)
  lu.assertEquals(result.stderr, "")
  local counts = shops[1]:counts()
  lu.assertEquals(counts.categories, 7)
  for i = 1, 4 do
    lu.assertEquals(shops[i]:counts(), counts)
    lu.assertEquals(shops[i].database:value("select count(*) from _prisma_migrations where finished_at is not null"), 5)
  end
  lu.assertNotNil(guard)
end

--- The numbers that tests/capi/rounds.c prints.
local function held(result)
  lu.assertEquals(result.status, 0, result.text)
  local numbers = {}
  for name, number in result.stdout:gmatch("(%l+) (%-?%d+)") do numbers[name] = tonumber(number) end
  return numbers
end

function TestCapiCancel:test_thousand_rounds_leave_nothing()
  -- The sanitizers keep freed memory for a while; they find leaks in their own way, at the end.
  local rounds = capi.is_sanitized() and "50" or "1000"
  local numbers = held(capi.run(capi.compile("rounds.c"), { rounds }, { timeout = LONG }))
  lu.assertEquals({ numbers.wrong, numbers.descriptors }, { 0, 0 })
  if not capi.is_sanitized() then
    lu.assertTrue(numbers.kilobytes < 1500, ("%d kB more after 900 rounds"):format(numbers.kilobytes))
  end
end

function TestCapiCancel:test_rounds_with_a_database_leave_nothing()
  local own <close> = database.new()
  local made = project.new()
  local numbers = held(capi.run(capi.compile("rounds.c"), { "60", own.url }, { cwd = made.path, timeout = LONG }))
  lu.assertEquals({ numbers.wrong, numbers.descriptors }, { 0, 0 })
end

function TestCapiCancel:test_valgrind_finds_no_leak()
  lu.skipIf(capi.is_sanitized(), "the library is built with sanitizers")
  local own <close> = database.new()
  local made = project.new()
  local result = capi.run(capi.compile("rounds.c"), { "2", own.url }, {
    cwd = made.path, timeout = LONG,
    wrap = { "valgrind", "-q", "--leak-check=full", "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect",
      "--error-exitcode=9", "--track-fds=no" },
  })
  lu.assertEquals(held(result).wrong, 0)
  lu.assertEquals(result.stderr, "")
end

return TestCapiCancel
