--- Tests `require("tilth")` in Debian's own lua5.4: the same modules, with that program's Ctrl-C.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local fs = require("tilth.core.fs")
local capi = require("support.capi")
local database = require("support.database")
local program = require("support.program")
local shop = require("support.shop")
local temp = require("support.temp")

local TestStockLua = {}

local LUA <const> = "/usr/bin/lua5.4"

--- The options of program.start for a script of a stock Lua. Once with the modules of the tree, once with those compiled in.
local function options_of(text, options)
  options = options or {}
  lu.skipIf(capi.is_sanitized(), "the sanitizers' runtime must come first in a process")
  local folder = capi.build_folder() .. "/src/module/.libs"
  local variables = { LUA_CPATH = folder .. "/?.so;;" }
  for name, value in pairs(options.env or {}) do variables[name] = value end
  local script = temp.folder("lua"):write("script.lua", text)
  return { program = LUA, args = { script, table.unpack(options.args or {}) }, env = variables, cwd = options.cwd }
end

local function run(text, options)
  return program.run(options_of(text, options))
end

--- Asserts that a script says something and ends well.
local function assert_says(text, said, options)
  local result = run(text, options)
  lu.assertEquals({ result.status, result.stdout, result.stderr }, { 0, said, "" })
end

function TestStockLua:test_modules_are_found_in_any_order()
  for _, luadir in ipairs({ false, os.getenv("TILTH_LUADIR") or false }) do
    assert_says('print(require("tilth").version())', capi.must({ program.path(), "--version" }):match("%S+ (%S+)") .. "\n",
      { env = { TILTH_LUADIR = luadir } })
    assert_says('print(require("tilth.url").mask("postgres://u:geheimnis@h/d"), package.loaded.tilth)', "postgres://u:****@h/d\tnil\n",
      { env = { TILTH_LUADIR = luadir } })
  end
  assert_says('print(#require("tilth.core.hash").uuid())', "36\n")
  assert_says('print(type(require("tilth.seed").define), type(require("tilth.cmd.seed.new").run))', "function\tfunction\n")
end

function TestStockLua:test_what_is_not_there_is_told_by_require()
  local result = run('require("tilth") require("tilth.nosuch")')
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "module 'tilth.nosuch' not found")
  lu.assertStrContains(result.stderr, "no module 'tilth.nosuch' in tilth")
end

function TestStockLua:test_an_error_that_nobody_catches_says_what_to_do()
  local made = require("support.project").new()
  local result = run('require("tilth").connect()', { cwd = made.path, env = { DATABASE_URL = "postgresql://u:geheimnis@127.0.0.1:1/x" } })
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "lua5.4: P1001: Can't reach database server at `127.0.0.1:1`\n")
  lu.assertStrContains(result.stderr, "\n\nCheck that DATABASE_URL names the right host and port")
  lu.assertNotStrContains(result.stderr, "geheimnis")
end

function TestStockLua:test_a_hook_of_the_program_stays()
  assert_says([[
    local lines = 0
    debug.sethook(function() lines = lines + 1 end, "l")
    local loaded = require("tilth.config").load("return { protected = true }", "c")
    local hook, mask = debug.gethook()
    local before = lines
    local x = 1
    debug.sethook()
    print(loaded.protected, type(hook), mask, lines > before)]], "true\tfunction\tl\ttrue\n")
end

function TestStockLua:test_program_keeps_its_own_globals_and_modules()
  local folder = temp.folder("own")
  folder:write("argparse.lua", "return 'its own'")
  assert_says([[
    local before = {}
    for name, value in pairs(_G) do before[name] = value end
    local call, resume = pcall, coroutine.resume
    require("tilth") require("tilth.db") require("tilth.seed") require("tilth.cli")
    for name, value in pairs(_G) do assert(before[name] == value, name) end
    assert(pcall == call and coroutine.resume == resume and getmetatable(_G) == nil)
    print((require("argparse")))]], "its own\n", { cwd = folder.path, env = { LUA_PATH = "./?.lua;;" } })
end

