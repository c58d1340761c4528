--- TLS of the real program: what is verified against which roots, on RDS and elsewhere, and what is said when it fails.
local lu = require("luaunit")

local authority = require("support.authority")
local guarded = require("support.guarded")
local program = require("support.program")
local project = require("support.project")

local TestTls = {}

local HOST <const> = "db.example.test"
local INSTANCE <const> = "shop.abc.eu-central-1.rds.amazonaws.com"
local NAMES <const> = "DNS:db.example.test,DNS:" .. INSTANCE

local function start(ca)
  local server = guarded.start()
  server:use_certificate(ca:issue({ names = NAMES }))
  return server
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function deploy(files, url, env)
  local folder = project.new({ migrations = { { "1_a", "create table if not exists a (id int);" } }, files = files })
  local variables = { DATABASE_URL = url }
  for name, value in pairs(env or {}) do variables[name] = value end
  return program.run({ args = { "migrate", "deploy" }, cwd = folder.path, env = variables })
end

local function assert_fails(result, text, advice)
  lu.assertEquals(result.status, 4, result.text)
  lu.assertStrContains(result.text, "Error opening a TLS connection")
  lu.assertStrContains(result.text, "P1011")
  lu.assertStrContains(result.text, text)
  lu.assertStrContains(result.text, advice)
  lu.assertNotStrContains(result.text, guarded.PASSWORD)
end

function TestTls:test_an_rds_host_is_verified_with_the_bundle_of_the_project()
  local ca, other = authority.new(), authority.new("Somebody Else")
  local server <close> = start(ca)
  local url = server:url({ host = INSTANCE, query = "schema=public" })
  for _, name in ipairs({ "global-bundle.pem", "certs/global-bundle.pem", "rds-combined-ca-bundle.pem" }) do
    local result = deploy({ [name] = read(ca.path) }, url)
    lu.assertEquals(result.status, 0, result.text)
    assert_fails(deploy({ [name] = read(other.path) }, url), "certificate verify failed",
      name .. ", the RDS bundle found beside the project")
  end
end

function TestTls:test_an_rds_host_with_another_name_is_refused_with_a_bundle_and_taken_without()
  local ca = authority.new()
  local server <close> = start(ca)
  local url = server:url({ host = "other.abc.eu-central-1.rds.amazonaws.com", query = "schema=public" })
  assert_fails(deploy({ ["global-bundle.pem"] = read(ca.path) }, url), "does not match host name", "curl -fsSo")
  local result = deploy({}, url)
  lu.assertEquals(result.status, 0, result.text)
end

function TestTls:test_an_rds_host_without_tls_is_refused()
  local server <close> = guarded.start()
  assert_fails(deploy({}, server:url({ host = INSTANCE, query = "schema=public" })), "does not support SSL", "sslmode")
end

function TestTls:test_the_systems_roots_verify_who_asks_for_them()
  local ca, other = authority.new(), authority.new("Somebody Else")
  local server <close> = start(ca)
  for _, query in ipairs({ "sslrootcert=system", "sslmode=verify-full", "sslaccept=strict",
    "sslmode=verify-full&sslrootcert=system" }) do
    local url = server:url({ host = HOST, query = query })
    local result = deploy({}, url, { SSL_CERT_FILE = ca.path })
    lu.assertEquals(result.status, 0, query .. result.text)
    assert_fails(deploy({}, url, { SSL_CERT_FILE = other.path }), "certificate verify failed", "tilth doctor")
  end
end

function TestTls:test_pg_variables_count_where_the_url_says_nothing()
  local ca, other = authority.new(), authority.new("Somebody Else")
  local server <close> = start(ca)
  local url = server:url({ host = HOST, query = "schema=public" })
  local result = deploy({}, url, { PGSSLMODE = "verify-full", PGSSLROOTCERT = ca.path })
  lu.assertEquals(result.status, 0, result.text)
  assert_fails(deploy({}, url, { PGSSLMODE = "verify-full", PGSSLROOTCERT = other.path }), "certificate verify failed",
    "PGSSLROOTCERT")
  result = deploy({}, server:url({ host = HOST, query = "sslmode=require" }), { PGSSLMODE = "verify-full", PGSSLROOTCERT = ca.path })
  lu.assertEquals(result.status, 0, result.text)
end

function TestTls:test_doctor_names_the_bundle_and_how_to_get_it()
  local ca = authority.new()
  local server <close> = start(ca)
  local url = server:url({ host = INSTANCE, query = "schema=public" })
  local function probe(files)
    local document = program.json({ args = { "doctor" }, cwd = project.new({ files = files }).path, env = { DATABASE_URL = url } })
    for _, one in ipairs(document.probes) do
      if one.id == "tls" then return one end
    end
  end
  local with = probe({ ["certs/global-bundle.pem"] = read(ca.path) })
  lu.assertEquals(with.state, "ok", with.message)
  lu.assertStrMatches(with.message, "TLSv1.3, verified against .*/certs/global%-bundle.pem %(sslmode=verify%-full%), valid until .*")
  local without = probe({})
  lu.assertEquals(without.state, "warn", without.message)
  lu.assertStrContains(without.advice, "curl -fsSo global-bundle.pem https://truststore.pki.rds.amazonaws.com/")
end

return TestTls
