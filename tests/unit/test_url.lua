--- Connection URLs: Prisma's rules, libpq's parameters, and no password in any text.
local lu = require("luaunit")

local url = require("tilth.url")

local TestUrl = {}

local SECRET <const> = "s3cr3t"

local function target(text, options)
  local found, message = url.target(text, options)
  lu.assertNotNil(found, message)
  return found
end

function TestUrl:test_target_reads_each_part()
  local cases = {
    { "postgresql://u:p@h:5433/d", { host = "h", port = "5433", dbname = "d", user = "u", password = "p", sslmode = "prefer" } },
    { "postgres://h", { host = "h", port = "5432", dbname = "postgres", sslmode = "prefer" } },
    { "postgresql:///d", { host = "localhost", port = "5432", dbname = "d", sslmode = "prefer" } },
    { "postgresql://u@h/d", { host = "h", port = "5432", dbname = "d", user = "u", sslmode = "prefer" } },
    { "postgresql://u:@h/d", { host = "h", port = "5432", dbname = "d", user = "u", sslmode = "prefer" } },
    { "postgresql://u%40x:p%23%2F%3A%25@h/my%20db", { host = "h", port = "5432", dbname = "my db", user = "u@x", password = "p#/:%",
      sslmode = "prefer" } },
    { "postgresql://u:a@b@h/d", { host = "h", port = "5432", dbname = "d", user = "u", password = "a@b", sslmode = "prefer" } },
    { "postgresql://u:a:b@h/d", { host = "h", port = "5432", dbname = "d", user = "u", password = "a:b", sslmode = "prefer" } },
    { "postgresql://u:100%25@h/d", { host = "h", port = "5432", dbname = "d", user = "u", password = "100%", sslmode = "prefer" } },
    { "postgresql://u:1%zz@h/d", { host = "h", port = "5432", dbname = "d", user = "u", password = "1%zz", sslmode = "prefer" } },
    { "postgresql://u:%ff@h/d", { host = "h", port = "5432", dbname = "d", user = "u", password = "%ff", sslmode = "prefer" } },
    { "postgresql://u:p@[::1]:5433/d", { host = "::1", port = "5433", dbname = "d", user = "u", password = "p", sslmode = "prefer" } },
    { "postgresql://u@localhost/d?host=/run/pg", { host = "/run/pg", port = "5432", dbname = "d", user = "u", sslmode = "prefer" } },
    { "postgresql://u@x:6000/d?host=%2Frun%2Fpg", { host = "/run/pg", port = "6000", dbname = "d", user = "u", sslmode = "prefer" } },
    { "postgresql://a:1,b:2/d", { host = "a,b", port = "1,2", dbname = "d", sslmode = "prefer" } },
    { "postgresql://h/d?application_name=my+app&options=-c%20x%3D1", { host = "h", port = "5432", dbname = "d", sslmode = "prefer",
      application_name = "my app", options = "-c x=1" } },
  }
  for index, case in ipairs(cases) do
    lu.assertEquals(target(case[1]).params, case[2], "case " .. index)
  end
end

function TestUrl:test_target_translates_tls_parameters()
  local base = "postgresql://h/d?"
  local cases = {
    { "sslmode=require", { sslmode = "require" } },
    { "sslmode=verify-full&sslrootcert=/ca.pem", { sslmode = "verify-full", sslrootcert = "/ca.pem" } },
    { "sslmode=verify-ca", { sslmode = "verify-ca" } },
    { "sslmode=no-verify", { sslmode = "require" } },
    { "ssl=true", { sslmode = "require" } },
    { "sslaccept=strict", { sslmode = "verify-full" } },
    { "sslaccept=anything", { sslmode = "verify-full" } },
    { "sslmode=require&sslaccept=strict", { sslmode = "verify-full" } },
    { "sslmode=disable&sslaccept=strict", { sslmode = "disable" } },
    { "sslmode=verify-ca&sslaccept=strict", { sslmode = "verify-ca" } },
    { "sslmode=require&sslaccept=accept_invalid_certs", { sslmode = "require" } },
    { "sslmode=require&sslcert=/ca.pem", { sslmode = "require", sslrootcert = "/ca.pem" } },
    { "sslmode=require&sslcert=/ca.pem&sslaccept=accept_invalid_certs", { sslmode = "require" } },
    { "sslmode=require&sslcert=/c.pem&sslkey=/k.pem&sslpassword=x", { sslmode = "require", sslcert = "/c.pem", sslkey = "/k.pem",
      sslpassword = "x" } },
    { "channel_binding=require", { sslmode = "prefer", channel_binding = "require" } },
  }
  for _, case in ipairs(cases) do
    local wanted = { host = "h", port = "5432", dbname = "d" }
    for name, value in pairs(case[2]) do
      wanted[name] = value
    end
    lu.assertEquals(target(base .. case[1]).params, wanted, case[1])
  end
