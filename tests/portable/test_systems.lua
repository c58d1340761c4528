--- The released programs on other systems: with nothing but themselves, names, and roots of trust.
local lu = require("luaunit")

local authority = require("support.authority")
local elsewhere = require("support.elsewhere")
local fs = require("tilth.core.fs")
local guarded = require("support.guarded")
local json = require("tilth.core.json")
local pg = require("tilth.core.pg")
local program = require("support.program")
local project = require("support.project")

local TestSystems = {}

local HOST <const> = "db.example.test"
local DNSMASQ <const> = "/usr/sbin/dnsmasq"
local PRIVATE <const> = 384 -- rw-------
local ROOTS <const> = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt" }
local SEED <const> = [[
local seed = require("tilth.seed")
return seed.define({ run = function(db)
  db:upsert("items", { { slug = "a", note = "Zoë" }, { slug = "b" } }, { key = "slug" })
end })
]]

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

function TestSystems:setUp()
  self.ca = authority.new()
  self.server = guarded.start()
  self.server:use_certificate(self.ca:issue({ names = "DNS:" .. HOST }))
  self.server:admin("alter system set password_encryption = 'scram-sha-256'")
end

function TestSystems:tearDown()
  self.server:close()
end

-- A URL without hostaddr: the name is looked up.
local function url(query, user)
  return ("postgresql://%s@%s:5432/app?%s"):format(user or "app:" .. guarded.PASSWORD, HOST, query)
end

--- Puts the project, the server's name and the authority's certificate into a system, and empties the database.
local function move_in(self, place)
  local app = project.new({
    migrations = { { "1_items", "create table items (id serial primary key, slug text not null unique, note text);" } },
    seeds = { ["items.lua"] = SEED }, package = { name = "app" },
  })
  place:take(app.path)
  place:write("/tilth-test/ca.pem", read(self.ca.path))
  place:write("/etc/hosts", ("127.0.0.1 localhost\n%s %s\n"):format(self.server.address, HOST))
  place:write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
  local conn <close> = assert(pg.connect({ host = self.server.server.socket_dir, user = "postgres", dbname = "app" }))
  for _, sql in ipairs({ "drop schema if exists tilth cascade", "drop schema public cascade", "create schema public authorization app" }) do
    assert(conn:query(sql))
  end
end

