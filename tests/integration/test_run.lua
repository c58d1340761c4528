--- Tests `tilth run`: arguments, modules, the database, exit statuses, errors with the script's line, limits.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestRun = {}

function TestRun:tearDown()
  if self.database then self.database:close() end
  self.database = nil
end

--- Runs a script in a project of its own.
local function run(text, options)
  options = options or {}
  local files = { ["tools/script.lua"] = text }
  for path, content in pairs(options.files or {}) do files[path] = content end
  local made = project.new({ files = files, config = options.config, schema = options.schema })
  local args = { "run" }
  for _, word in ipairs(options.before or {}) do args[#args + 1] = word end
  args[#args + 1] = "tools/script.lua"
  for _, word in ipairs(options.args or {}) do args[#args + 1] = word end
  return program.run({ args = args, cwd = made.path, env = options.env }), made
end

--- Runs a script with an empty database.
function TestRun:with_database(text, options)
  options = options or {}
  self.database = self.database or database.new()
  options.env = options.env or {}
  options.env.DATABASE_URL = self.database.url
  return run(text, options)
end

--- Runs scripts of one line, each of which must end with an error at that line.
local function assert_refused(cases)
  for text, said in pairs(cases) do
    local result = run(text)
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.stderr, "script.lua:1: " .. said)
  end
end

function TestRun:test_connect_refuses_what_it_does_not_know()
  for text, said in pairs({
    ["require('tilth').connect({ readonly = true })"] = 'connect: there is no option "readonly". Did you mean "read_only"?',
    ["\nrequire('tilth').connect({ wait = 'soon' })"] = 'connect: wait must be a duration such as "30s", not "soon"',
    ["require('tilth').connect({ wait = true })"] = 'connect: wait must be a duration such as "30s", not "true"',
  }) do
    local result = run(text)
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.stderr, ("script.lua:%d: %s"):format(text:sub(1, 1) == "\n" and 2 or 1, said))
  end
end

function TestRun:test_a_context_refuses_what_it_does_not_know()
  assert_refused({
    ["require('tilth').context({ databse_url = 'x' })"] = 'context: there is no option "databse_url". Did you mean "database_url"?',
    ["require('tilth').context(5)"] = "context: the options are a table, not a number",
    ["require('tilth').connect({ read_only = 0 })"] = "connect: read_only is true or false, not a number",
  })
end

function TestRun:test_a_mistyped_dry_run_does_not_migrate()
  assert_refused({
    ["require('tilth.migrate').deploy({ dryrun = true })"] = 'migrate.deploy: there is no option "dryrun". Did you mean "dry_run"?',
    ["require('tilth.migrate').deploy(true)"] = "migrate.deploy: the options are a table, not a boolean",
    ["require('tilth.migrate').status({ dry_run = true })"] = 'migrate.status: there is no option "dry_run".',
  })
end

function TestRun:test_a_mistyped_dry_run_does_not_start_a_flow()
  assert_refused({
    ["require('tilth.flow').observe({ migrate = true, dryrun = true })"] =
      'flow.observe: there is no option "dryrun". Did you mean "dry_run"?',
    ["require('tilth.flow').observe()"] = "flow.observe: the options are a table, not a nil",
  })
end

function TestRun:test_wrong_use_of_a_module_names_the_scripts_line()
  for text, said in pairs({
    ["\n\nrequire('tilth.url').target(5)"] = "script.lua:3: target: ",
    ["\n\nrequire('tilth.fs').join('a', 5)"] = "script.lua:3: fs.join: part 2 of the path is a number, not a string",
    ["\n\nrequire('tilth.fake').integer('key', 5, 1)"] = "script.lua:3: integer wants first <= last",
  }) do
    local result = run(text)
    lu.assertEquals(result.status, 1, result.text)
    lu.assertStrContains(result.stderr, said)
  end
end

function TestRun:test_a_session_called_with_a_dot_says_so_at_the_scripts_line()
  local script = [[local db <close> = require("tilth").connect()
    local calls = { query = "select 1", one = "select 1", value = "select 1", exec = "select 1", upsert = "t", load = "t",
      transaction = print, savepoint = print, copy_out = "copy t to stdout", status = false, array = {}, identifier = "x", close = false }
    for name, given in pairs(calls) do
      local ok, message = pcall(function()
        db[name](given or nil)
      end)
      assert(not ok and message:find("script.lua:6: write db:" .. name .. "(...), with a colon", 1, true), message)
    end
    local function raises(said, name, ...)
      local values = table.pack(...)
      local ok, message = pcall(function()
        db[name](db, table.unpack(values, 1, values.n))
      end)
      assert(not ok and message:find("script.lua:13: " .. said, 1, true), message)
    end
    raises("db:transaction expects a function, not a nil", "transaction")
    raises("db:copy_in expects a COPY statement, not a number", "copy_in", 5, "x")
    raises("db:copy_out expects a function, not a string", "copy_out", "copy t to stdout", "x")
    print(db:status())]]
  local result = self:with_database(script)
  lu.assertEquals({ result.status, result.stdout }, { 0, "idle\n" }, result.text)
end

function TestRun:test_settings_of_the_session_reach_the_server()
  local script = [[local db <close> = require("tilth").connect()
    print(db:value("show lock_timeout"), db:value("show idle_in_transaction_session_timeout"))]]
  local config = 'return { migrate = { lock_timeout = "2s", idle_timeout = "90s" } }'
  lu.assertEquals(self:with_database(script).stdout, "5s\t10min\n")
  lu.assertEquals(self:with_database(script, { config = config }).stdout, "2s\t90s\n")
  lu.assertEquals(self:with_database(script, { config = config, env = { TILTH_IDLE_TIMEOUT = "0" } }).stdout, "2s\t0\n")
  lu.assertEquals(self:with_database(script, { env = { TILTH_LOCK_TIMEOUT = "1000000d" } }).stdout, "2147483s\t10min\n")
end

function TestRun:test_data_that_are_no_json_are_the_scripts_fault()
  local result = run("return { data = { list = { 0/0 }, text = '\xff' } }", { before = { "--json" } })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, '"NaN"')
  result = run("return { data = { list = { print } } }", { before = { "--json" } })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "the script's data are no JSON: a function at .list[1]\n\nPut strings, numbers")