end

function TestUrl:test_target_resolves_certificates_against_the_schema_folder()
  lu.assertEquals(target("postgresql://h/d?sslmode=require&sslcert=../ca.pem", { base = "/p/prisma" }).params.sslrootcert, "/p/ca.pem")
end

function TestUrl:test_target_asks_for_system_roots_when_verifying_without_a_certificate()
  lu.assertTrue(target("postgresql://h/d?sslmode=verify-full").options.system_roots)
  lu.assertNil(target("postgresql://h/d?sslmode=verify-full&sslrootcert=/x").options.system_roots)
  lu.assertNil(target("postgresql://h/d?sslmode=require").options.system_roots)
end

function TestUrl:test_target_refuses_the_systems_roots_without_the_check_of_the_name()
  lu.assertEquals(target("postgresql://h/d?sslrootcert=system").params.sslmode, "verify-full")
  for _, mode in ipairs({ "require", "verify-ca", "prefer", "disable" }) do
    local found, message, code, detail = url.target(("postgresql://h/d?sslrootcert=system&sslmode=%s"):format(mode))
    lu.assertNil(found)
    lu.assertStrContains(message, ("sslmode=%s is too weak for sslrootcert=system"):format(mode))
    lu.assertEquals(code, "P1013")
    lu.assertStrContains(detail.advice, "verify-full")
  end
end

function TestUrl:test_target_keeps_prisma_parameters_as_options()
  local found = target("postgresql://h/d?schema=app&connect_timeout=30&socket_timeout=7&connection_limit=5&pgbouncer=true"
    .. "&single_use_connections=false")
  lu.assertEquals(found.schema, "app")
  lu.assertTrue(found.schema_given)
  lu.assertEquals(found.options.connect_timeout, 30)
  lu.assertEquals(found.options.socket_timeout, 7)
  lu.assertEquals(found.options.connection_limit, 5)
  lu.assertIs(found.options.pgbouncer, true)
  lu.assertIs(found.options.single_use_connections, false)
  lu.assertEquals(found.notes, {})
end

function TestUrl:test_target_has_prismas_defaults()
  local found = target("postgresql://h/d")
  lu.assertEquals(found.schema, "public")
  lu.assertFalse(found.schema_given)
  lu.assertEquals(found.options.connect_timeout, 5)
  lu.assertNil(found.options.socket_timeout)
  lu.assertFalse(found.pooled)
end