function TestStockLua:test_query_seed_and_migrate()
  local one <close> = shop.new()
  local result = run([[
    local tilth, flow = require("tilth"), require("tilth.flow")
    local function go(request)
      local ctx = tilth.context({ quiet = true })
      local result, message = flow.run(ctx, request)
      assert(result, message)
      return result.data
    end
    local applied = go({ command = "migrate deploy", migrate = true })
    print(applied.ok ~= false, go({ command = "seed", seed = true, keeps_ledger = true }).ok ~= false)
    local db <close> = tilth.connect()
    print(db:value('select count(*) from _prisma_migrations'), db:value('select count(*) from categories'))
    print(db:query("select $1::int + 1 as n, null as nothing", 41)[1].n)
    local ok, raised = pcall(function() db:query("select nosuch") end)
    print(ok, raised.code)
    db:transaction(function() db:exec("delete from reviews") end)
    print(db:value('select count(*) from reviews'))]], { cwd = one.path, env = { DATABASE_URL = one.database.url } })
  lu.assertEquals({ result.status, result.stdout }, { 0, "true\ttrue\n5\t7\n42\nfalse\t42703\n0\n" }, result.text)
end

--- Waits until a process waits: three looks in a row find it asleep.
local function wait_for_sleep(pid)
  local deadline, seen = clock.monotonic() + 60, 0
  repeat
    local state = (fs.read(("/proc/%d/stat"):format(pid)) or ""):match("%) (%a)")
    seen = state == "S" and seen + 1 or 0
    clock.sleep(0.03)
  until seen == 3 or clock.monotonic() > deadline
end

--- Starts a script, interrupts it once it has said "now" and waits (for the query of a minute, when there is a database),
-- and waits for its end. Where Lua's code runs, the interruption is lua.c's own.
local function interrupted(text, options, own)
  local began = clock.monotonic()
  local child <close> = program.start(options_of("io.stdout:setvbuf('no') " .. text, options))
  child:wait_for("now")
  if own then own:wait_for_query("pg_sleep(60)") end
  wait_for_sleep(child.pid)
  child:signal(2)
  local result = child:wait()
  lu.assertTrue(clock.monotonic() - began < 55)
  return result
end

function TestStockLua:test_ctrl_c_ends_a_wait_with_an_error()
  local result = interrupted('local sleep = require("tilth.clock").sleep print("now") sleep(60)')
  lu.assertEquals({ result.status, result.signal }, { 1 })
  lu.assertStrContains(result.stderr, "interrupted")
end

function TestStockLua:test_ctrl_c_can_be_caught_and_waits_work_again()
  local result = interrupted([[
    local clock = require("tilth.clock")
    print("now")
    print(pcall(clock.sleep, 60))
    local closed
    do
      local guard <close> = setmetatable({}, { __close = function() closed = true end })
      clock.sleep(0.01)
    end
    print(closed)]])
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(result.stdout, "now\nfalse\tinterrupted\ntrue\n")
end

function TestStockLua:test_ctrl_c_cancels_the_query_and_rolls_back()
  local own <close> = database.new()
  local made = require("support.project").new()
  own:script("create table kept (id int)")
  local result = interrupted([[
    local db <close> = require("tilth").connect()
    db:transaction(function()
      db:exec("insert into kept values (1)")
      print("now")
      db:query("select pg_sleep(60)")
    end)]], { cwd = made.path, env = { DATABASE_URL = own.url } }, own)
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "interrupted")
  lu.assertEquals(own:value("select count(*) from kept"), 0)
  own:wait_until("select count(*) = 0 from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)%' "
    .. "and state = 'active' and pid <> pg_backend_pid()")
end

function TestStockLua:test_flow_that_is_interrupted_says_so_in_the_ledger()
  local own <close> = database.new()
  local made = require("support.project").new({
    migrations = { { "20240101000000_slow", "create table a (id int); select pg_sleep(60);" } },
  })
  local result = interrupted([[
    local tilth, flow = require("tilth"), require("tilth.flow")
    print("now")
    local result, message, code = flow.run(tilth.context({}), { command = "flow", migrate = true, keeps_ledger = true })
    print(result, code)]], { cwd = made.path, env = { DATABASE_URL = own.url } }, own)
  lu.assertStrContains(result.stdout, "nil\tinterrupted", result.text)
  lu.assertFalse(own:has("a"))
end

return TestStockLua