end

function TestRun:test_arguments_reach_the_script_as_in_lua()
  local result = run([[print(select("#", ...), ...) print(arg[0], arg[1], arg[2], #arg)]], { args = { "a b", "--json" } })
  lu.assertEquals(result.stdout, "2\ta b\t--json\ntools/script.lua\ta b\t--json\t2\n")
  lu.assertEquals(result.status, 0)
end

function TestRun:test_what_lua_passes_over_at_the_beginning_is_no_error()
  for _, start in ipairs({ "\u{FEFF}", "#!/usr/bin/env tilth\n", "\u{FEFF}#!/usr/bin/env tilth\n" }) do
    local result = run(start .. 'print("ran")')
    lu.assertEquals({ result.status, result.stdout }, { 0, "ran\n" }, result.text)
  end
end

function TestRun:test_the_collector_works_once_a_script_has_grown_even_in_a_finalizer()
  local grow = 'local list = {} for i = 1, 100000 do list[i] = { i } end '
  local cases = {
    "return collectgarbage('isrunning')", grow .. "return collectgarbage('isrunning')",
    "setmetatable({}, { __gc = function() " .. grow .. "end }) collectgarbage() local t = ('x'):rep(5000000) .. #arg "
      .. "return collectgarbage('isrunning'), #t",
  }
  for position, expected in ipairs({ "false", "true", "true" }) do
    local result = run(("print((function() %s end)())"):format(cases[position]))
    lu.assertEquals(result.stdout:match("^%a+"), expected, result.text)
  end
end

function TestRun:test_exit_status_is_what_the_script_returns_or_exits_with()
  for _, case in ipairs({
    { "return 3", 3 }, { "return 0", 0 }, { "return", 0 }, { "return nil", 0 }, { "return 4.0", 4 },
    { "return 255", 255 }, { "os.exit(256)", 255 }, { "os.exit(-1)", 255 },
    { "os.exit(5)", 5 }, { "os.exit()", 0 }, { "os.exit(false)", 1 }, { "os.exit(true)", 0 },
    { "pcall(os.exit, 6) return 1", 6 }, { "xpcall(function() os.exit(7) end, print) return 1", 7 },
    { "coroutine.wrap(function() os.exit(8) end)()", 8 }, { "error('x')", 1 }, { "return nil, 'broken', 'unsafe'", 3 },
  }) do
    local result = run(case[1])
    lu.assertEquals(result.status, case[2], case[1] .. "\n" .. result.text)
  end
end

function TestRun:test_modules_beside_the_script_and_of_the_project_are_found()
  local result = run([[print(require("beside").name, require("lib.below").name)]], { files = {
    ["tools/beside.lua"] = [[return { name = "beside" }]], ["lib/below.lua"] = [[return { name = "below" }]],
  } })
  lu.assertEquals(result.stdout, "beside\tbelow\n", result.text)
end

function TestRun:test_a_missing_module_names_where_it_was_looked_for()
  local result = run([[require("nowhere")]])
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "module 'nowhere' not found")
  lu.assertStrContains(result.stderr, "/nowhere.lua")
end

function TestRun:test_the_public_modules_are_there()
  local result = run([[
    for _, name in ipairs({ "db", "env", "process", "fs", "json", "csv", "log", "flow", "migrate", "seed", "check", "fake", "sql" }) do
      assert(type(require("tilth." .. name)) == "table", name)
    end
    print(require("tilth").version())]])
  lu.assertStrMatches(result.stdout, "%d+%.%d+%.%d+\n", nil, nil, result.text)
end

function TestRun:test_an_error_shows_the_script_s_own_lines_only()
  local result = run("local function inner()\n  error('boom')\nend\nlocal function outer()\n  inner()\n  return 1\nend\nouter()\n")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "tools/script.lua:2: boom")
  lu.assertStrContains(result.stderr, "tools/script.lua:5: in local 'outer'")
  lu.assertNotStrContains(result.stderr, "lua/tilth")
  lu.assertNotStrContains(result.stderr, "tail calls")
end

function TestRun:test_a_table_that_is_raised_is_told_by_its_message()
  for text, expected in pairs({
    ["error({ message = 'no rows left' })"] = "tilth: no rows left\n",
    ["error({})"] = "tilth: an error was raised that is a table without a message\n",
    ["error(setmetatable({}, { __tostring = function() return 'as it says' end }))"] = "tilth: as it says\n",
  }) do
    local result = run(text)
    lu.assertEquals(result.status, 1)
    lu.assertStrContains(result.stderr, expected)
  end
end

function TestRun:test_what_the_kernel_would_cut_is_no_exit_status()
  for _, number in ipairs({ "2.5", "256", "-1" }) do
    local result = run("return " .. number)
    lu.assertEquals(result.status, 1, number)
    lu.assertStrContains(result.stderr, ("the script returned %s, which can't be an exit status"):format(number))
  end
end

function TestRun:test_an_error_without_a_message_says_so()
  lu.assertStrContains(run("error()").stderr, "tilth: an error was raised without a message")
end

function TestRun:test_a_syntax_error_shows_its_line()
  local result = run("local x = 1\nlocal = 2\n")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "tools/script.lua:2:")
end

function TestRun:test_a_script_that_is_not_there_is_wrong_usage()
  local result = program.run({ args = { "run", "/nowhere/x.lua" } })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, "/nowhere/x.lua")
