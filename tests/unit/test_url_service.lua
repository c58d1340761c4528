--- What libpq would take from service files and PG variables.
local lu = require("luaunit")

local fake_files = require("support.fake_files")
local service = require("tilth.url.service")
local url = require("tilth.url")

local TestUrlService = {}

local FILE <const> = "# services\n[other]\nhost=elsewhere\n\n[shop]\nhost=db.example\nport=6000\n#user=nobody\nuser=app\ndbname=shop\n"
  .. "password=pa=ss\nsslmode=require\n[last]\nhost=z\n"

local function defaults(env, tree, name)
  return service.defaults(env, fake_files.new(tree or {}), name)
end

function TestUrlService:test_defaults_takes_the_variables_that_tilth_would_set_itself()
  lu.assertEquals(defaults({ PGHOST = "h", PGPORT = "1", PGDATABASE = "d", PGUSER = "u", PGSSLMODE = "require", PGSSLROOTCERT = "/c",
    PGPASSWORD = "p", PGOPTIONS = "-c x=y" }),
    { host = "h", port = "1", dbname = "d", user = "u", sslmode = "require", sslrootcert = "/c" })
  lu.assertEquals(defaults({ PGHOST = "" }), {})
end

function TestUrlService:test_defaults_reads_a_service_of_the_users_file()
  local wanted = { host = "db.example", port = "6000", user = "app", dbname = "shop", password = "pa=ss", sslmode = "require" }
  lu.assertEquals(defaults({ HOME = "/h" }, { ["/h/.pg_service.conf"] = FILE }, "shop"), wanted)
  lu.assertEquals(defaults({ PGSERVICE = "shop", PGSERVICEFILE = "/s" }, { ["/s"] = FILE }), wanted)
  lu.assertEquals(defaults({ PGHOST = "weaker", HOME = "/h" }, { ["/h/.pg_service.conf"] = FILE }, "shop").host, "db.example")
end

function TestUrlService:test_defaults_looks_in_the_systems_file_for_what_the_users_lacks()
  local tree = { ["/h/.pg_service.conf"] = "[mine]\nhost=a\n", ["/etc/postgresql-common/pg_service.conf"] = FILE,
    ["/x/pg_service.conf"] = "[x]\n" }
  lu.assertEquals(defaults({ HOME = "/h" }, tree, "last"), { host = "z" })
  lu.assertEquals(defaults({ HOME = "/h", PGSYSCONFDIR = "/x" }, tree, "x"), {})
end

function TestUrlService:test_defaults_fails_on_a_service_that_is_nowhere()
  local found, problem, advice = defaults({ HOME = "/h" }, { ["/h/.pg_service.conf"] = FILE }, "gone")
  lu.assertNil(found)
  lu.assertStrContains(problem, "the service \"gone\" is in no service file (looked in /h/.pg_service.conf and /etc/")
  lu.assertStrContains(advice, "PGSERVICEFILE")
end

function TestUrlService:test_defaults_fails_on_a_line_that_it_can_not_read_without_showing_it()
  local found, problem = defaults({ PGSERVICEFILE = "/s" }, { ["/s"] = "[shop]\nhost=a\npassword s3cr3t\n" }, "shop")
  lu.assertNil(found)
  lu.assertStrContains(problem, "/s:3: ")
  lu.assertNotStrContains(problem, "s3cr3t")
end

function TestUrlService:test_a_url_goes_before_what_the_service_says()
  local function target(text)
    return assert(url.target(text, { defaults = function(name)
      return defaults({ HOME = "/h", PGSERVICE = name or "shop" }, { ["/h/.pg_service.conf"] = FILE })
    end }))
  end
  lu.assertEquals(target("postgresql://").params,
    { host = "db.example", port = "6000", user = "app", dbname = "shop", password = "pa=ss", sslmode = "require" })
  lu.assertEquals(target("postgresql://me:x@here:1/mine?sslmode=disable").params,
    { host = "here", port = "1", user = "me", dbname = "mine", password = "x", sslmode = "disable" })
  lu.assertEquals(target("postgresql://?service=other").host, "elsewhere")
  lu.assertEquals(target("postgresql://?service=other").notes,
    { "the URL names no host; that of a PG variable or service counts, which Prisma Client does not read" })
end

function TestUrlService:test_a_service_that_is_nowhere_is_an_invalid_url()
  local found, message, code, detail = url.target("postgresql://?service=gone", { source = "DATABASE_URL", defaults = function(name)
    return defaults({}, {}, name)
  end })
  lu.assertNil(found)
  lu.assertStrContains(message, "DATABASE_URL: ")
  lu.assertStrContains(message, "\"gone\"")
  lu.assertEquals(code, "P1013")
  lu.assertStrContains(detail.advice, "PGSERVICE")
end

return TestUrlService
