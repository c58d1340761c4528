--- tilth doctor on real projects and servers: what it says when all is well, and when something on the way is not.
local lu = require("luaunit")

local authority = require("support.authority")
local bouncer = require("support.bouncer")
local clock = require("tilth.core.clock")
local database = require("support.database")
local guarded = require("support.guarded")
local program = require("support.program")
local project = require("support.project")
local shop = require("support.shop")

local TestDoctor = {}

local ORDER <const> = {
  "project", "environment", "url", "dns", "tcp", "tls", "login", "server", "pooler", "clock", "rights", "ledger", "lock",
  "migrations", "history", "seeds", "flags", "disk", "tools",
}
local MIGRATION <const> = { "1_a", "CREATE TABLE a (id int);" }

local function new_project(parts)
  parts = parts or {}
  parts.migrations = parts.migrations or { MIGRATION }
  return project.new(parts)
end

--- The probes by name, the whole document, and the run.
local function examine(folder, url, options)
  options = options or {}
  local variables = { DATABASE_URL = url }
  for name, value in pairs(options.env or {}) do variables[name] = value end
  local document, result = program.json({
    args = { "doctor", table.unpack(options.args or {}) }, cwd = folder.path, env = variables,
  })
  local by_id = {}
  for _, probe in ipairs(document.probes) do by_id[probe.id] = probe end
  return by_id, result, document
end

