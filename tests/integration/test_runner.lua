--- Tests the runner of the tests itself: that it finds what a test leaves behind, and counts rightly.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local cluster = require("support.cluster")
local program = require("support.program")
local temp = require("support.temp")

local TestRunner = {}

--- A folder with a copy of the runner and one test file of the given kind.
local function suite(kind, body)
  local folder = temp.folder("suite")
  local source = env.get("TILTH_SOURCE") .. "/tests"
  folder:write("tests/run.lua", assert(fs.read(source .. "/run.lua")))
  for _, entry in ipairs(assert(fs.list(source .. "/support"))) do
    if entry.name:find("%.lua$") then
      folder:write("tests/support/" .. entry.name, assert(fs.read(source .. "/support/" .. entry.name)))
    end
  end
  folder:write(("tests/%s/test_sample.lua"):format(kind), body)
  return folder
end

--- The variables of a run that finds something left behind, which is not waited for long.
local function hasty(more)
  local variables = { TILTH_TEST_PATIENCE = "1" }
  for name, value in pairs(more or {}) do variables[name] = value end
  return variables
end

--- Runs one test body, as the method test_it, in a run of its own.
local function run(kind, body, options)
  local folder = suite(kind, ([[
    local lu = require("luaunit")
    local TestSample = {}
    function TestSample:test_it()
      %s
    end
    function TestSample:test_other() lu.assertTrue(true) end
    return TestSample
  ]]):format(body))
  local args = { "run", folder:join("tests/run.lua") }
  table.move(options and options.args or {}, 1, #(options and options.args or {}), 3, args)
  return program.run({ args = args, env = options and options.env, cwd = folder.path })
end

--- The closing line, which must be the last one.
local function closing(result)
  return result.stdout:match("([^\n]*)\n$")
end

function TestRunner:setUp()
  lu.skipIf(not env.get("TILTH_SOURCE"), "TILTH_SOURCE names no source tree; run `make check`")
end

function TestRunner:test_all_is_well()
  local result = run("unit", "lu.assertEquals(1, 1)")
  lu.assertEquals(closing(result), "2 passed, 0 failed, 0 skipped", result.text)
  lu.assertEquals(result.status, 0)
end

function TestRunner:test_failures_errors_and_skips_are_counted()
  local cases = {
    { "lu.assertEquals(1, 2)", "1 passed, 1 failed, 0 skipped", 1, "expected: 2" },
    { "error('broken')", "1 passed, 1 failed, 0 skipped", 1, "broken" },
    { "lu.skip('for a reason')", "1 passed, 0 failed, 1 skipped", 0, "1 skipped: for a reason" },
  }
  for _, case in ipairs(cases) do
    local result = run("unit", case[1])
    lu.assertEquals(closing(result), case[2], result.text)
    lu.assertEquals(result.status, case[3])
    lu.assertStrContains(result.stdout, case[4])
  end
end

function TestRunner:test_a_file_that_does_not_load_fails()
  for _, body in ipairs({ "this is no Lua", "error('at load')", "return nil" }) do
    local folder = suite("unit", body)
    local result = program.run({ args = { "run", folder:join("tests/run.lua") } })
    lu.assertEquals(closing(result), "0 passed, 1 failed, 0 skipped", result.text)
    lu.assertEquals(result.status, 1)
  end
end

function TestRunner:test_a_run_without_tests_is_a_failure()
  local result = run("unit", "", { args = { "no such test" } })
  lu.assertEquals(closing(result), "0 passed, 0 failed, 0 skipped", result.text)
  lu.assertEquals(result.status, 1)
end

function TestRunner:test_patterns_and_lists_select()
  local result = run("unit", "lu.assertEquals(1, 2)", { args = { "test_other" } })
  lu.assertEquals(closing(result), "1 passed, 0 failed, 0 skipped", result.text)
  result = run("unit", "", { args = { "--list" } })
  lu.assertEquals(result.stdout, "unit/test_sample.test_it\nunit/test_sample.test_other\n")
  result = run("unit", "", { args = { "--only", "nonsense" } })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, 'no kind of tests is called "nonsense"')
end