end

function TestRun:test_a_script_comes_from_standard_input()
  local result = program.run({ args = { "run", "-", "x" }, stdin = "print('in', ...) error('here')" })
  lu.assertEquals(result.stdout, "in\tx\n")
  lu.assertStrContains(result.stderr, "stdin:1: here")
end

function TestRun:test_connect_gives_the_project_s_database()
  local result = self:with_database([[
    local db <close> = require("tilth").connect()
    db:exec("create table t (id int primary key, name text)")
    print(db:exec("insert into t values ($1, $2), (2, null)", 1, "a"))
    print(db:value("select count(*) from t"), db:one("select name from t where id = $1", 1).name, db:one("select 1 where false"))
    for _, row in ipairs(db:query("select id from t order by id")) do print(row.id) end]])
  lu.assertEquals(result.stdout, "2\n2\ta\tnil\n1\n2\n", result.text)
end

function TestRun:test_a_failed_query_names_the_line_and_points_into_the_sql()
  local result = self:with_database([[
local db = require("tilth").connect()
db:query("select 1,\n  nosuch\nfrom pg_class")]])
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, 'tools/script.lua:2: query: ')
  lu.assertStrContains(result.stderr, 'column "nosuch" does not exist')
  lu.assertStrContains(result.stderr, "    2 |   nosuch\n      |   ^")
