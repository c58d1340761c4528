--- Tests that the catalogue's examples are what the program really says: each is provoked, and compared word by word.
local lu = require("luaunit")
local error_codes = require("tilth.error_codes")
local database = require("support.database")
local program = require("support.program")
local shop = require("support.shop")

local TestErrorCodes = {}

function TestErrorCodes:setUp()
  self.shop = shop.new()
end

function TestErrorCodes:tearDown()
  self.shop:close()
end

--- Asserts that a run ended with a code's message and exit status.
local function check(code, result)
  local entry = error_codes.find(code)
  lu.assertStrContains(result.stderr, "tilth: " .. entry.example)
  lu.assertEquals(tostring(result.status), error_codes.status(entry), code .. "\n" .. result.text)
end

local LAST <const> = "20990101000000_bad"

local function write_bad(self, sql)
  self.shop.folder:write("prisma/migrations/" .. LAST .. "/migration.sql", sql)
end

function TestErrorCodes:test_connections()
  local host = self.shop.database.params.host
  local cases = {
    { "P1001", "postgresql://shop:x@127.0.0.1:5999/shop" },
    { "P1003", ("postgresql://postgres@localhost/nope?host=%s"):format(host) },
    { "P1012", "mysql://shop:x@127.0.0.1/shop" },
    { "P1013", "postgresql://shop:x@127.0.0.1:port/shop" },
  }
  for _, case in ipairs(cases) do
    check(case[1], self.shop:run({ "migrate", "deploy" }, { DATABASE_URL = case[2] }))
  end
  check("none", self.shop:run({ "migrate", "deploy" }, { DATABASE_URL = false }))
end

function TestErrorCodes:test_a_database_that_has_tables()
  self.shop.database:query("create table legacy (id int)")
  check("P3005", self.shop:run({ "migrate", "deploy" }))
end

function TestErrorCodes:test_history()
  lu.assertEquals(self.shop:run({ "migrate", "deploy" }).status, 0)
  check("P3008", self.shop:run({ "migrate", "resolve", "--applied", "20240105093012_init" }))
  check("P3011", self.shop:run({ "migrate", "resolve", "--rolled-back", "20990202000000_other" }))
  check("P3012", self.shop:run({ "migrate", "resolve", "--rolled-back", "20240105093012_init" }))
  check("P3017", self.shop:run({ "migrate", "resolve", "--applied", "20990101000000_nope" }))
end

function TestErrorCodes:test_migrations()
  write_bad(self, "create table a (i int); select * from nosuch;")
  check("P3018", self.shop:run({ "migrate", "deploy" }))
  write_bad(self, "begin; create table a (i int); commit; select * from nosuch;")
  lu.assertEquals(self.shop:run({ "migrate", "deploy" }).status, 1)
  -- What was done already is edited: nobody but a person knows what to make of that.
  write_bad(self, "begin; create table b (i int); commit; select 1;")
  check("P3009", self.shop:run({ "migrate", "deploy" }))
end

function TestErrorCodes:test_the_migrations_folder()
  self.shop.folder:write("prisma/migrations/" .. LAST .. "/notes.txt", "")
  check("P3015", self.shop:run({ "migrate", "deploy" }))
  self.shop.folder:write("prisma/migrations/migration_lock.toml", "provider = \"mysql\"\n")
  check("P3019", self.shop:run({ "migrate", "deploy" }))
end

function TestErrorCodes:test_another_deployment()
  local held <close> = database.new()
  local conn = held:connect()
  assert(conn:query("select pg_advisory_lock(72707369)"))
  local result = self.shop:run({ "migrate", "deploy", "--lock-patience", "1s" }, { DATABASE_URL = held.url })
  check("P1002", result)
  conn:close()
end

function TestErrorCodes:test_words()
  check("usage", self.shop:run({ "help", "nope" }))
  check("unsafe", self.shop:run({ "reset" }))
  self.shop.folder:write("tilth.config.lua", "return { protectd = true }")
  local result = self.shop:run({ "history" })
  lu.assertStrContains(result.stderr, error_codes.find("config").example)
  lu.assertEquals(result.status, 2)
end

function TestErrorCodes:test_the_json_document_has_the_code()
  local options = self.shop:options({ "migrate", "deploy" }, { DATABASE_URL = "mysql://shop:x@127.0.0.1/shop" })
  lu.assertEquals(program.json(options).error.code, "P1012")
end

return TestErrorCodes