function TestRunner:test_what_a_test_leaves_behind_is_its_failure()
  local cases = {
    { [[require("tilth.core.env").set("LEFT_BEHIND", "secret")]], "the variable LEFT_BEHIND was left set" },
    { [[require("tilth.core.env").unset("PATH")]], "the variable PATH was changed" },
    { [[require("tilth.core.fs").chdir("/")]], "the working folder was changed to /" },
    { [[package.loaded.left = io.open("/dev/null")]], "was left open (/dev/null)" },
    { [[package.loaded.left = require("tilth.core.proc").spawn({ "sleep", "60" },
      { stdout = "null", stderr = "null", die_with_parent = true })]],
      "a child process is left" },
  }
  for _, case in ipairs(cases) do
    local result = run("unit", case[1], { env = hasty() })
    lu.assertEquals(closing(result), "1 passed, 1 failed, 0 skipped", case[1] .. "\n" .. result.text)
    lu.assertStrContains(result.stdout, case[2])
    lu.assertNotStrContains(result.stdout, "secret")
  end
end

function TestRunner:test_a_new_global_is_an_error()
  local result = run("unit", "mistyped = 1")
  lu.assertEquals(closing(result), "1 passed, 1 failed, 0 skipped", result.text)
  lu.assertStrContains(result.stdout, "new global 'mistyped'")
end

function TestRunner:test_an_open_connection_is_a_failure()
  cluster.socket_dir()
  local result = run("core", [[package.loaded.left = require("tilth.core.pg").connect(require("support.cluster").params())]],
    { env = hasty({ TILTH_TEST_PG_BINDIR = cluster.bindir() }) })
  lu.assertEquals(closing(result), "1 passed, 1 failed, 0 skipped", result.text)
  lu.assertStrContains(result.stdout, "a session on database postgres")
end

function TestRunner:test_a_connection_to_the_test_s_database_is_a_failure()
  cluster.socket_dir()
  local result = run("core", [[
    local db <close> = require("support.database").new()
    package.loaded.left = require("tilth.core.pg").connect(db.params)]],
    { env = hasty({ TILTH_TEST_PG_BINDIR = cluster.bindir() }) })
  lu.assertEquals(closing(result), "1 passed, 1 failed, 0 skipped", result.text)
  lu.assertStrContains(result.stdout, "sessions were left open on the test's database")
end

function TestRunner:test_files_are_kept_when_a_test_fails_and_removed_when_it_passes()
  local kept = run("unit", [[require("support.temp").folder("mine"):write("a", "b") lu.fail("no")]])
  local path = kept.stdout:match("its files are kept in ([^\n]+)")
  lu.assertNotNil(path, kept.text)
  lu.assertEquals(#assert(fs.list(path)), 1)
  assert(fs.remove_tree(path:match("^(.*)/")))
  local gone = run("unit", [[print("at " .. require("support.temp").folder("mine").path)]])
  lu.assertNil(fs.stat(gone.stdout:match("at ([^\n]+)")))
end

function TestRunner:test_a_missing_server_skips_but_fails_in_ci()
  local body = [[require("support.database").new()]]
  local missing = { TILTH_TEST_PG_BINDIR = "/nonexistent" }
  local result = run("integration", body, { env = missing })
  lu.assertEquals(closing(result), "1 passed, 0 failed, 1 skipped", result.text)
  lu.assertStrContains(result.stdout, "/nonexistent")
  missing.CI = "true"
  result = run("integration", body, { env = missing })
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "CI=true forbids to skip")
end

function TestRunner:test_an_interrupted_run_leaves_nothing()
  cluster.socket_dir()
  local folder = suite("core", [[
    local TestSample = {}
    function TestSample:test_it()
      print("at " .. require("support.cluster").socket_dir():match("^(.*)/pg/"))
      io.stdout:flush()
      require("tilth.core.clock").sleep(60)
    end
    return TestSample]])
  local child <close> = program.start({ args = { "run", folder:join("tests/run.lua") },
    env = { TILTH_TEST_PG_BINDIR = cluster.bindir(), TMPDIR = "/tmp" } }) -- short enough for a socket
  child:wait_for("at [^\n]+\n")
  local home = child.stdout:match("at ([^\n]+)")
  lu.assertNotNil(fs.stat(home))
  child:signal(2)
  lu.assertEquals(child:wait().status, 130)
  lu.assertNil(fs.stat(home))
end

function TestRunner:test_variables_of_outside_do_not_reach_a_test()
  local result = run("unit", [[
    for _, name in ipairs({ "DATABASE_URL", "PGHOST", "AWS_APP_ID", "RESET_DATABASE", "RUN_SEED", "TILTH_ENV" }) do
      lu.assertNil(os.getenv(name), name)
    end]], { env = { DATABASE_URL = "postgresql://x", PGHOST = "x", AWS_APP_ID = "x", RESET_DATABASE = "true",
      RUN_SEED = "true", TILTH_ENV = "production" } })
  lu.assertEquals(closing(result), "2 passed, 0 failed, 0 skipped", result.text)
end

return TestRunner