end

function TestRun:test_a_raised_error_is_an_object_with_a_code()
  local result = self:with_database([[
    local db <close> = require("tilth").connect()
    local ok, problem = pcall(db.query, db, "select 1/0")
    print(ok, problem.code, problem.severity)]])
  lu.assertEquals(result.stdout, "false\t22012\tERROR\n", result.text)
end

function TestRun:test_a_transaction_is_committed_or_rolled_back_as_a_whole()
  local result = self:with_database([[
    local db <close> = require("tilth").connect()
    db:exec("create table t (id int primary key, n int)")
    db:transaction(function()
      db:upsert("t", { { id = 1, n = 1 } })
      pcall(function() db:savepoint(function() db:upsert("t", { id = 2, n = 2 }) error("no") end) end)
      db:upsert("t", { id = 3, n = 3 })
    end)
    print(pcall(db.transaction, db, function() db:upsert("t", { id = 4, n = 4 }) error("stop", 0) end))
    print(db:in_transaction(), db:value("select string_agg(id::text, ',' order by id) from t"))
    db:begin() db:upsert("t", { id = 5, n = 5 }) db:rollback()
    db:begin() db:upsert("t", { id = 6, n = 6 }) db:commit()
    print(db:value("select string_agg(id::text, ',' order by id) from t"))]])
  lu.assertEquals(result.stdout, "false\tstop\nfalse\t1,3\n1,3,6\n", result.text)
end

function TestRun:test_a_verb_outside_a_transaction_is_written_at_once()
  local result = self:with_database([[
    local db = require("tilth").connect()
    db:exec("create table t (id int primary key, n int)")
    local counts = db:upsert("t", { { id = 1, n = 1 }, { id = 2, n = 2 } })
    print(counts.inserted)
    db:ensure("t", { id = 3, n = 3 })
    os.exit(0)]])
  lu.assertEquals(result.stdout, "2\n", result.text)
  lu.assertEquals(self.database:value("select count(*) from t"), 3)
end

function TestRun:test_a_read_only_session_may_not_write()
  local result = self:with_database([[
    local db <close> = require("tilth").connect({ read_only = true })
    db:exec("create table t (id int)")]])
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "read-only transaction")
end

function TestRun:test_a_database_out_of_reach_ends_with_status_4()
  local result = run([[require("tilth").connect()]], { env = { DATABASE_URL = "postgresql://u:secret1@127.0.0.1:1/x" } })
  lu.assertEquals(result.status, 4, result.text)
  lu.assertStrContains(result.stderr, "P1001")
  lu.assertNotStrContains(result.text, "secret1")
