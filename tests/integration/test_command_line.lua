--- With --json a command line that is not understood, and a run that is cut short, give their one document too.
local lu = require("luaunit")

local database = require("support.database")
local json = require("tilth.core.json")
local program = require("support.program")
local project = require("support.project")

local TestCommandLine = {}

local LOCK <const> = "select pg_advisory_lock(72707369)"

function TestCommandLine:test_wrong_usage_is_one_document_with_json()
  local cases = {
    { { "--json", "nosuch" }, "unknown command nosuch" },
    { { "--json", "caf\xE9" }, "unknown command caf\u{FFFD}" },
    { { "--json", "--nosuch" }, "unknown option" },
    { { "flow", "--json", "--nosuch" }, "unknown option '--nosuch'" },
    { { "migrate", "--json", "resolve", "--applied" }, "option '--applied' requires an argument" },
    { { "db", "--json" }, "missing argument 'action'" },
    { { "run", "--json" }, "missing argument 'file'" },
  }
  for _, case in ipairs(cases) do
    local result = program.run({ args = case[1] })
    local document = assert(json.decode(result.stdout), result.text)
    lu.assertEquals({ result.status, document.ok, document.error.code }, { 2, false, "usage" })
    lu.assertStrContains(document.error.message, case[2])
    lu.assertStrContains(result.stderr, "tilth: ")
  end
end

--- Runs a script that a shell has started in its own way: `start` ends in `exec "$@"`.
local function run_started(start, script)
  local made = project.new({ files = { ["script.lua"] = script } })
  local result = program.run({ args = { "run", "script.lua" }, cwd = made.path, wrap = { "sh", "-c", start, "sh" } })
  return result, made
end

function TestCommandLine:test_closed_outputs_are_not_taken_by_a_file()
  local result, made = run_started('exec "$@" <&- >&- 2>&-', [[
    local files = {}
    for number = 1, 3 do files[number] = assert(io.open("file" .. number, "w")) end
    io.stdout:write("a log") io.stdout:flush() io.stderr:write("a log")
    for _, file in ipairs(files) do file:write("ours") file:close() end]])
  lu.assertEquals(result.status, 0)
  for number = 1, 3 do lu.assertEquals(made:read("file" .. number), "ours") end
end

function TestCommandLine:test_output_that_is_lost_is_no_success()
  lu.skipIf(not require("tilth.core.fs").stat("/dev/full"), "there is no /dev/full")
  for _, args in ipairs({ { "--version" }, { "help", "--json" }, { "help" }, { "--json", "help", "P3009" } }) do
    local result = program.run({ args = args, wrap = { "sh", "-c", 'exec "$@" >/dev/full', "sh" } })
    lu.assertEquals({ result.status, result.stderr }, { 1, "tilth: standard output could not be written whole: is a disk full?\n" })
  end
end

function TestCommandLine:test_reader_that_has_gone_is_told_nothing()
  local result = program.run({ args = { "help" }, wrap = { "sh", "-c", '"$@" | true', "sh" } })
  lu.assertEquals({ result.status, result.stderr }, { 0, "" })
end

function TestCommandLine:test_the_end_of_a_child_is_learnt_where_sigchld_is_ignored()
  -- Not a shell's trap: a shell may keep SIGCHLD for itself.
  local result = run_started('exec env --ignore-signal=CHLD "$@"', [[
    local done = assert(require("tilth.process").run({ "sh", "-c", "exit 7" }))
    print(done.kind, done.code)]])
  lu.assertEquals(result.stdout, "exit\t7\n", result.text)
end

function TestCommandLine:test_what_is_meant_is_said()
  for line, said in pairs({
    ["flwo"] = "unknown command flwo; did you mean `tilth flow`?\n\n`tilth help` lists the commands.",
    ["status"] = "did you mean `tilth migrate status`?",
    ["generate"] = "`npx prisma generate` is Prisma's own; tilth has nothing in its place.",
    ["migrate dev"] = "`npx prisma migrate dev` is Prisma's own; tilth has nothing in its place. `tilth migrate new NAME`",
    ["db push"] = "`npx prisma db push` is Prisma's own",
    ["--json"] = "--json of which command?", ["--nosuch"] = "unknown option --nosuch",
    ["migrate new"] = "Usage: tilth migrate new", ["env export"] = "Usage: tilth env export",
    ["reset undo --nosuch"] = "Usage: tilth reset undo",
    ["history --limit abc"] = "--limit must be a whole number above 0, not abc",
    ["help 42P99"] = "42P99 is no code of tilth's own; as a SQLSTATE it is the server's", ["help nosuc"] = "there is no command nosuc",
  }) do
    local words = {}
    for word in line:gmatch("%S+") do words[#words + 1] = word end
    local result = program.run({ args = words })
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, said)
  end
end

function TestCommandLine:test_yes_is_answered_with_force_where_a_command_asks()
  for _, line in ipairs({ "reset undo --yes", "reset -y", "migrate reset --yes", "restore file --yes" }) do
    local words = {}
    for word in line:gmatch("%S+") do words[#words + 1] = word end
    local result = program.run({ args = words })
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, "; here `--force` answers what would be asked\n")
  end
  lu.assertNotStrContains(program.run({ args = { "flow", "--yes" } }).stderr, "--force")
end

function TestCommandLine:test_wrong_usage_is_nothing_on_standard_output_without_json()
  local result = program.run({ args = { "flow", "--nosuch" } })
  lu.assertEquals({ result.status, result.stdout }, { 2, "" })
end

function TestCommandLine:test_a_run_that_is_interrupted_before_it_acts_is_one_document()
  local other <close> = database.new()
  local folder = project.new({ migrations = { { "1_a", "create table a (id int);" } } })
  other:query(LOCK)
  local child <close> = program.start({ args = { "migrate", "deploy", "--json" }, cwd = folder.path, env = { DATABASE_URL = other.url } })
  child:wait_for("waiting for the migration lock")
  child:signal(15)
  local result = child:wait()
  lu.assertEquals(result.status, 143, result.stderr)
  local document = assert(json.decode(result.stdout), result.stderr)
  lu.assertEquals({ document.ok, document.error.code }, { false, "interrupted" })
end

return TestCommandLine
