--- Tests the private server as `tilth flow` uses it: by itself where no DATABASE_URL is set, and never in CI.
local lu = require("luaunit")
local fs = require("tilth.core.fs")
local pg = require("tilth.core.pg")
local cluster = require("support.cluster")
local program = require("support.program")
local project = require("support.project")
local url = require("tilth.url")

local TestLocalFlow = {}

--- Runs the program in the project, without a DATABASE_URL.
local function run(self, args, more)
  local env = { TILTH_PG_BINDIR = cluster.bindir() }
  for name, value in pairs(more or {}) do env[name] = value end
  return program.run({ args = args, cwd = self.project.path, env = env })
end

function TestLocalFlow:setUp()
  cluster.socket_dir()
  self.project = project.new({ migrations = { { "20260101000000_first", "CREATE TABLE first (id integer PRIMARY KEY);\n" } } })
end

function TestLocalFlow:tearDown()
  if self.project then run(self, { "local", "stop" }) end
end

function TestLocalFlow:test_flow_starts_it_and_uses_it_again()
  local first = run(self, { "flow" })
  lu.assertEquals(first.status, 0, first.text)
  lu.assertStrContains(first.stdout, "no DATABASE_URL is set: started the local PostgreSQL")
  do
    local found = run(self, { "local", "url" }).stdout:match("[^\n]+")
    local conn <close> = assert(pg.connect(assert(url.target(found)).params))
    lu.assertEquals(assert(conn:query("select count(*) as n from first"))[1].n, 0)
  end
  local second = run(self, { "flow" })
  lu.assertEquals(second.status, 0, second.text)
  lu.assertStrContains(second.stdout, "no DATABASE_URL is set: using the local PostgreSQL")
end

function TestLocalFlow:test_what_prints_results_says_it_beside_them()
  self.project:write("count.lua", 'print((require("tilth").connect():value("select 40 + 2")))')
  for _, args in ipairs({ { "run", "count.lua" }, { "repl", "-e", "db:value('select 40 + 2')" } }) do
    local result = run(self, args)
    lu.assertEquals({ result.status, result.stdout }, { 0, "42\n" }, result.text)
    lu.assertStrContains(result.stderr, "no DATABASE_URL is set: ")
  end
end

function TestLocalFlow:test_other_commands_use_it_where_it_is_and_start_none()
  local before = run(self, { "migrate", "status" })
  lu.assertEquals(before.status, 2, before.text)
  lu.assertStrContains(before.stderr, "tilth local start")
  lu.assertNil(fs.stat(self.project:join(".tilth")))
  lu.assertEquals(run(self, { "flow" }).status, 0)
  local after = run(self, { "migrate", "status" })
  lu.assertEquals(after.status, 0, after.text)
  lu.assertStrContains(after.stdout, "Database schema is up to date!")
  lu.assertStrContains(run(self, { "doctor" }).stdout, "ok    login")
  run(self, { "local", "stop" })
  lu.assertStrContains(run(self, { "doctor" }).stdout, "FAIL  url")
end

function TestLocalFlow:test_flow_uses_what_is_set_instead()
  local result = run(self, { "flow", "--dry-run" }, { DATABASE_URL = cluster.url("postgres") })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertNotStrContains(result.stdout, "local PostgreSQL")
  lu.assertNil(fs.stat(self.project:join(".tilth")))
end

function TestLocalFlow:test_in_ci_a_missing_url_is_an_error()
  local result = run(self, { "flow" }, { CI = "true" })
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, "DATABASE_URL")
  lu.assertNil(fs.stat(self.project:join(".tilth")))
end

function TestLocalFlow:test_a_machine_without_a_server_says_what_to_do()
  local nowhere = self.project:join("nowhere")
  local result = run(self, { "flow" }, { TILTH_PG_BINDIR = nowhere })
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, "no DATABASE_URL is set")
  lu.assertStrContains(result.stderr, nowhere)
end

return TestLocalFlow