--- A server of DNS on an address of this machine. It answers NAME with `addresses`.
local function name_server(address, name, addresses)
  lu.skipIf(not fs.stat(DNSMASQ), DNSMASQ .. " is not there")
  local args = { "--no-daemon", "--conf-file=/dev/null", "--user=root", "--pid-file=", "--no-resolv", "--no-hosts", "--bind-interfaces",
    "--log-facility=-", "--local=/test/", "--listen-address=" .. address }
  for _, given in ipairs(addresses) do args[#args + 1] = ("--host-record=%s,%s"):format(name, given) end
  local server = program.start({ program = DNSMASQ, args = args })
  server:wait_for("started, version")
  return server
end

local function each(self, use)
  elsewhere.each(function(place)
    move_in(self, place)
    use(place)
  end)
end

local function assert_runs(place, args, variables)
  local result = place:run(args, variables)
  lu.assertEquals(result.status, 0, place.name .. ": " .. result.text)
  return result
end

function TestSystems:test_the_program_starts_and_names_its_libraries()
  each(self, function(place)
    lu.assertStrMatches(assert_runs(place, { "--version" }).stdout, "tilth %S+ %(Lua 5%.4%.%d+, libpq %d+%.%d+, OpenSSL 3%.%d+%.%d+%)\n")
  end)
end

function TestSystems:test_a_database_is_migrated_seeded_and_examined_over_verified_tls()
  each(self, function(place)
    local env = { DATABASE_URL = url("sslmode=verify-full&sslrootcert=../ca.pem") }
    assert_runs(place, { "migrate", "deploy" }, env)
    assert_runs(place, { "seed" }, env)
    local document = json.decode(assert_runs(place, { "doctor", "--json" }, env).stdout)
    for _, probe in ipairs(document.probes) do
      lu.assertNotEquals(probe.state, "fail", place.name .. ": " .. probe.id .. ": " .. (probe.message or ""))
      if probe.id == "tls" then lu.assertStrContains(probe.message, "verified (sslmode=verify-full)") end
    end
    local conn <close> = assert(pg.connect({ host = self.server.server.socket_dir, user = "postgres", dbname = "app" }))
    lu.assertEquals(conn:query("select string_agg(slug || coalesce(note, ''), ',' order by slug) as t from items")[1].t, "aZoë,b")
  end)
end

function TestSystems:test_an_authority_that_is_not_trusted_is_refused()
  local other = authority.new("Somebody Else")
  each(self, function(place)
    place:write("/tilth-test/other.pem", read(other.path))
    local result = place:run({ "migrate", "deploy" }, { DATABASE_URL = url("sslmode=verify-full&sslrootcert=../other.pem") })
    lu.assertEquals(result.status, 4, place.name .. ": " .. result.text)
    lu.assertStrContains(result.text, "certificate verify failed")
  end)
end

function TestSystems:test_the_systems_roots_are_found_where_each_distribution_has_them()
  elsewhere.each(function(place)
    -- A whole system has roots of its own, which stay as they are.
    if not place.name:find("^an empty") and not place.name:find("^glibc") then return end
    for _, file in ipairs(ROOTS) do
      move_in(self, place)
      local variables = { DATABASE_URL = url("sslrootcert=system") }
      lu.assertEquals(place:run({ "migrate", "deploy" }, variables).status, 4, "no roots yet")
      place:write(file, read(self.ca.path))
      assert_runs(place, { "migrate", "deploy" }, variables)
      assert(os.remove(place.root .. file))
    end
  end)
end

function TestSystems:test_a_folder_of_roots_named_by_ssl_cert_dir_counts()
  local folder = "/tilth-test/roots"
  each(self, function(place)
    local variables = { DATABASE_URL = url("sslmode=verify-full"), SSL_CERT_DIR = folder }
    lu.assertEquals(place:run({ "migrate", "deploy" }, variables).status, 4)
    place:write(folder .. "/" .. self.ca:hash() .. ".0", read(self.ca.path))
    assert_runs(place, { "migrate", "deploy" }, variables)
  end)
end

function TestSystems:test_passwords_and_services_are_found_as_by_the_systems_libpq()
  each(self, function(place)
    local bare = url("sslmode=require", "app")
    lu.assertEquals(place:run({ "migrate", "status" }, { DATABASE_URL = bare }).status, 4, "no password yet")
    assert_runs(place, { "migrate", "deploy" }, { DATABASE_URL = bare, PGPASSWORD = guarded.PASSWORD })
    local line = ("%s:5432:app:app:%s\n"):format(HOST, guarded.PASSWORD)
    place:write("/tilth-test/home/.pgpass", line, PRIVATE)
    assert_runs(place, { "migrate", "deploy" }, { DATABASE_URL = bare })
    place:write("/tilth-test/mine", line, PRIVATE)
    assert_runs(place, { "migrate", "deploy" }, { DATABASE_URL = bare, HOME = "/nowhere", PGPASSFILE = "/tilth-test/mine" })
    place:write("/etc/postgresql-common/pg_service.conf", ("[shop]\nhost=%s\ndbname=app\nuser=app\npassword=%s\nsslmode=require\n")
      :format(HOST, guarded.PASSWORD))
    assert_runs(place, { "migrate", "deploy" }, { DATABASE_URL = "postgresql://", PGSERVICE = "shop", HOME = "/nowhere" })
    assert_runs(place, { "migrate", "deploy" }, { DATABASE_URL = "postgresql:///app?schema=public", HOME = "/nowhere",
      PGHOST = HOST, PGUSER = "app", PGPASSWORD = guarded.PASSWORD })
  end)
end

-- 40 addresses do not fit into one datagram, so they are asked for again by TCP; musl takes at most 48.
function TestSystems:test_a_name_is_asked_of_dns_even_when_the_answer_is_long()
  for _, count in ipairs({ 1, 40 }) do
    local addresses = { self.server.address }
    for i = 2, count do addresses[i] = ("127.3.0.%d"):format(i) end
    local resolver = guarded.address()
    local names <close> = name_server(resolver, "dns.example.test", addresses)
    each(self, function(place)
      place:write("/etc/resolv.conf", ("nameserver %s\n"):format(resolver))
      assert_runs(place, { "migrate", "deploy" }, { DATABASE_URL = (url("sslmode=require"):gsub(HOST, "dns.example.test")) })
    end)
    lu.assertNil(names.ended)
  end
end

function TestSystems:test_a_name_that_nobody_knows_is_said()
  each(self, function(place)
    local result = place:run({ "migrate", "deploy" }, { DATABASE_URL = (url("sslmode=require"):gsub(HOST, "gone.example.test")) })
    lu.assertEquals(result.status, 4, place.name .. ": " .. result.text)
    lu.assertStrContains(result.text, "P1001")
    lu.assertStrContains(result.text, "gone.example.test")
  end)
end

return TestSystems
