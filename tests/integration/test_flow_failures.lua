--- What the flow leaves behind, says and returns when a step of it fails or is interrupted.
local lu = require("luaunit")

local clock = require("tilth.clock")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local proc = require("tilth.core.proc")
local program = require("support.program")
local shop = require("support.shop")

local TestFlowFailures = {}

local SECRET <const> = "hunter2-secret"

function TestFlowFailures:setUp()
  self.shop = shop.new()
end

function TestFlowFailures:tearDown()
  self.shop:close()
end

--- Deploys and seeds, so that there is something to lose.
local function seeded(self)
  lu.assertEquals(self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" }).status, 0)
  return self.shop:content()
end

function TestFlowFailures:test_a_failing_migration_names_its_place_and_leaves_no_trace()
  local before = seeded(self)
  self.shop:migration("20250101000000_bad", "CREATE TABLE bad (id int);\n\nALTER TABLE bad\n  ADD COLUMN x nosuchtype;\n")
  local result = self.shop:run({ "flow" })
  lu.assertEquals(result.status, 1, result.text)
  for _, fragment in ipairs({ "P3018", "20250101000000_bad", "42704", 'type "nosuchtype" does not exist',
    "prisma/migrations/20250101000000_bad/migration.sql:4:16" }) do
    lu.assertStrContains(result.stderr, fragment)
  end
  lu.assertEquals(self.shop:content(), before)
  lu.assertEquals(self.shop:counts()._prisma_migrations, 5)
  lu.assertFalse(self.shop.database:has("bad"))
  lu.assertNil(self.shop.folder:read("dist/index.html"), "the build must not run after a failure")
end

function TestFlowFailures:test_a_reset_whose_migrations_fail_is_taken_back()
  local before = seeded(self)
  self.shop:migration("20250101000000_bad", "SELECT 1/0;\n")
  local result = self.shop:run({ "flow" }, { RESET_DATABASE = "true", RUN_SEED = "true" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "The reset was taken back")
  lu.assertEquals(self.shop:content(), before)
  lu.assertEquals(self.shop.database:column("select nspname from pg_namespace where nspname like 'tilth_bin%'"), {})
end

function TestFlowFailures:test_a_seed_that_raises_is_rolled_back_and_named()
  local before = seeded(self)
  self.shop.folder:write("seeds/zz_last.lua", table.concat({
    'local seed = require("tilth.seed")',
    'return seed.define({ description = "last", run = function(db)',
    '  db:exec("delete from reviews")',
    '  error("no luck today")',
    "end })", "" }, "\n"))
  local result = self.shop:run({ "flow" }, { RUN_SEED = "true" })
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "seeds/zz_last.lua:4")
  lu.assertStrContains(result.stderr, "no luck today")
  lu.assertEquals(self.shop:content(), before)
end

function TestFlowFailures:test_a_seed_with_bad_lua_stops_before_anything_is_done()
  self.shop.folder:write("seeds/broken.lua", "return {\n  x = = 1\n}\n")
  local result = self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" })
  lu.assertNotEquals(result.status, 0)
  lu.assertStrContains(result.stderr, "seeds/broken.lua:2")
  lu.assertFalse(self.shop.database:has("_prisma_migrations"))
end

function TestFlowFailures:test_the_builds_own_status_is_passed_through()
  local package = self.shop.folder:read("package.json")
  self.shop.folder:write("package.json", (package:gsub('"build": "[^"]*"', '"build": "exit 7"')))
  local result = self.shop:run({ "flow" })
  lu.assertEquals(result.status, 7, result.text)
  lu.assertStrContains(result.stderr, "npm run build")
end

function TestFlowFailures:test_a_server_out_of_reach_is_p1001_and_4()
  local result = self.shop:run({ "flow" }, { DATABASE_URL = "postgresql://app:" .. SECRET .. "@127.0.0.1:1/shop" })
  lu.assertEquals(result.status, 4, result.text)
  lu.assertStrContains(result.stderr, "P1001: Can't reach database server at `127.0.0.1:1`")
  lu.assertStrContains(result.stderr, "security group")
  lu.assertNotStrContains(result.text, SECRET)
end

function TestFlowFailures:test_bad_urls_are_wrong_configuration()
  local urls = { "mysql://app:" .. SECRET .. "@h/x", "postgresql://app:" .. SECRET .. "#x@h:5432/x", "not a url " .. SECRET, "" }
  for _, url in ipairs(urls) do
    local result = self.shop:run({ "flow" }, { DATABASE_URL = url })
    lu.assertEquals(result.status, 2, result.text)
    lu.assertStrContains(result.stderr, "DATABASE_URL")
    lu.assertNotStrContains(result.text, SECRET)
  end
end

function TestFlowFailures:test_a_folder_without_a_project_is_said()
  local nowhere = self.shop.folder:join("nowhere")
  local options = self.shop:options({ "flow", "--project", nowhere })
  local result = program.run(options)
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, nowhere)
end

