--- Which variables are flags, which look like secrets.
local lu = require("luaunit")

local variable = require("tilth.variable")

local TestVariable = {}

function TestVariable:test_flags_by_name()
  for name, expected in pairs({
    RESET_DATABASE = true, RESET_DATABASE_CONFIRM = true, RUN_SEED = true, reset_database = true, SEED_DATABASE = true, FORCE_SEED = true,
    RESET_DB = true, DROP_SCHEMA = true, WIPE_DATA = true, RESET_PRODUCTION_DATABASE = true, SEED = true, RUN_SEEDS = true,
    DATABASE_URL = false, PASSWORD_RESET_URL = false, RANDOM_SEED = false, DROPBOX_URL = false, NODE_ENV = false, RUN_TESTS = false,
    PRESET_DATABASE = false,
  }) do
    lu.assertEquals(variable.is_flag(name), expected, name)
  end
end

function TestVariable:test_secrets_by_name()
  for name, expected in pairs({
    AUTH_SECRET = true, STRIPE_KEY = true, API_TOKEN = true, DB_PASSWORD = true, AWS_REGION = true, SESSION_SECRETS = true,
    NEXT_PUBLIC_SECRET = true, secrets = true, SENTRY_DSN = true, smtp_pass = true,
    NEXT_PUBLIC_STRIPE_KEY = false, KEYBOARD = false, MONKEY_COUNT = false, API_URL = false, COMPASS_URL = false, VITE_MAPS_TOKEN = false,
  }) do
    lu.assertEquals(variable.secret(name, "x") ~= nil, expected, name)
  end
end

function TestVariable:test_secrets_by_value()
  for value, expected in pairs({
    ["postgresql://u:hunter2@db.example.com/x"] = true, ["redis://:hunter2@cache/0"] = true,
    ["AKIAIOSFODNN7EXAMPLE"] = true,
    ["-----BEGIN RSA PRIVATE KEY-----\nx"] = true, ["sk_live_abc"] = true, ["eyJhbGciOi.eyJzdWIi.c2ln"] = true,
    ["host=x password=y"] = true,
    ["postgresql://localhost/x"] = false, ["postgresql://u@localhost/x"] = false, ["https://example.com:8080/a@b"] = false,
    ["postgresql://USER:PASSWORD@HOST:5432/DATABASE"] = false, ["postgresql://u:${PW}@h/x"] = false,
    ["hello world"] = false, [""] = false,
  }) do
    lu.assertEquals(variable.secret("NEXT_PUBLIC_VALUE", value) ~= nil, expected, value)
  end
end

function TestVariable:test_reason_never_holds_the_value()
  lu.assertNotStrContains(variable.secret("X", "postgresql://u:hunter2@db/x"), "hunter2")
end

function TestVariable:test_url_password_names_the_host()
  lu.assertEquals(variable.url_password("a postgresql://u:p@db.example.com:5432/x b"), "db.example.com")
  lu.assertNil(variable.url_password("postgresql://u@db/x"))
end

return TestVariable
