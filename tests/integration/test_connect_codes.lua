--- Every way in which a database can be out of reach, provoked for real: its code and exit status are the same for
-- `tilth doctor` and `tilth migrate deploy`, and no password is ever shown.
local lu = require("luaunit")

local authority = require("support.authority")
local clock = require("tilth.clock")
local database = require("support.database")
local guarded = require("support.guarded")
local program = require("support.program")
local project = require("support.project")
local proxy = require("support.proxy")

local TestConnectCodes = {}

local SECRET <const> = guarded.PASSWORD
local OTHER_SECRET <const> = "never-sh0wn-value"

local function make_project()
  return project.new({ migrations = { { "1_a", "CREATE TABLE a (id int);" } } })
end

local function run(folder, url, args)
  return program.run({ args = args, cwd = folder.path, env = { DATABASE_URL = url, SESSION_TOKEN = OTHER_SECRET } })
end

local function assert_no_secret(result)
  for _, secret in ipairs({ SECRET, OTHER_SECRET, "wr0ng-passw0rd" }) do
    lu.assertNotStrContains(result.text, secret)
  end
end

local function fails_of(document)
  local found = {}
  for _, probe in ipairs(document.probes) do
    if probe.state == "fail" then found[#found + 1] = probe end
  end
  return found
end

--- Runs both commands; both must give the code and the status, and the doctor name one probe as the cause.
local function assert_both(url, expected)
  local folder = make_project()
  local deploy = run(folder, url, { "migrate", "deploy", table.unpack(expected.options or {}) })
  assert_no_secret(deploy)
  lu.assertEquals(deploy.status, expected.status, deploy.text)
  lu.assertStrContains(deploy.stderr, expected.code)
  lu.assertStrContains(deploy.stderr, expected.text or "")
  lu.assertEquals(deploy.stdout:find("Applying", 1, true), nil)
  local document, result = program.json({ args = { "doctor" }, cwd = folder.path, env = { DATABASE_URL = url } })
  assert_no_secret(result)
  local fails = fails_of(document)
  lu.assertEquals(#fails, 1, result.stdout)
  lu.assertEquals({ fails[1].id, fails[1].code, result.status }, { expected.probe, expected.code, expected.status }, result.stdout)
  lu.assertNotNil(fails[1].advice)
  lu.assertFalse(document.ready)
  local text = run(folder, url, { "doctor" })
  assert_no_secret(text)
  lu.assertEquals(text.status, expected.status)
  lu.assertStrContains(text.stdout, ("FAIL %s (%s):"):format(expected.probe, expected.code))
  lu.assertStrContains(text.stdout, "Not ready: 1 failure")
  return fails[1], deploy
end

function TestConnectCodes:test_P1000_wrong_password()
  local server <close> = guarded.start()
  local found = assert_both(server:url({ password = "wr0ng-passw0rd" }),
    { code = "P1000", status = 4, probe = "login", text = "Authentication failed" })
  lu.assertStrContains(found.message, "password authentication failed")
end

function TestConnectCodes:test_P1000_no_password_at_all()
  local server <close> = guarded.start()
  local url = server:url():gsub(":" .. SECRET:gsub("%-", "%%-"), "", 1)
  lu.assertNotStrContains(url, SECRET)
  assert_both(url, { code = "P1000", status = 4, probe = "login", text = "Authentication failed" })
end

function TestConnectCodes:test_P1001_nothing_listens()
  local found = assert_both(("postgresql://app:%s@127.0.0.1:1/app"):format(SECRET),
    { code = "P1001", status = 4, probe = "tcp", text = "Can't reach database server at `127.0.0.1:1`" })
  lu.assertStrContains(found.advice, "nothing listens on port 1")
end

function TestConnectCodes:test_P1001_host_without_address()
  local found = assert_both(("postgresql://app:%s@no-such-host.invalid/app"):format(SECRET),
    { code = "P1001", status = 4, probe = "dns", text = "Can't reach database server at `no-such-host.invalid:5432`" })
  lu.assertStrContains(found.advice, "spelling of the host in DATABASE_URL")
end

function TestConnectCodes:test_P1001_socket_that_is_not_there()
  local found = assert_both(("postgresql://app:%s@localhost/app?host=/nowhere"):format(SECRET),
    { code = "P1001", status = 4, probe = "tcp" })
  lu.assertStrContains(found.advice, "No server has its socket there")
end

function TestConnectCodes:test_P1002_another_deployment_holds_the_lock()
  local own <close> = database.new()
  local holder = own:connect({ application_name = "another build" })
  assert(holder:query("select pg_advisory_lock(72707369)"))
  local found, deploy = assert_both(own.url,
    { code = "P1002", status = 1, probe = "lock", text = "advisory lock", options = { "--lock-patience", "300ms" } })
  lu.assertStrContains(found.message, "another build")
  lu.assertStrContains(found.advice, "pg_terminate_backend(" .. holder:info().pid)
  lu.assertStrContains(deploy.stderr, "another build")
end

function TestConnectCodes:test_doctor_waits_for_the_lock_as_long_as_it_was_told_to()
  local own <close> = database.new()
  local holder = own:connect({ application_name = "another build" })
  assert(holder:query("select pg_advisory_lock(72707369)"))
  local folder = make_project()
  local env = { DATABASE_URL = own.url }
  local late = program.run({ args = { "doctor", "--lock-patience", "700ms" }, cwd = folder.path, env = env })
  lu.assertStrContains(late.stdout, "FAIL lock (P1002)")
  lu.assertTrue(late.seconds >= 0.7, late.seconds)
  local child <close> = program.start({ args = { "doctor", "--lock-patience", "1min" }, cwd = folder.path, env = env })
  child:wait_for("ok    ledger")
  clock.sleep(0.7)
  assert(holder:query("select pg_advisory_unlock(72707369)"))
  local result = child:wait()
  lu.assertStrContains(result.stdout, "ok    lock")
  lu.assertNotStrContains(result.stdout, "P1002")
end

function TestConnectCodes:test_P1003_database_that_does_not_exist()
  local server <close> = guarded.start()
  assert_both(server:url({ database = "nowhere" }),
    { code = "P1003", status = 4, probe = "login", text = "Database `nowhere` does not exist" })
end

function TestConnectCodes:test_P1010_role_that_is_turned_away()
  local server <close> = guarded.start()
  assert_both(server:url({ user = "outsider" }),
    { code = "P1010", status = 4, probe = "login", text = "User was denied access on the database `app`" })
end

function TestConnectCodes:test_P1010_server_that_insists_on_tls()
  local server <close> = guarded.start({ hba = "hostnossl all all all reject\n" })
  assert_both(server:url({ query = "sslmode=disable" }), { code = "P1010", status = 4, probe = "login" })
end

function TestConnectCodes:test_P1011_no_tls_offered()
  local server <close> = guarded.start()
  local found = assert_both(server:url({ query = "sslmode=require" }),
    { code = "P1011", status = 4, probe = "tls", text = "Error opening a TLS connection" })
  lu.assertStrContains(found.message, "offers no TLS")
end

function TestConnectCodes:test_P1011_certificates()
  local ca, stranger = authority.new(), authority.new("Somebody Else")
  local server <close> = guarded.start()
  local names = "DNS:db.example.test,IP:" .. server.address
  local cases = {
    { "expired", ca:issue({ names = names, days = -1 }), ca.path, "expired on" },
    { "unknown", ca:issue({ names = names }), stranger.path, "issuer is not among" },
    { "other name", ca:issue({ names = "DNS:old.example.test" }), ca.path, "is for old.example.test, not for db.example.test" },
    { "no file", ca:issue({ names = names }), "/nowhere/ca.pem", "which is not there" },
  }
  for _, case in ipairs(cases) do
    server:use_certificate(case[2])
    local found = assert_both(server:url({ host = "db.example.test", query = "sslmode=verify-full&sslrootcert=" .. case[3] }),
      { code = "P1011", status = 4, probe = "tls" })
    lu.assertStrContains(found.message, case[4])
  end
end

function TestConnectCodes:test_P1012_empty_and_foreign_urls()
  for _, url in ipairs({ "", "   ", "mysql://app:" .. SECRET .. "@db/app", "\"postgresql://app:" .. SECRET .. "@db/app\"" }) do
    assert_both(url, { code = "P1012", status = 2, probe = "url" })
  end
end

function TestConnectCodes:test_P1012_a_variable_that_is_not_set()
  local folder = make_project()
  local document, result = program.json({ args = { "doctor" }, cwd = folder.path })
  lu.assertEquals({ fails_of(document)[1].code, result.status }, { "P1012", 2 })
  lu.assertStrContains(fails_of(document)[1].message, "Environment variable not found: DATABASE_URL")
  local deploy = program.run({ args = { "migrate", "deploy" }, cwd = folder.path })
  lu.assertEquals(deploy.status, 2, deploy.text)
  lu.assertStrContains(deploy.stderr, "P1012: Environment variable not found: DATABASE_URL")
end

function TestConnectCodes:test_P1013_urls_that_cannot_be_read()
  local cases = {
    { "postgresql://app:%s@db:port/app", "invalid port number" },
    { "postgresql://app:%s/part@db/app", "unescaped" },
    { "postgresql://app:%s#part@db/app", "%23" },
    { "postgresql://app:%s@db/app?connect_timeout=soon", "connect_timeout" },
  }
  for _, case in ipairs(cases) do
    local url = case[1]:gsub("%%s", (SECRET:gsub("%%", "%%%%")))
    local found = assert_both(url, { code = "P1013", status = 2, probe = "url", text = "DATABASE_URL" })
    lu.assertStrContains(found.message .. found.advice, case[2])
  end
end

function TestConnectCodes:test_P1017_connection_cut_at_login()
  local own <close> = database.new()
  for _, action in ipairs({ "close", "rst" }) do
    local through <close> = proxy.start({ s2c_cut = 20, action = action })
    assert_both(through:url(own.name), { code = "P1017", status = 4, probe = "login", text = "Server has closed the connection." })
  end
end

function TestConnectCodes:test_P1017_connection_cut_anywhere()
  local folder, lost = make_project(), 0
  for _, bytes in ipairs({ 1, 9, 150, 450, 600, 900, 1300 }) do
    local own <close> = database.new()
    local through <close> = proxy.start({ s2c_cut = bytes, action = "close" })
    local deploy = run(folder, through:url(own.name), { "migrate", "deploy" })
    if deploy.status ~= 0 then
      lost = lost + 1
      lu.assertEquals(deploy.status, 4, bytes .. ": " .. deploy.text)
      lu.assertStrContains(deploy.stderr, "P1017", false, tostring(bytes))
      lu.assertStrContains(deploy.stderr, "Server has closed the connection.")
    end
  end
  lu.assertTrue(lost >= 5, lost .. " of the cuts were felt")
end

function TestConnectCodes:test_doctor_names_a_connection_that_is_lost_on_the_way()
  local own <close> = database.new()
  local folder, seen = make_project(), {}
  for bytes = 400, 2400, 250 do
    local through <close> = proxy.start({ s2c_cut = bytes, action = "close" })
    local document, result = program.json({ args = { "doctor" }, cwd = folder.path, env = { DATABASE_URL = through:url(own.name) } })
    local fails = fails_of(document)
    if #fails > 0 then
      seen[#seen + 1] = fails[1].id
      lu.assertEquals({ fails[1].code, result.status }, { "P1017", 4 }, result.stdout)
      lu.assertEquals(#fails, 1, result.stdout)
    end
  end
  lu.assertTrue(#seen >= 3, table.concat(seen, ","))
end

return TestConnectCodes