function TestFlowFailures:test_flags_that_look_meant_only_warn()
  local before = seeded(self)
  for _, value in ipairs({ "True", "1", "yes", " true", "TRUE" }) do
    local result = self.shop:run({ "flow", "--no-build" }, { RESET_DATABASE = value, RUN_SEED = value })
    lu.assertEquals(result.status, 0, result.text)
    lu.assertStrContains(result.stdout, "RESET_DATABASE looks as if it were meant")
    lu.assertStrContains(result.stdout, "RUN_SEED looks as if it were meant")
    lu.assertNotStrContains(result.stdout, "Seeded")
  end
  lu.assertEquals(self.shop:content(), before)
end

function TestFlowFailures:test_a_dry_run_changes_nothing()
  local before = seeded(self)
  self.shop:migration("20250101000000_more", "CREATE TABLE more (id int);\n")
  local result = self.shop:run({ "flow", "--dry-run" }, { RESET_DATABASE = "true", RUN_SEED = "true" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "would reset")
  lu.assertStrContains(result.stdout, "would apply migration 20250101000000_more")
  lu.assertStrContains(result.stdout, "would build with npm run build")
  lu.assertEquals(self.shop:content(), before)
  lu.assertFalse(self.shop.database:has("more"))
end

function TestFlowFailures:test_a_dry_run_of_an_empty_database_leaves_it_empty()
  lu.assertEquals(self.shop:run({ "flow", "--dry-run" }, { RUN_SEED = "true" }).status, 0)
  lu.assertEquals(self.shop:counts(), {})
  lu.assertFalse(self.shop.database:has("tilth.builds"))
end

function TestFlowFailures:test_json_is_one_document_on_success_and_on_failure()
  local result = self.shop:run({ "flow", "--json", "--no-build" }, { RUN_SEED = "true" })
  local document = assert(json.decode(result.stdout))
  lu.assertEquals({ document.ok, document.outcome.ok, #document.outcome.steps }, { true, true, 10 })
  lu.assertStrContains(result.stderr, "Applying migration")
  lu.assertStrContains(result.stdout, '"findings": []')
  self.shop:migration("20250101000000_bad", "SELECT 1/0;\n")
  result = self.shop:run({ "flow", "--json", "--no-build" })
  document = assert(json.decode(result.stdout))
  lu.assertEquals({ document.ok, document.error.code, document.error.sqlstate }, { false, "P3018", "22012" })
  lu.assertEquals(result.status, 1)
end

--- Interrupts the flow once it has said something; returns its end.
local function interrupt_at(self, signal, pattern, variables)
  local child <close> = program.start(self.shop:options({ "flow" }, variables))
  child:wait_for(pattern)
  proc.run({ "sleep", "0.2" })
  child:signal(signal)
  return child:wait()
end

-- A server's process lives on for a moment after the goodbye.
local function sessions_left(self)
  local deadline = clock.monotonic() + 60
  local left
  repeat
    left = self.shop.database:value([[select count(*) from pg_stat_activity where datname = current_database()
      and application_name like 'tilth%']])
  until left == 0 or clock.monotonic() > deadline
  return left
end

function TestFlowFailures:test_a_signal_in_a_migration_cancels_it_and_rolls_back()
  local before = seeded(self)
  self.shop:migration("20250101000000_slow", "CREATE TABLE slow (id int);\nSELECT pg_sleep(60);\n")
  for signal, status in pairs({ [2] = 130, [15] = 143 }) do
    local result = interrupt_at(self, signal, "Applying migration `20250101000000_slow`")
    lu.assertEquals(result.status, status, result.text)
    lu.assertStrContains(result.stderr, "interrupted while applying migration 20250101000000_slow")
    lu.assertEquals(self.shop:content(), before)
    lu.assertEquals(self.shop:counts()._prisma_migrations, 5)
    lu.assertEquals(sessions_left(self), 0)
  end
  lu.assertEquals(self.shop.database:value("select status from tilth.builds order by id desc limit 1"), "interrupted")
end

function TestFlowFailures:test_a_signal_during_a_reset_brings_the_data_back()
  local before = seeded(self)
  self.shop:migration("20250101000000_slow", "SELECT pg_sleep(60);\n")
  local result = interrupt_at(self, 15, "Applying migration `20250101000000_slow`", { RESET_DATABASE = "true" })
  lu.assertEquals(result.status, 143, result.text)
  lu.assertStrContains(result.stderr, "The reset was taken back")
  lu.assertEquals(self.shop:content(), before)
end

function TestFlowFailures:test_a_signal_in_a_seeds_lua_rolls_the_seed_back()
  local before = seeded(self)
  self.shop.folder:write("seeds/zz_endless.lua", table.concat({
    'local seed = require("tilth.seed")',
    'return seed.define({ description = "endless", run = function(db, ctx)',
    '  db:exec("delete from reviews")',
    '  io.stdout:write("now endless\\n") io.stdout:flush()',
    "  while true do pcall(function() while true do end end) end",
    "end })", "" }, "\n"))
  local result = interrupt_at(self, 2, "now endless", { RUN_SEED = "true" })
  lu.assertEquals(result.status, 130, result.text)
  lu.assertEquals(self.shop:content(), before)
end

-- Whether any process has these words in its command.
local function runs(words)
  for _, entry in ipairs(fs.list("/proc")) do
    local command = entry.name:find("^%d+$") and fs.read("/proc/" .. entry.name .. "/cmdline")
    if command and command:find(words, 1, true) then return true end
  end
  return false
end

function TestFlowFailures:test_a_signal_in_the_build_ends_its_children()
  local package = self.shop.folder:read("package.json")
  local marker = "61.0" .. math.random(100000, 999999)
  self.shop.folder:write("package.json", (package:gsub('"build": "[^"]*"', '"build": "echo begun; sleep ' .. marker .. '"')))
  local result = interrupt_at(self, 15, "begun\n")
  lu.assertEquals(result.status, 143, result.text)
  -- A process that was killed is there for a moment still.
  local deadline = clock.monotonic() + 30
  while runs("sleep\0" .. marker) and clock.monotonic() < deadline do clock.sleep(0.01) end
  lu.assertFalse(runs("sleep\0" .. marker), "the build's child still runs")
end

function TestFlowFailures:test_a_seed_command_that_does_not_heed_the_signal_is_killed_and_recorded()
  assert(fs.remove_tree(self.shop.folder:join("seeds")))
  local package = json.decode(self.shop.folder:read("package.json"))
  package.prisma = { seed = "sh seed.sh" }
  self.shop.folder:write("package.json", json.encode(package))
  self.shop.folder:write("seed.sh", "trap '' INT TERM; echo begun; while true; do sleep 0.2; done\n")
  local result = interrupt_at(self, 15, "begun\n", { RUN_SEED = "true" })
  lu.assertEquals(result.status, 143, result.text)
  lu.assertNotStrContains(result.stdout .. result.stderr, "could not be written to the ledger")
  lu.assertEquals(self.shop.database:value("select status from tilth.builds order by id desc limit 1"), "interrupted")
end

function TestFlowFailures:test_a_build_that_does_not_heed_the_signal_is_killed_and_recorded()
  local package = self.shop.folder:read("package.json")
  self.shop.folder:write("package.json", (package:gsub('"build": "[^"]*"',
    [["build": "trap '' INT TERM; echo begun; while true; do sleep 0.2; done"]])))
  local result = interrupt_at(self, 15, "begun\n")
  lu.assertEquals(result.status, 143, result.text)
  lu.assertNotStrContains(result.stdout .. result.stderr, "could not be written to the ledger")
  lu.assertEquals(self.shop.database:value("select status from tilth.builds order by id desc limit 1"), "interrupted")
end

--- kill -9 at a moment inside each step: the next run just works.
function TestFlowFailures:test_after_kill_9_the_next_run_just_works()
  local before = seeded(self)
  self.shop:migration("20250101000000_slow", "CREATE TABLE slow (id int);\nSELECT pg_sleep(8);\n")
  for _, variables in ipairs({ {}, { RESET_DATABASE = "true" } }) do
    do
      local child <close> = program.start(self.shop:options({ "flow", "--no-build" }, variables))
      child:wait_for("Applying migration `20250101000000_slow`")
      proc.run({ "sleep", "0.1" })
      child:signal(9)
      child:wait()
    end
    local dry = self.shop:run({ "flow", "--dry-run" })
    lu.assertEquals(dry.status, 0, dry.text)
    lu.assertFalse(self.shop.database:has("slow"))
  end
  local result = self.shop:run({ "flow", "--no-build" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertTrue(self.shop.database:has("slow"))
  self.shop.database:query("drop table slow")
  lu.assertEquals(self.shop:content(), before)
end

return TestFlowFailures