local function states(by_id, state)
  local found = {}
  for _, id in ipairs(ORDER) do
    if by_id[id].state == state then found[#found + 1] = id end
  end
  return found
end

local function assert_fails(by_id, result, expected)
  lu.assertEquals(states(by_id, "fail"), { expected.probe }, result.stdout)
  local probe = by_id[expected.probe]
  lu.assertEquals(probe.code, expected.code)
  lu.assertStrContains(probe.message, expected.message)
  lu.assertStrContains(probe.advice, expected.advice)
  lu.assertEquals(result.status, expected.status)
end

function TestDoctor:setUp()
  self.database = database.new()
end

function TestDoctor:tearDown()
  if self.store then self.store:close() end
  self.store = nil
  self.database:close()
end

function TestDoctor:test_a_shop_before_and_after_its_first_flow_is_ready()
  self.store = shop.new()
  local store = self.store
  local by_id, result, document = examine(store, store.database.url)
  lu.assertEquals(result.status, 0, result.stdout)
  lu.assertTrue(document.ready)
  lu.assertEquals(#document.probes, #ORDER)
  for index, probe in ipairs(document.probes) do lu.assertEquals(probe.id, ORDER[index]) end
  lu.assertStrContains(by_id.history.message, "no history yet, 5 pending")
  lu.assertStrContains(by_id.seeds.message, "5 in seeds")
  lu.assertEquals(store:run({ "migrate", "deploy" }).status, 0)
  by_id, result = examine(store, store.database.url)
  lu.assertEquals(result.status, 0, result.stdout)
  lu.assertEquals(by_id.history.message, "5 applied")
end

function TestDoctor:test_it_changes_nothing()
  local folder = new_project()
  examine(folder, self.database.url .. "&schema=not_there")
  lu.assertEquals(self.database:column([[select nspname::text from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema']]), { "public" })
  lu.assertEquals(self.database:value("select count(*) from pg_class where relnamespace = 'public'::regnamespace"), 0)
end

function TestDoctor:test_the_lines_are_aligned_and_the_verdict_comes_last()
  local result = program.run({ args = { "doctor" }, cwd = new_project().path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.status, 0, result.text)
  for index, id in ipairs(ORDER) do
    lu.assertStrMatches(result.stdout, (".*\n?[okwarnskip ]+  %s +[^ ].*"):format(id), nil, nil, index .. " " .. id)
  end
  lu.assertStrContains(result.stdout, "ok    project      ")
  lu.assertStrContains(result.stdout, "ok    migrations   1 in prisma/migrations")
  lu.assertStrMatches(result.stdout, ".*\nReady[^\n]*%.\n")
  lu.assertEquals(result.stderr, "")
end

function TestDoctor:test_quiet_says_only_what_is_wrong()
  local folder = new_project({ package = { name = "x" } })
  -- A pg_dump on PATH may be older than the server, which is worth a warning.
  local result = program.run({ args = { "doctor", "-q" }, cwd = folder.path,
    env = { DATABASE_URL = self.database.url, PATH = folder:join("no-tools") } })
  lu.assertEquals({ result.status, result.text }, { 0, "" })
  result = program.run({ args = { "doctor", "-q" }, cwd = folder.path,
    env = { DATABASE_URL = self.database.url, RUN_SEED = "yes" } })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "warn flags:")
  lu.assertNotStrContains(result.stdout, "migrations")
end

function TestDoctor:test_without_a_project_the_way_to_the_database_is_still_looked_at()
  local folder = require("support.temp").folder("empty")
  local by_id, result = examine(folder, self.database.url)
  lu.assertEquals(by_id.project.state, "fail")
  lu.assertEquals(by_id.login.state, "ok")
  lu.assertEquals(by_id.migrations.because, "project")
  lu.assertEquals(by_id.history.because, "project")
  lu.assertEquals(result.status, 2)
end

function TestDoctor:test_a_schema_that_cannot_be_read_is_named_with_its_line()
  local by_id, result = examine(new_project({ schema = "datasource db {\n  provider = \"mysql\"\n  url = env(\"DATABASE_URL\")\n}\n" }),
    self.database.url)
  assert_fails(by_id, result, { probe = "url", code = "P1012", status = 2, message = "prisma/schema.prisma:1", advice = "postgresql" })
end

function TestDoctor:test_a_broken_setting_is_a_failure_of_the_configuration()
  local by_id, result = examine(new_project(), self.database.url, { env = { TILTH_WAIT = "soon" } })
  lu.assertEquals(states(by_id, "fail"), { "environment" })
  lu.assertStrContains(by_id.environment.message, "TILTH_WAIT")
  lu.assertEquals(by_id.login.because, "environment")
  lu.assertEquals(result.status, 2)
end

function TestDoctor:test_a_private_address_in_an_amplify_build_is_never_tried()
  local env = { AWS_APP_ID = "d123", AWS_BRANCH = "staging", AWS_JOB_ID = "0000000007" }
  local started = clock.monotonic()
  local by_id, result = examine(new_project(), "postgresql://app:" .. guarded.PASSWORD .. "@10.20.30.40/app", { env = env })
  assert_fails(by_id, result, { probe = "dns", code = "P1001", status = 4, message = "10.20.30.40 (private)",
    advice = "outside of any VPC" })
  lu.assertEquals({ by_id.tcp.because, by_id.login.because }, { "dns", "dns" })
  lu.assertTrue(clock.monotonic() - started < 30)
  lu.assertNotStrContains(result.text, guarded.PASSWORD)
end

function TestDoctor:test_localhost_in_a_build_is_explained()
  local by_id = examine(new_project(), "postgresql://app@127.0.0.1:1/app", { env = { CI = "true" } })
  lu.assertStrContains(by_id.tcp.advice, "names this machine itself")
end

function TestDoctor:test_wait_waits_for_a_server_that_starts_later()
  local address = guarded.address()
  local url = ("postgresql://app:%s@%s:5432/app"):format(guarded.PASSWORD, address)
  local child <close> = program.start({ args = { "doctor", "--wait", "150s", "--json" }, cwd = new_project().path,
    env = { DATABASE_URL = url } })
  clock.sleep(1.2)
  local server <close> = guarded.start({ address = address })
  local result = child:wait()
  -- The role is made a moment after the server is up, so the login may be what fails; the server was waited for all the same.
  lu.assertStrContains(result.stdout, "answers (")
  lu.assertTrue(result.seconds > 1.2)
  local _, again = examine(new_project(), server:url(), { args = { "--wait", "150s" } })
  lu.assertEquals(again.status, 0, again.stdout)
  lu.assertTrue(again.seconds < 100)
end

function TestDoctor:test_rights_that_are_missing_come_with_the_grant()
  self.database:script([[
    drop role if exists doctor_poor; create role doctor_poor login;
    revoke all on schema public from public; grant usage on schema public to doctor_poor;]])
  local url = self.database.url:gsub("postgres@", "doctor_poor@")
  local by_id, result = examine(new_project(), url)
  assert_fails(by_id, result, { probe = "rights", code = "42501", status = 1, message = "may not create tables in the schema public",
    advice = 'GRANT USAGE, CREATE ON SCHEMA "public" TO "doctor_poor";' })
  lu.assertStrContains(by_id.rights.message, "no ledger")
  lu.assertStrContains(by_id.ledger.message, "may not make it")
  local _, other = examine(new_project(), url .. "&schema=elsewhere")
  lu.assertStrContains(other.stdout, "is not there, and the role may not create it")
  self.database:script("grant create on schema public to doctor_poor; create table theirs (id int); create table _prisma_migrations ()")
  by_id = examine(new_project(), url)
  lu.assertStrContains(by_id.rights.message, "may not read and write public._prisma_migrations")
  lu.assertStrContains(by_id.rights.message, "1 table of the schema public belongs to another role (theirs to postgres)")
  self.database:script("drop table _prisma_migrations; drop owned by doctor_poor; drop role doctor_poor")
end

function TestDoctor:test_a_reset_that_the_role_could_not_do_is_a_failure()
  self.database:script("drop role if exists doctor_guest; create role doctor_guest login; grant create on schema public to doctor_guest;"
    .. ("grant create on database %q to doctor_guest"):format(self.database.name))
  local url = self.database.url:gsub("postgres@", "doctor_guest@")
  local by_id = examine(new_project(), url)
  lu.assertEquals(by_id.rights.state, "ok", by_id.rights.message)
  -- What it owns is moved out of a schema that it does not own; other people's tables are not.
  by_id = examine(new_project(), url, { env = { RESET_DATABASE = "true" } })
  lu.assertEquals(by_id.rights.state, "ok", by_id.rights.message)
  self.database:script("create table theirs (id int)")
  local found, result = examine(new_project(), url, { env = { RESET_DATABASE = "true" } })
  lu.assertEquals({ found.rights.state, found.rights.code, result.status }, { "fail", "42501", 1 })
  lu.assertStrContains(found.rights.message, "this role cannot reset it")
  lu.assertStrContains(found.rights.advice, 'ALTER SCHEMA "public" OWNER TO "doctor_guest";')
  self.database:script("drop owned by doctor_guest; drop role doctor_guest")
end

function TestDoctor:test_history_that_failed_is_P3009_with_counts()
  local folder = new_project({ migrations = { MIGRATION, { "2_b", "CREATE TABLE b (id int);" } } })
  program.run({ args = { "migrate", "deploy" }, cwd = folder.path, env = { DATABASE_URL = self.database.url } })
  self.database:query("update _prisma_migrations set finished_at = null, logs = 'boom' where migration_name = '2_b'")
  local by_id, result = examine(folder, self.database.url)
  assert_fails(by_id, result, { probe = "history", code = "P3009", status = 1, message = "1 applied, 1 failed",
    advice = "tilth migrate resolve --rolled-back" })
  lu.assertStrContains(by_id.history.message, "2_b")
end

function TestDoctor:test_tables_without_a_history_are_P3005()
  self.database:query("create table old (id int)")
  local by_id, result = examine(new_project(), self.database.url)
  assert_fails(by_id, result, { probe = "history", code = "P3005", status = 1, message = "public.old", advice = "tilth migrate baseline" })
end

function TestDoctor:test_edited_and_missing_migrations_are_warned_of()
  local folder = new_project({ migrations = { MIGRATION, { "2_b", "CREATE TABLE b (id int);" } } })
  program.run({ args = { "migrate", "deploy" }, cwd = folder.path, env = { DATABASE_URL = self.database.url } })
  folder:migration("1_a", "CREATE TABLE a (id bigint);")
  assert(require("tilth.fs").remove_tree(folder:join("prisma/migrations/2_b")))
  local by_id, result = examine(folder, self.database.url)
  lu.assertEquals({ by_id.history.state, result.status }, { "warn", 0 }, result.stdout)
  lu.assertStrContains(by_id.history.message, "1 edited since, 1 not in this checkout")
  lu.assertStrContains(by_id.history.advice, "1_a")
  lu.assertStrContains(by_id.history.advice, "2_b")
end

function TestDoctor:test_migrations_of_another_database_are_P3019()
  local by_id, result = examine(new_project({ lock = "provider = \"mysql\"\n" }), self.database.url)
  assert_fails(by_id, result, { probe = "migrations", code = "P3019", status = 1, message = "mysql", advice = "PostgreSQL" })
  lu.assertEquals(by_id.history.because, "migrations")
end

function TestDoctor:test_a_seed_that_cannot_be_loaded_is_named_and_none_is_run()
  local folder = new_project({ seeds = { ["a.lua"] = "return require(\"tilth.seed\").define({ run = function(db) db:exec('boom') end })",
    ["b.lua"] = "return {" } })
  local by_id, result = examine(folder, self.database.url)
  assert_fails(by_id, result, { probe = "seeds", code = "config", status = 2, message = "seeds/b.lua:1", advice = "syntax" })
  folder:write("seeds/b.lua", "return require(\"tilth.seed\").define({ run = function() end })")
  by_id, result = examine(folder, self.database.url)
  lu.assertEquals({ by_id.seeds.state, by_id.seeds.message, result.status }, { "ok", "2 in seeds", 0 })
end

function TestDoctor:test_a_seed_command_without_its_program()
  local folder = new_project({ package = { name = "x", prisma = { seed = "no-such-runner prisma/seed.ts" } } })
  local by_id, result = examine(folder, self.database.url)
  lu.assertEquals({ by_id.seeds.state, result.status }, { "warn", 0 })
  lu.assertStrContains(by_id.seeds.message, "no-such-runner")
  by_id, result = examine(folder, self.database.url, { env = { RUN_SEED = "true" } })
  lu.assertEquals({ by_id.seeds.state, result.status }, { "fail", 1 })
end

function TestDoctor:test_flags_that_are_set_or_look_meant_are_said_without_their_value()
  local by_id, result = examine(new_project(), self.database.url, { env = { RESET_DATABASE = "true", RUN_SEED = "Yes" } })
  lu.assertEquals({ by_id.flags.state, result.status }, { "warn", 0 }, result.stdout)
  lu.assertStrContains(by_id.flags.message, "RESET_DATABASE is true (environment)")
  lu.assertStrContains(by_id.flags.message, "RUN_SEED looks as if it were meant")
  lu.assertNotStrContains(result.text, "Yes")
end

function TestDoctor:test_a_flag_that_was_left_set_is_named_with_its_build()
  local folder = new_project()
  local build = { AWS_APP_ID = "d123", AWS_BRANCH = "staging", AWS_JOB_ID = "0000000041", RESET_DATABASE = "true",
    DATABASE_URL = self.database.url }
  local flow = program.run({ args = { "flow", "--no-build" }, cwd = folder.path, env = build })
  lu.assertEquals(flow.status, 0, flow.text)
  build.AWS_JOB_ID = "0000000042"
  local by_id, result = examine(folder, self.database.url, { env = build })
  assert_fails(by_id, result, { probe = "ledger", code = "unsafe", status = 1, message = "build 0000000041", advice = "RESET_DATABASE" })
  build.RESET_DATABASE = nil
  by_id, result = examine(folder, self.database.url, { env = build })
  lu.assertEquals({ by_id.ledger.state, result.status }, { "ok", 0 }, result.stdout)
  lu.assertStrContains(by_id.ledger.message, "marked staging")
  build.AWS_BRANCH = "main"
  by_id, result = examine(folder, self.database.url, { env = build })
  lu.assertEquals({ by_id.ledger.state, result.status }, { "warn", 0 }, result.stdout)
  lu.assertStrContains(by_id.ledger.message, "this build is for production")
end

function TestDoctor:test_versions_of_prisma_and_npm_come_from_their_files()
  local folder = new_project({ package = { name = "x", devDependencies = { prisma = "^6.1.0" } },
    files = { ["bin/npm"] = "" } })
  local by_id = examine(folder, self.database.url, { env = { PATH = folder:join("bin") } })
  lu.assertStrContains(by_id.tools.message, "no node, npm of an unknown version, no psql, no pg_dump, prisma ^6.1.0 (in package.json, ")
  folder:write("node_modules/prisma/package.json", "{\"version\": \"6.19.3\"}")
  by_id = examine(folder, self.database.url)
  lu.assertStrContains(by_id.tools.message, "prisma 6.19.3")
  lu.assertNotStrContains(by_id.tools.message, "not installed")
end

function TestDoctor:test_a_database_name_with_a_slip_is_corrected()
  local server <close> = guarded.start()
  local by_id = examine(new_project(), server:url({ database = "apq" }))
  lu.assertStrContains(by_id.login.advice, "Did you mean the database app?")
  lu.assertStrContains(by_id.login.advice, 'as a role that may: CREATE DATABASE "apq";')
end

function TestDoctor:test_a_server_without_a_free_connection()
  local server <close> = guarded.start()
  server:admin("alter role app connection limit 0")
  local by_id, result = examine(new_project(), server:url())
  assert_fails(by_id, result, { probe = "login", code = "53300", status = 4, message = "too many connections", advice = "max_connections" })
end

function TestDoctor:test_a_file_of_roots_that_holds_none()
  local ca = authority.new()
  local server <close> = guarded.start()
  server:use_certificate(ca:issue({ names = "DNS:db.example.test" }))
  local junk = new_project({ files = { ["prisma/junk.pem"] = "no certificate" } })
  local by_id, result = examine(junk, server:url({ query = "sslmode=verify-ca&sslrootcert=junk.pem" }))
  assert_fails(by_id, result, { probe = "tls", code = "P1011", status = 4, message = "holds no certificate", advice = "PEM" })
end

function TestDoctor:test_sessions_that_begin_read_only()
  self.database:query(("alter database %q set default_transaction_read_only = on"):format(self.database.name))
  local by_id, result = examine(new_project(), self.database.url)
  assert_fails(by_id, result, { probe = "server", code = "failed", status = 1, message = "begin read-only", advice = "ALTER DATABASE" })
end

function TestDoctor:test_poolers()
  local in_session <close> = bouncer.start("session", self.database.name)
  local by_id, result = examine(new_project(), in_session:url(self.database.name))
  lu.assertEquals({ by_id.pooler.state, result.status }, { "warn", 0 }, result.stdout)
  lu.assertStrContains(by_id.pooler.message, "session mode")
  local in_transaction <close> = bouncer.start("transaction", self.database.name)
  by_id, result = examine(new_project(), in_transaction:url(self.database.name))
  assert_fails(by_id, result, { probe = "pooler", code = "config", status = 2, message = "transaction mode", advice = "DIRECT_URL" })
end

function TestDoctor:test_a_url_that_looks_pooled_names_the_direct_one()
  local by_id = examine(new_project(), self.database.url .. "&pgbouncer=true", { env = { DIRECT_URL = self.database.url } })
  lu.assertEquals(by_id.url.state, "warn")
  lu.assertEquals(by_id.pooler.state, "warn")
  lu.assertStrContains(by_id.pooler.advice, "DIRECT_URL is set")
end

function TestDoctor:test_a_template_that_nobody_filled_in()
  local by_id, result = examine(new_project(), "postgresql://johndoe:randompassword@localhost:5432/mydb")
  assert_fails(by_id, result, { probe = "url", code = "P1013", status = 2, message = "template", advice = "real values" })
end

function TestDoctor:test_tls_that_is_in_order_and_tls_that_could_be_better()
  local ca = authority.new()
  local server <close> = guarded.start()
  local names = "DNS:db.example.test,DNS:shop.abc.eu-central-1.rds.amazonaws.com"
  server:use_certificate(ca:issue({ names = names, days = 400 }))
  local roots = "&sslrootcert=" .. ca.path
  local cases = {
    { "db.example.test", "sslmode=verify-full" .. roots, "ok", "verified (sslmode=verify-full)" },
    { "other.example.test", "sslmode=verify-ca" .. roots, "ok", "verified but for the name (sslmode=verify-ca)" },
    { "db.example.test", "sslmode=require", "ok", "the server is not verified (sslmode=require" },
    { "shop.abc.eu-central-1.rds.amazonaws.com", "sslmode=require", "warn", "weaker than verify-full" },
    { "shop.abc.eu-central-1.rds.amazonaws.com", "sslaccept=strict&sslcert=" .. ca.path, "ok", "verified (sslmode=verify-full)" },
  }
  for _, case in ipairs(cases) do
    local by_id, result = examine(new_project(), server:url({ host = case[1], query = case[2] }))
    lu.assertEquals(result.status, 0, case[2] .. result.stdout)
    lu.assertEquals(by_id.tls.state, case[3], case[2] .. result.stdout)
    lu.assertStrContains(by_id.tls.message, case[4])
    lu.assertStrContains(by_id.tls.message, "TLSv1.3")
    lu.assertStrContains(by_id.login.message, "encrypted")
  end
  local by_id = examine(new_project(), server:url({ host = cases[4][1], query = cases[4][2] }))
  lu.assertStrContains(by_id.tls.advice, "global-bundle.pem")
  server:use_certificate(ca:issue({ names = names, days = 10 }))
  by_id = examine(new_project(), server:url({ host = "db.example.test", query = "sslmode=verify-full" .. roots }))
  lu.assertEquals(by_id.tls.state, "warn")
  lu.assertStrContains(by_id.tls.message, "expires on")
end

function TestDoctor:test_an_interruption_ends_it_at_once()
  local child <close> = program.start({ args = { "doctor", "--wait", "10min" }, cwd = new_project().path,
    env = { DATABASE_URL = "postgresql://app@127.0.0.1:1/app" } })
  child:wait_for("dns")
  clock.sleep(0.3)
  child:signal(15)
  lu.assertEquals(child:wait().status, 143)
end

return TestDoctor
