--- Which database a project means.
local lu = require("luaunit")

local datasource = require("tilth.datasource")
local fake_files = require("support.fake_files")
local project = require("tilth.project")
local settings = require("tilth.settings")

local TestDatasource = {}

local BOTH <const> = "datasource db {\n  provider = \"postgresql\"\n  url = env(\"DATABASE_URL\")\n  directUrl = env(\"DIRECT_URL\")\n}\n"
local ONE <const> = "datasource db {\n  provider = \"postgresql\"\n  url = env(\"APP_URL\")\n}\n"

local function resolve(given)
  local tree = given.tree or {}
  tree["/p/package.json"] = "{}"
  tree["/p/prisma/schema.prisma"] = given.schema
  local files = fake_files.new(tree)
  local found, why = project.find(files, "/p")
  lu.assertNotNil(found, why)
  local resolved = settings.resolve({ flags = given.flags or {}, env = {}, config = found.config })
  return datasource.resolve(found, given.env or {}, resolved,
    { purpose = given.purpose, sources = given.sources, files = given.files ~= false and files or nil })
end

function TestDatasource:test_resolve_prefers_what_is_nearest()
  local all = { DATABASE_URL = "postgresql://h/plain", DIRECT_URL = "postgresql://h/direct", APP_URL = "postgresql://h/app" }
  local config7 = { ["/p/prisma.config.ts"] = "export default { datasource: { url: env('CONF') } }" }
  local cases = {
    { { schema = BOTH, env = all, flags = { database_url = "postgresql://h/flag" } }, "flag", "--database-url" },
    { { schema = BOTH, env = all }, "direct", "DIRECT_URL" },
    { { schema = BOTH, env = all, purpose = "query" }, "plain", "DATABASE_URL" },
    { { schema = ONE, env = all }, "app", "APP_URL" },
    { { env = all }, "plain", "DATABASE_URL" },
    { { schema = BOTH, tree = config7, env = { CONF = "postgresql://h/conf", DIRECT_URL = "postgresql://h/direct" } }, "conf", "CONF" },
    { { schema = ONE:gsub("env%(\"APP_URL\"%)", "\"postgresql://h/literal\"") }, "literal", "the URL in prisma/schema.prisma:3" },
    { { env = { secrets = "{\"DATABASE_URL\": \"postgresql://h/secret\"}" } }, "secret", "DATABASE_URL (Amplify's secrets)" },
    { { env = { secrets = "{\"DATABASE_URL\": \"postgresql://h/secret\"}", DATABASE_URL = "postgresql://h/real" } }, "real",
      "DATABASE_URL" },
    { { env = { secrets = "{\"DATABASE_URL\": \"postgresql://h/secret\"}", DATABASE_URL = "postgresql://h/file" },
      sources = { DATABASE_URL = "/p/.env" } }, "secret", "DATABASE_URL (Amplify's secrets)" },
    { { env = { DATABASE_URL = "postgresql://h/file" }, sources = { DATABASE_URL = "/p/.env" } }, "file", "DATABASE_URL (/p/.env)" },
  }
  for index, case in ipairs(cases) do
    local target, message = resolve(case[1])
    lu.assertNotNil(target, message)
    lu.assertEquals({ target.database, target.source }, { case[2], case[3] }, "case " .. index)
  end
end

function TestDatasource:test_resolve_says_none_when_no_url_is_set_anywhere()
  for _, schema in ipairs({ BOTH, ONE, false }) do
    local target, message, code, detail = resolve({ schema = schema or nil })
    lu.assertNil(target)
    lu.assertStrContains(message, "Environment variable not found: ")
    lu.assertEquals(code, "none")
    lu.assertStrContains(detail.advice, "Amplify")
  end
end

function TestDatasource:test_resolve_names_variable_place_and_files_that_are_not_read()
  local target, message, code, detail = resolve({ schema = ONE, env = { DATABASE_URL = "postgresql://u:hush@h/d" },
    tree = { ["/p/.env.local"] = "APP_URL=postgresql://u:hush@h/d", ["/p/.env.example"] = "APP_URL=x", ["/p/.env.test"] = "B=1" } })
  lu.assertNil(target)
  lu.assertStrContains(message, "Environment variable not found: APP_URL. It is named in prisma/schema.prisma:3.")
  lu.assertStrContains(message, "DATABASE_URL is set")
  lu.assertEquals(code, "P1012")
  lu.assertStrContains(detail.advice, "It stands in .env.local, which is not read")
  lu.assertEquals({ detail.file, detail.line }, { "/p/prisma/schema.prisma", 3 })
  lu.assertNotStrContains(message .. detail.advice, "hush")
