--- Tests libtilth as programs in C and C++ use it: calls, values, errors, callbacks, surroundings.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local capi = require("support.capi")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")
local shop = require("support.shop")
local temp = require("support.temp")

local TestCapi = {}

local SEED <const> = [[
return require("tilth.seed").define({ run = function(db)
  local i = 0
  db:load("big", function()
    i = i + 1
    return i <= 200000 and { id = i, name = "row " .. i } or nil
  end, { key = "id" })
end })]]

--- Runs tests/capi/drive.c; its lines are in `fields` by name, and as a whole in `stdout`.
local function drive(args, options)
  local result = capi.run(capi.compile("drive.c"), args, options)
  lu.assertEquals(result.status, 0, result.text)
  local fields = {}
  for name, value in result.stdout:gmatch("([%l%d ]+): ([^\n]*)") do
    fields[name] = fields[name] or value
  end
  fields.document = result.stdout:match("\nreport: (.*)$")
  fields.document = fields.document and assert(json.decode(fields.document))
  return fields, result
end

function TestCapi:test_wrong_use_gives_errors_as_values()
  local result = capi.run(capi.compile("misuse.c"), {})
  lu.assertEquals(result.stdout, "0 failures, API 1\n", result.stderr)
  lu.assertEquals(result.stderr, "")
end

function TestCapi:test_cpp_program_compiles_without_a_warning_and_runs()
  lu.assertEquals(capi.run(capi.compile("plusplus.cc"), {}).text, "from Lua\n42\n2 usage\n")
end

