--- Tests the words for a database out of reach.
local lu = require("luaunit")
local connect_error = require("tilth.connect_error")

local TestConnectError = {}

local TARGET = { host = "db.example", port = 5432, user = "app", database = "shop", source = "DATABASE_URL" }

function TestConnectError:test_states_become_prismas_codes()
  local cases = {
    { "28P01", "password authentication failed", "P1000", "credentials for `app`" },
    { "08001", "Connection refused", "P1001", "Can't reach database server at `db.example:5432`" },
    { "3D000", "database \"shop\" does not exist", "P1003", "Database `shop` does not exist" },
    { "28000", "role \"app\" does not exist", "P1010", "denied access on the database `shop`" },
    { "08001", "server does not support SSL, but SSL was required", "P1011", "TLS" },
    { "08001", "SSL error: certificate verify failed", "P1011", "TLS" },
    { "08006", "server closed the connection unexpectedly", "P1017", "Server has closed the connection." },
    { "08001", "connection to server at \"::1\" failed: server closed the connection unexpectedly", "P1017", "has closed" },
    { "08001", "could not receive data from server: Connection reset by peer", "P1017", "has closed" },
    { "08001", "fe_sendauth: no password supplied", "P1000", "credentials for `app`" },
  }
  for _, case in ipairs(cases) do
    local message, code, detail = connect_error.explain(TARGET, case[2], case[1])
    lu.assertEquals(code, case[3])
    lu.assertStrContains(message, case[4])
    lu.assertStrContains(message, case[2])
    lu.assertEquals(detail.exit, 4)
  end
end

function TestConnectError:test_other_states_stay_and_name_the_place()
  local message, code = connect_error.explain(TARGET, "the database system is starting up", "57P03")
  lu.assertEquals(code, "57P03")
  lu.assertStrContains(message, "db.example:5432")
end

function TestConnectError:test_advice_names_where_the_url_came_from()
  local _, _, detail = connect_error.explain(TARGET, "Connection refused", "08001")
  lu.assertStrContains(detail.advice, "DATABASE_URL")
  lu.assertStrContains(detail.advice, "security group")
end

function TestConnectError:test_what_may_pass_is_to_be_waited_for()
  for _, state in ipairs({ "57P03", "53300" }) do
    local _, code, detail = connect_error.explain(TARGET, "not now", state)
    lu.assertEquals({ code, detail.exit }, { state, 4 })
    lu.assertStrContains(detail.advice, "--wait 30s")
  end
end

function TestConnectError:test_a_socket_is_named_by_its_file()
  local message = connect_error.explain({ host = "/run/pg", port = 5433 }, "No such file or directory", "08001")
  lu.assertStrContains(message, "/run/pg/.s.PGSQL.5433")
end

function TestConnectError:test_a_lost_connection_is_P1017_and_keeps_what_was_known()
  local message, code, detail = connect_error.lost("seed a: gone", "57P01", { lost = true, context = "x" })
  lu.assertEquals({ message, code }, { "Server has closed the connection.\nseed a: gone", "P1017" })
  lu.assertEquals({ detail.sqlstate, detail.exit, detail.context }, { "57P01", 4, "x" })
  lu.assertStrContains(detail.advice, "Try again")
end

function TestConnectError:test_other_failures_stay_as_they_are()
  local detail = { advice = "a" }
  lu.assertEquals({ connect_error.lost("m", "42P01", detail) }, { "m", "42P01", detail })
  lu.assertEquals({ connect_error.lost("m", "P3018", { lost = true }) }, { "m", "P3018", { lost = true } })
  lu.assertEquals({ connect_error.lost("m", nil, nil) }, { "m" })
end

return TestConnectError
