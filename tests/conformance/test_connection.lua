--- Errors of a connection, provoked in real Prisma and in tilth: both name the same code.
-- P1013 and P1017 are not among them: the native engine, which this Prisma runs without, reads the URL and names a
-- connection that is lost; the driver in its place says neither.
local TestConnection = {}

local lu = require("luaunit")
local both = require("conformance.both")
local guarded = require("support.guarded")
local project = require("support.project")

local function assert_alike(url, code)
  local place = { project = project.new({ migrations = { { "20240101000000_a", "CREATE TABLE a (id int);" } } }), url = url }
  for _, args in ipairs({ { "migrate", "deploy" }, { "migrate", "status" } }) do
    local prisma, tilth = both.prisma(place, args), both.tilth(place, args)
    lu.assertEquals({ prisma.code, prisma.status }, { code, 1 }, prisma.text)
    lu.assertEquals({ tilth.code, tilth.status }, { code, 4 }, tilth.text)
  end
end

function TestConnection:test_wrong_password_is_P1000_in_both()
  local server <close> = guarded.start()
  assert_alike(server:url({ password = "wrong", query = "sslmode=disable" }), "P1000")
end

function TestConnection:test_server_without_tls_is_P1011_in_both()
  local server <close> = guarded.start()
  assert_alike(server:url({ query = "sslmode=require" }), "P1011")
end

return TestConnection