end

function TestRun:test_options_of_the_command_line_reach_the_script()
  local result = run([[
    local ctx = require("tilth").context()
    print(ctx.args.env, ctx.args.quiet)
    require("tilth.log").info("hidden %d", 1)
    require("tilth.log").warn("shown %s", "postgresql://u:secret2@h/d")]], { before = { "--env", "staging", "--quiet" } })
  lu.assertStrContains(result.stdout, "staging\ttrue\n")
  lu.assertNotStrContains(result.text, "hidden")
  lu.assertStrContains(result.text, "warning: shown")
  lu.assertNotStrContains(result.text, "secret2")
end

function TestRun:test_migrations_are_at_hand()
  self.database = database.new()
  local made = project.new({ migrations = { { "20240101000000_a", "create table a (id int);" } } })
  made:write("s.lua", [[
    local migrate = require("tilth.migrate")
    local before, wrong = migrate.status()
    local done = migrate.deploy()
    local after, well = migrate.status()
    print(wrong, #done.outcome.steps, well, before ~= after)]])
  local result = program.run({ args = { "run", "--quiet", "s.lua" }, cwd = made.path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.stdout, "1\t1\t0\ttrue\n", result.text)
end

function TestRun:test_a_limit_of_memory_ends_the_script_cleanly()
  local result = run([[
    local held = {}
    print(pcall(function() return ("x"):rep(100 << 20) end))
    for i = 1, 1e9 do held[i] = { i } end]], { config = [[return { limits = { memory = "32MB" } }]] })
  lu.assertEquals(result.status, 1)
  lu.assertEquals(result.stdout, "false\tnot enough memory\n")
  lu.assertStrContains(result.stderr, "not enough memory: the limit of 32MB (limits.memory in tilth.config.lua)")
  lu.assertNotStrContains(result.stderr, "bug")
end

function TestRun:test_a_limit_of_time_ends_loops_waits_and_coroutines()
  for _, body in ipairs({
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "coroutine.wrap(function() while true do end end)()",
    [[require("tilth.clock").sleep(60)]],
    [[require("tilth.process").run({ "sleep", "60" })]],
  }) do
    local result = run(body, { config = [[return { limits = { time = "200ms" } }]] })
    lu.assertEquals(result.status, 1, body)
    lu.assertStrContains(result.stderr, "it took longer than the limit of 200ms")
    lu.assertTrue(result.seconds < 50, body)
  end
end

function TestRun:test_a_limit_of_time_cancels_the_running_query()
  local result = self:with_database([[
    local db <close> = require("tilth").connect()
    db:query("select pg_sleep(60)")]], { config = [[return { limits = { time = "300ms" } }]] })
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "it took longer than the limit of 300ms")
  lu.assertTrue(result.seconds < 50)
end

function TestRun:test_a_limit_of_instructions_holds_in_coroutines_too()
  for _, body in ipairs({ "while true do end", "coroutine.wrap(function() while true do end end)()" }) do
    local result = run(body, { config = [[return { limits = { instructions = 1000000 } }]] })
    lu.assertEquals(result.status, 1)
    lu.assertStrContains(result.stderr, "more than the limit of 1000000 instructions")
  end
end

function TestRun:test_a_script_within_its_limits_knows_nothing_of_them()
  local result = run([[print("well") return 7]],
    { config = [[return { limits = { memory = "64MB", time = "1min", instructions = 1e9 } }]] })
  lu.assertEquals(result.stdout, "well\n", result.text)
  lu.assertEquals(result.status, 7)
end

function TestRun:test_a_limit_that_cannot_be_read_is_a_wrong_configuration()
  local result = run("print('ran')", { config = [[return { limits = { memory = "much" } }]] })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, [["limits.memory" must be a size]])
  lu.assertEquals(result.stdout, "")
end

return TestRun