end

function TestDatasource:test_resolve_fails_when_only_the_direct_url_is_missing()
  local target, message, code = resolve({ schema = BOTH, env = { DATABASE_URL = "postgresql://h/d" } })
  lu.assertNil(target)
  lu.assertStrContains(message, "DIRECT_URL. It is named in prisma/schema.prisma:4.")
  lu.assertEquals(code, "P1012")
end

function TestDatasource:test_resolve_fails_on_an_empty_variable()
  local _, message, code = resolve({ schema = ONE, env = { APP_URL = " " } })
  lu.assertStrContains(message, "You must provide a nonempty URL. The environment variable `APP_URL` resolved to an empty string.")
  lu.assertEquals(code, "P1012")
  _, message = resolve({ schema = BOTH, env = { DATABASE_URL = "postgresql://h/d", DIRECT_URL = "" } })
  lu.assertStrContains(message, "You must provide a nonempty direct URL.")
end

function TestDatasource:test_resolve_fails_on_another_provider()
  local _, message, code = resolve({ schema = ONE:gsub("postgresql", "mysql"), env = { APP_URL = "mysql://h/d" } })
  lu.assertStrContains(message, "prisma/schema.prisma:1: the datasource's provider is \"mysql\"")
  lu.assertEquals(code, "P1012")
end

function TestDatasource:test_resolve_names_the_schema_line_of_a_bad_url()
  local _, message, code, detail = resolve({ schema = ONE, env = { APP_URL = "postgresql://u:hu/sh@h/d" } })
  lu.assertStrContains(message, "It is named in prisma/schema.prisma:3.")
  lu.assertEquals(code, "P1013")
  lu.assertEquals(detail.line, 3)
  lu.assertNotStrContains(message .. detail.advice, "sh@")
end

function TestDatasource:test_resolve_says_when_the_config_cannot_be_read()
  local tree = { ["/p/prisma.config.ts"] = "export default {\n  datasource: { url: make() },\n}" }
  local _, message, code, detail = resolve({ tree = tree })
  lu.assertStrContains(message, "prisma.config.ts:2: the database URL cannot be read without running JavaScript")
  lu.assertEquals(code, "P1012")
  lu.assertStrContains(detail.advice, "--database-url")
  tree["/p/prisma.config.ts"] = "export default {\n  datasource: { url: make() },\n}"
  lu.assertEquals(resolve({ tree = tree, env = { DATABASE_URL = "postgresql://h/d" } }).database, "d")
end

function TestDatasource:test_resolve_says_when_the_secrets_cannot_be_read()
  local _, message, code = resolve({ env = { secrets = "{\"DATABASE_URL\": hush" } })
  lu.assertStrContains(message, "looks like Amplify's JSON but cannot be read")
  lu.assertNotStrContains(message, "hush")
  lu.assertEquals(code, "none")
end

function TestDatasource:test_resolve_points_from_a_pooled_url_to_a_direct_one()
  local target = resolve({ env = { DATABASE_URL = "postgresql://h:6543/d", DIRECT_URL = "postgresql://h:5432/d" } })
  lu.assertEquals(target.direct_variable, "DIRECT_URL")
  lu.assertStrContains(target.notes[1], "DIRECT_URL is set but not used")
  lu.assertNil(resolve({ env = { DATABASE_URL = "postgresql://h:5432/d", DIRECT_URL = "x" } }).direct_variable)
end

function TestDatasource:test_resolve_finds_root_certificates_for_a_verified_connection()
  local strict = { DATABASE_URL = "postgresql://h/d?sslmode=verify-full", HOME = "/home/u" }
  local bundle = "/etc/pki/tls/certs/ca-bundle.crt"
  lu.assertEquals(resolve({ env = strict, tree = { [bundle] = "x" } }).params.sslrootcert, bundle)
  lu.assertNil(resolve({ env = strict, tree = { [bundle] = "x", ["/home/u/.postgresql/root.crt"] = "x" } }).params.sslrootcert)
  lu.assertNil(resolve({ env = { DATABASE_URL = "postgresql://h/d?sslmode=require" }, tree = { [bundle] = "x" } }).params.sslrootcert)
end

return TestDatasource