function TestUrl:test_target_names_unknown_parameters_with_the_nearest_known()
  local found = target("postgresql://h/d?conection_limit=5")
  lu.assertEquals(#found.notes, 1)
  lu.assertStrContains(found.notes[1], "\"conection_limit\"")
  lu.assertStrContains(found.notes[1], "connection_limit\"?")
end

function TestUrl:test_target_guesses_poolers()
  local cases = {
    { "postgresql://h/d?pgbouncer=true", true }, { "postgresql://h/d?pgbouncer=false", false },
    { "postgresql://ep-x-pooler.eu.neon.tech/d", true }, { "postgresql://aws-0.pooler.supabase.com:5432/d", true },
    { "postgresql://db.supabase.co:6543/d", true }, { "postgresql://x.proxy-abc.eu-west-1.rds.amazonaws.com/d", true },
    { "postgresql://x.abc.eu-west-1.rds.amazonaws.com/d", false }, { "postgresql://h:5432/d", false },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(target(case[1]).pooled, case[2], case[1])
  end
end

function TestUrl:test_target_requires_tls_on_rds_unless_told_otherwise()
  lu.assertEquals(target("postgresql://x.rds.amazonaws.com/d").params.sslmode, "require")
  lu.assertTrue(target("postgresql://x.RDS.amazonaws.com/d").rds)
  lu.assertEquals(target("postgresql://x.rds.amazonaws.com/d?sslmode=disable").params.sslmode, "disable")
  for _, host in ipairs({ "x.rds.cn-north-1.amazonaws.com.cn", "x.cn-north-1.rds.amazonaws.com.cn", "x.rds.amazonaws.com." }) do
    lu.assertTrue(target(("postgresql://%s/d"):format(host)).rds, host)
  end
  for _, host in ipairs({ "rds.amazonaws.com.evil.example", "x.rds.amazonaws.com.cn.evil.example", "x.rds.notamazonaws.com.cn" }) do
    lu.assertFalse(target(("postgresql://%s/d"):format(host)).rds, host)
  end
end

function TestUrl:test_target_never_shows_the_password_when_walked_or_printed()
  local found = target(("postgresql://u:%s@h/d?schema=x"):format(SECRET))
  lu.assertEquals(found.params.password, SECRET)
  lu.assertEquals(tostring(found), "database \"d\", schema \"x\" at h:5432")
  local function walk(value)
    if type(value) == "table" then
      for key, inner in pairs(value) do
        walk(key)
        walk(inner)
      end
    else
      lu.assertNotStrContains(tostring(value), SECRET)
    end
  end
  walk(found)
end

function TestUrl:test_target_describes_its_place()
  lu.assertEquals(target("postgresql://[::1]:5433/d").text, "database \"d\" at [::1]:5433")
  lu.assertEquals(target("postgresql://x/d?host=/run/pg").text, "database \"d\" at /run/pg")
end

-- Each case: URL with the secret in it, code, part of the message or advice.
local BROKEN <const> = {
  { "", "P1012", "nonempty" },
  { "   ", "P1012", "nonempty" },
  { "\"postgresql://u:s3cr3t@h/d\"", "P1012", "quote" },
  { " postgresql://u:s3cr3t@h/d", "P1012", "blank" },
  { "DATABASE_URL=postgresql://u:s3cr3t@h/d", "P1012", "repeats the variable's name" },
  { "prisma://accelerate/?api_key=s3cr3t", "P1012", "Accelerate" },
  { "jdbc:postgresql://h/d?password=s3cr3t", "P1012", "JDBC" },
  { "mysql://u:s3cr3t@h/d", "P1012", "MySQL" },
  { "host=h password=s3cr3t dbname=d", "P1012", "libpq connection string" },
  { "Postgresql://u:s3cr3t@h/d", "P1012", "lower case" },
  { "$DATABASE_URL", "P1012", "nothing has expanded" },
  { "s3cr3t", "P1012", "postgresql://USER:PASSWORD" },
  { "postgresql://u:s3cr3t@h/d\n", "P1013", "line break" },
  { "postgresql://u:s3cr3t@h:port/d", "P1013", "invalid port number" },
  { "postgresql://u:s3cr3t@h:70000/d", "P1013", "invalid port number" },
  { "postgresql://u:s3cr3t@h:0/d", "P1013", "invalid port number" },
  { "postgresql://u:s3cr3t@::1/d", "P1013", "square brackets" },
  { "postgresql://u:s3cr3t@[::1/d", "P1013", "square brackets" },
  { "postgresql://u:s3cr3t@h t/d", "P1013", "domain character" },
  { "postgresql://u:s3/cr3t@h:5432/d", "P1013", "unescaped `/`" },
  { "postgresql://u:12/s3cr3t@h/d", "P1013", "unescaped `/`" },
  { "postgresql://u:x#s3cr3t@h/d", "P1013", "unescaped `#` (character 17" },
  { "postgresql://u:x?s3cr3t@h/d", "P1013", "unescaped `?`" },
  { "postgresql://u:p@x/s3cr3t@h/d", "P1013", "unescaped `/`" },
  { "postgresql://u:p@x.y/s3cr3t@h/d", "P1013", "unescaped `/`" },
  { "postgresql://u:p@x#s3cr3t@h/d", "P1013", "unescaped `#`" },
  { "postgresql://u:p@x?s3cr3t@h/d", "P1013", "unescaped `?`" },
  { "postgresql://u:s3cr3t", "P1013", "cut off inside the password" },
  { "postgresql://u:s3cr3t@h/d?sslmode=verify_full", "P1013", "verify-full" },
  { "postgresql://u:s3cr3t@h/d?connect_timeout=5s", "P1013", "connect_timeout is not a whole number" },
  { "postgresql://u:s3cr3t@h/d?pgbouncer=yes", "P1013", "pgbouncer is neither true nor false" },
  { "postgresql://u:s3cr3t@h/d?schema=", "P1013", "schema is empty" },
}

function TestUrl:test_target_explains_what_is_wrong_without_showing_the_value()
  for _, case in ipairs(BROKEN) do
    local found, message, code, detail = url.target(case[1], { source = "DATABASE_URL" })
    lu.assertNil(found, case[1])
    lu.assertEquals(code, case[2], case[1])
    local all = message .. " " .. detail.advice
    lu.assertStrContains(all, case[3])
    lu.assertStrContains(all, "DATABASE_URL")
    lu.assertNotStrContains(all, SECRET)
    lu.assertNotStrContains(all, "cr3t")
  end
end

function TestUrl:test_target_points_at_dotenv_quotes_when_the_value_came_from_a_file()
  local _, _, _, detail = url.target("postgresql://u:s3", { source = "DATABASE_URL", from_file = true })
  lu.assertStrContains(detail.advice, "In a .env file an unquoted value ends at the first `#`")
end

function TestUrl:test_target_accepts_an_at_sign_in_a_parameter()
  lu.assertEquals(target("postgresql://u:p@h/d?options=a@b").params.options, "a@b")
  lu.assertEquals(target("postgresql://h/d?options=a@b").params.options, "a@b")
end

function TestUrl:test_mask_hides_passwords_wherever_they_stand()
  local cases = {
    { "to postgresql://u:s3cr3t@h/d now", "to postgresql://u:****@h/d now" },
    { "postgres://u:a/b@s3cr3t#x@h/d?x=1 end", "postgres://u:****@h/d?x=1 end" },
    { "postgres://u:two s3cr3t@h/d end", "postgres://u:****@h/d end" },
    { "postgresql://u:s3cr3t", "postgresql://u:****" },
    { "\"postgresql://u:s3cr3t@h/d\"", "\"postgresql://u:****@h/d\"" },
    { "https://user:s3cr3t@example.org/x", "https://user:****@example.org/x" },
    { "host=h password=s3cr3t user=u", "host=h password=**** user=u" },
    { "password='two s3cr3t' user=u", "password='****' user=u" },
    { "PGPASSWORD=s3cr3t psql", "PGPASSWORD=**** psql" },
    { "prisma://x/?api_key=s3cr3t&y=1", "prisma://x/?api_key=****&y=1" },
    { "postgresql://h/d?sslpassword=s3cr3t", "postgresql://h/d?sslpassword=****" },
    { "postgresql://a:s3cr3t@h/d and postgresql://b:s3cr3t@i/e", "postgresql://a:****@h/d and postgresql://b:****@i/e" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(url.mask(case[1]), case[2])
  end
end

function TestUrl:test_mask_looks_at_a_long_word_once()
  local long, started = ("x"):rep(20000), os.clock()
  lu.assertEquals(url.mask(long .. " token=a"), long .. " token=****")
  lu.assertEquals(url.mask(long .. " postgres://a:b@c"), long .. " postgres://a:****@c")
  lu.assertTrue(os.clock() - started < 2)
end

function TestUrl:test_mask_leaves_other_text_alone()
  for _, text in ipairs({
    "postgresql://h:5432/d", "postgresql://u@h/d", "at localhost:5432", "http://h:80, and more", "a = b",
    "postgresql://USER:PASSWORD@HOST:5432/DATABASE", "see https://pris.ly/d/migrate: more", "password: none",
  }) do
    lu.assertEquals(url.mask(text), text)
  end
end

return TestUrl