function TestCapi:test_script_gives_its_values()
  local script = "local a, b = ... return a .. b, 7, 1.5, true, nil, 1 == 2, { 'l' }, 'a\\0b'"
  local fields, result = drive({ "text", script, "x", "y" })
  lu.assertEquals(fields.result, "0", result.text)
  local values = {}
  for i = 0, 7 do values[#values + 1] = fields["value " .. i] end
  lu.assertEquals(values, { "2 xy", "1 7", "3 1.5", "4 true", "0 nil", "5 false", '5 ["l"]', "3 a" })
  lu.assertEquals(fields.document, { ok = true, values = { "xy", 7, 1.5, true, json.null, false, { "l" }, "a?b" } })
end

function TestCapi:test_script_that_fails_says_where()
  local fields = drive({ "text", "local x = 1\nlocal y = x.a.b" })
  lu.assertEquals({ fields.result, fields.code, fields.file, fields.line }, { "1", "failed", "driven.lua", "2" })
  lu.assertStrContains(fields.message, "attempt to index a number value")
  fields = drive({ "text", "return nil, 'not today', 'P1234'" })
  lu.assertEquals({ fields.result, fields.code, fields.message }, { "1", "P1234", "not today" })
  lu.assertFalse(fields.document.ok)
  fields = drive({ "text", "x = = 1" })
  lu.assertStrContains(fields.message, "driven.lua:1: unexpected symbol")
end

function TestCapi:test_value_that_c_cannot_get_is_an_error()
  local fields = drive({ "text", "return 1, print" })
  lu.assertEquals({ fields.result, fields.code }, { "1", "failed" })
  lu.assertStrContains(fields.message, "value 2 of the script cannot be given to the calling program: ")
end

function TestCapi:test_nothing_in_lua_ends_the_process()
  lu.assertEquals(drive({ "text", "os.exit(7)" }).result, "7")
  lu.assertEquals(drive({ "text", "pcall(os.exit, 3) error('not reached')" }).result, "3")
  local made = project.new({ files = { ["leaves.lua"] = "os.exit(5, true)" } })
  lu.assertEquals(drive({ "--folder", made.path, "text", "require('leaves')" }).result, "5")
  lu.assertEquals(drive({ "command", "flow", "--help" }).result, "0")
end

function TestCapi:test_function_of_a_module_is_called_with_json()
  local made = project.new({ files = { ["prices.lua"] = [[
    local prices = {}
    function prices.total(list, factor, rest) return (list[1] + list[2]) * factor, rest == nil, { n = #list } end
    return prices]] } })
  local fields = drive({ "--folder", made.path, "call", "prices", "total", "[[1, 2], 10, null]" })
  lu.assertEquals({ fields["value 0"], fields["value 1"], fields["value 2"] }, { "2 30", "4 true", '7 {"n":2}' })
  lu.assertEquals(drive({ "call", "tilth.url", "mask", '["postgres://u:geheimnis@h/d"]' })["value 0"], "21 postgres://u:****@h/d")
end

function TestCapi:test_call_that_cannot_be_made_says_why()
  for _, case in ipairs({
    { { "nosuch", "x" }, "module 'nosuch' not found" },
    { { "tilth.url", "nosuch" }, "the module tilth.url has no function nosuch" },
    { { "tilth.url", "mask", "{\"a\": 1}" }, "the arguments are no JSON list" },
    { { "tilth.url", "mask", "[1" }, "the arguments are no JSON list: line 1, column " },
  }) do
    local fields = drive({ "call", table.unpack(case[1]) })
    lu.assertEquals({ fields.result, fields.code }, { "1", "failed" })
    lu.assertStrContains(fields.message, case[2])
  end
end

function TestCapi:test_file_is_run_in_the_folder_of_the_handle()
  local made = temp.folder("scripts")
  made:write("part.lua", "return 'part'")
  made:write("-run.lua", "local f = assert(io.open('data.txt')) return require('part'), f:read('a'), (...), arg[0], dofile('part.lua')")
  made:write("data.txt", "data")
  local fields, result = drive({ "--folder", made.path, "file", "-run.lua", "word" })
  lu.assertEquals({ fields["value 0"], fields["value 1"], fields["value 2"], fields["value 3"], fields["value 4"] },
    { "4 part", "4 data", "4 word", "10 ./-run.lua", "4 part" }, result.text)
  fields = drive({ "--folder", made.path, "file", "nosuch.lua" })
  lu.assertEquals({ fields.result, fields.code }, { "2", "usage" })
  lu.assertStrContains(fields.message, "nosuch.lua: No such file or directory")
end

function TestCapi:test_folder_and_variables_are_the_handles_own()
  local inside = temp.folder("inside")
  fs.mkdir(inside:join("below"))
  local script = [[
    local fs, env, process = require("tilth.fs"), require("tilth.env"), require("tilth.process")
    local child = process.run({ "sh", "-c", "pwd; echo $OWN $CHILD $GONE; printenv HOME" }, { stdout = "capture", env = { CHILD = "c" } })
    assert(fs.chdir("below"))
    assert(fs.write("new.txt", "x"))
    env.set("LATER", "l")
    assert(not fs.chdir("nosuch"))
    return fs.cwd(), os.getenv("OWN"), os.getenv("GONE"), env.get("GONE"), env.all().OWN, env.all().GONE, os.getenv("LATER"),
      child.stdout, fs.realpath("."), fs.exists("../below/new.txt")]]
  local fields, result = drive({ "--folder", inside.path, "--set", "OWN=mine", "--unset", "GONE", "text", script },
    { env = { GONE = "here", HOME = "/h" } })
  local below = inside.path .. "/below"
  lu.assertEquals(fields.document.values,
    { below, "mine", json.null, json.null, "mine", json.null, "l", inside.path .. "\nmine c\n/h\n", below, true }, result.text)
end

function TestCapi:test_nothing_is_printed_unless_it_is_asked_for()
  local script = "print('a', nil) io.write('b\\n') io.stderr:write('c\\n') return io.read('a'), require('tilth.terminal').is_terminal(1), "
    .. "require('tilth.process').run({ 'sh', '-c', 'echo d; echo e >&2' }).code"
  local fields, result = drive({ "text", script })
  lu.assertStrMatches(result.stdout, "result: 0\n.*")
  lu.assertEquals(result.stderr, "")
  lu.assertEquals({ fields["value 0"], fields["value 1"], fields["value 2"] }, { "0 ", "5 false", "1 0" })
  result = select(2, drive({ "--output", "text", script }))
  lu.assertStrMatches(result.stdout, "output 1: a\tnil\n\noutput 1: b\n\noutput 2: c\n\noutput [12]: .*result: 0\n.*")
  lu.assertStrContains(result.stdout, "output 1: d\n")
  lu.assertStrContains(result.stdout, "output 2: e\n")
  lu.assertEquals(result.stderr, "")
end

function TestCapi:test_main_prints_as_the_program_does()
  local of_program = program.run({ args = { "help" } })
  local _, result = drive({ "main", "help" })
  lu.assertStrContains(result.stdout, of_program.stdout)
  local fields
  fields, result = drive({ "main", "nosuch" })
  lu.assertEquals({ fields.result, fields.code }, { "2", "usage" })
  lu.assertStrContains(result.stderr, "tilth: unknown command nosuch")
  result = select(2, drive({ "--output", "main", "--version" }))
  lu.assertStrContains(result.stdout, "output 1: tilth ")
end

function TestCapi:test_command_without_a_prompt_of_its_own_is_refused()
  local fields = drive({ "command", "repl" })
  lu.assertEquals({ fields.result, fields.code }, { "2", "usage" })
  lu.assertStrContains(fields.message, "a prompt needs the process's own input and output")
  lu.assertStrContains(fields.message, "with -e")
  fields = drive({ "command", "flwo" })
  lu.assertStrContains(fields.message, "did you mean `tilth flow`?")
end

function TestCapi:test_what_a_prompt_runs_without_asking_is_a_document()
  local own <close> = database.new()
  local options = { cwd = project.new().path, env = { DATABASE_URL = own.url } }
  local fields, result = drive({ "command", "repl", "-e", "select 1 as a; select 'x' as b;", "-e", "6 * 7" }, options)
  lu.assertEquals(fields.result, "0", result.text)
  local results = fields.document.results
  lu.assertEquals({ results[1].rows, results[2].rows, results[3].value }, { { { a = 1 } }, { { b = "x" } }, 42 })
  fields = drive({ "command", "repl", "--execute", "select nosuch;" }, options)
  lu.assertEquals({ fields.result, fields.code, fields.document.ok }, { "1", "42703", false })
  fields, result = drive({ "--output", "main", "repl", "-e", "select 7 as n;" }, options)
  lu.assertEquals(fields.result, "0", result.text)
  lu.assertStrContains(result.stdout, "output 1: 7\n")
end

function TestCapi:test_limits_are_errors()
  local fields = drive({ "--time", "0.2", "text", "while true do end" })
  lu.assertEquals({ fields.result, fields.code, fields.message },
    { "1", "limit", "it took longer than the limit of 0.2 s (tilth_set_time_limit)" })
  fields = drive({ "--time", "0.2", "text", "require('tilth.clock').sleep(30)" })
  lu.assertEquals({ fields.result, fields.code }, { "1", "limit" })
  fields = drive({ "--time", "0.2", "text", "local c = coroutine.wrap(function() while true do end end) c()" })
  lu.assertEquals({ fields.result, fields.code }, { "1", "limit" })
  fields = drive({ "--memory", "20000000", "text", "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100) .. i end" })
  lu.assertEquals({ fields.result, fields.code, fields.message },
    { "1", "limit", "the limit of 20000000 bytes of memory (tilth_set_memory_limit) is used up" })
  -- Not even the start has room.
  fields = drive({ "--memory", "20000", "text", "return 1" })
  lu.assertEquals({ fields.result, fields.code }, { "1", "limit" })
end

function TestCapi:test_server_out_of_reach_has_prismas_code_and_no_password()
  local made = project.new({ migrations = {} })
  local url = "postgresql://u:geheimnis@127.0.0.1:1/d"
  local fields, result = drive({ "--log", "--output", "--folder", made.path, "--set", "DATABASE_URL=" .. url,
    "command", "migrate", "deploy" })
  lu.assertEquals({ fields.result, fields.status, fields["error status"], fields.code }, { "4", "4", "4", "P1001" })
  lu.assertStrContains(fields.advice, "Check that DATABASE_URL names the right host")
  lu.assertEquals(fields.document.error.code, "P1001")
  lu.assertNotStrContains(result.text, "geheimnis")
end

function TestCapi:test_libpqs_variables_are_the_handles_own()
  local own <close> = database.new()
  local url = own.url:gsub("%?", "?application_name=x&", 1)
  local script = "local db <close> = require('tilth').connect() return db:value('show work_mem')"
  local made = project.new()
  local fields, result = drive({ "--folder", made.path, "--set", "DATABASE_URL=" .. url, "--set", "PGOPTIONS=-c work_mem=7MB",
    "text", script }, { env = { PGOPTIONS = "-c work_mem=9MB" } })
  lu.assertEquals(fields.result, "0", result.text)
  lu.assertEquals(fields["value 0"], "3 7MB", result.text)
end

function TestCapi:test_flow_tells_the_log_and_gives_the_report_of_json()
  local one <close> = shop.new()
  local fields, result = drive({ "--log", "--folder", one.path, "--set", "DATABASE_URL=" .. one.database.url, "--set", "RUN_SEED=true",
    "command", "flow" })
  lu.assertEquals(fields.result, "0", result.text)
  lu.assertStrContains(result.stdout, "log 1: Applying migration `20240105093012_init`")
  lu.assertStrMatches(result.stdout, ".*log 2: Seeded categories: Category: 7 inserted %([%d.]+ m?s%).*")
  lu.assertEquals(fields.document.ok, true)
  local again = program.json(one:options({ "flow" }, { RUN_SEED = "true" }))
  local keys = {}
  for key in pairs(again) do keys[key] = true end
  for key in pairs(fields.document) do keys[key] = nil end
  keys.skipped = nil -- nothing was, the first time
  lu.assertEquals(keys, {})
  lu.assertEquals(result.stderr, "")
end

function TestCapi:test_failed_migration_is_told_with_its_place()
  local own <close> = database.new()
  local made = project.new({ migrations = { { "20240101000000_bad", "CREATE TABLE a (id int);\nSELECT nosuch;\n" } } })
  local fields = drive({ "--folder", made.path, "--set", "DATABASE_URL=" .. own.url, "command", "migrate", "deploy" })
  lu.assertEquals({ fields.result, fields.code, fields.sqlstate, fields.line }, { "1", "P3018", "42703", "2" })
  lu.assertStrContains(fields.file, "20240101000000_bad/migration.sql")
  lu.assertFalse(own:has("a"))
end

function TestCapi:test_progress_is_told_and_can_cancel()
  local own <close> = database.new()
  own:script("create table big (id int primary key, name text)")
  local made = project.new({ migrations = {}, seeds = { ["big.lua"] = SEED } })
  local fields, result = drive({ "--progress", "--folder", made.path, "--set", "DATABASE_URL=" .. own.url, "command", "seed" })
  lu.assertEquals(fields.result, "0", result.text)
  lu.assertStrMatches(result.stdout, "progress: seed big: big %d+ of %-?%d+\n.*")
  own:script("truncate big")
  fields, result = drive({ "--stop", "--folder", made.path, "--set", "DATABASE_URL=" .. own.url, "command", "seed" })
  lu.assertEquals({ fields.result, fields.code }, { "143", "interrupted" }, result.text)
  lu.assertEquals(own:value("select count(*) from big"), 0)
end

function TestCapi:test_example_of_the_documentation_runs_the_flow()
  local one <close> = shop.new()
  local example = capi.compile("docs/examples/deploy.c")
  local result = capi.run(example, { one.path }, { env = { DATABASE_URL = one.database.url, RUN_SEED = "true" } })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertTrue(json.decode(result.stdout).ok)
  lu.assertStrContains(result.stderr, "All migrations have been successfully applied.")
  result = capi.run(example, { one.path .. "/nosuch" })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, "config: tilth_set_folder: ")
  result = capi.run(example, { one.path, "--dry-run" }, { env = { DATABASE_URL = one.database.url } })
  lu.assertEquals(result.status, 0, result.text)
end

function TestCapi:test_program_of_the_page_runs()
  local own <close> = database.new()
  local made = project.new({ migrations = { { "20240101000000_init", "create table a (id int)" } } })
  local text = assert(fs.read(env.get("TILTH_SOURCE") .. "/docs/c-api.md")):match("```c\n(.-)```")
  local path = capi.compile(temp.folder("page"):write("main.c", text))
  local result = capi.run(path, {}, { cwd = made.path, env = { DATABASE_URL = own.url } })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertTrue(json.decode(result.stdout).ok)
  result = capi.run(path, {}, { cwd = made.path, env = { DATABASE_URL = "postgresql://127.0.0.1:1/d" } })
  lu.assertEquals(result.status, 4)
  lu.assertStrContains(result.stderr, "P1001: ")
end

function TestCapi:test_only_what_the_header_names_is_exported()
  local build, source = capi.build_folder(), env.get("TILTH_SOURCE")
  local listed, declared, exported = {}, {}, {}
  for name in assert(fs.read(source .. "/src/libtilth.sym")):gmatch("[%l_]+") do listed[name] = true end
  local header = assert(fs.read(source .. "/src/tilth.h")):gsub("typedef [^;]+;", "")
  for name in header:gmatch("\n%l[%w_ *]-(tilth_[%l_]+)%(") do declared[name] = true end
  local symbols = capi.must({ "nm", "-D", "--defined-only", build .. "/.libs/libtilth.so" })
  for name in symbols:gmatch("%x+ %u ([^\n]+)") do exported[name] = true end
  lu.assertEquals(declared, listed)
  lu.assertEquals(exported, listed)
end

function TestCapi:test_every_function_is_documented()
  local source = env.get("TILTH_SOURCE")
  local page, manual = assert(fs.read(source .. "/docs/c-api.md")), assert(fs.read(source .. "/docs/man/libtilth.3"))
  for name in assert(fs.read(source .. "/src/libtilth.sym")):gmatch("[%l_]+") do
    lu.assertStrContains(page, name .. "(")
    lu.assertStrContains(manual, name)
  end
end

return TestCapi
