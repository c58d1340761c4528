--- Looking at servers from below PostgreSQL's protocol: connecting, and TLS.
local fs = require("tilth.fs")
local lu = require("luaunit")
local net = require("tilth.net")
local cluster = require("support.cluster")
local proxy = require("support.proxy")

local TestNet = {}

local ECONNREFUSED <const>, ENOENT <const>, EINVAL <const>, ENAMETOOLONG <const>, ETIMEDOUT <const> = 111, 2, 22, 36, 110

function TestNet:test_probe_refused_names_address_and_reason()
  local ok, message, code = net.probe("127.0.0.1", 1, 5)
  lu.assertNil(ok)
  lu.assertStrContains(message, "127.0.0.1: Connection refused")
  lu.assertEquals(code, ECONNREFUSED)
end

function TestNet:test_probe_of_a_name_is_refused_because_lookups_block()
  lu.assertEquals({ select(3, net.probe("localhost", 5432, 1)) }, { EINVAL })
end

function TestNet:test_probe_of_a_missing_socket_gives_the_reason()
  lu.assertEquals({ select(3, net.probe("/nowhere/.s.PGSQL.5432", 0, 1)) }, { ENOENT })
  lu.assertEquals({ select(3, net.probe("/" .. ("x"):rep(200), 0, 1)) }, { ENAMETOOLONG })
end

function TestNet:test_wrong_arguments_raise()
  lu.assertErrorMsgContains("not a port", net.probe, "127.0.0.1", 65536)
  lu.assertErrorMsgContains("not a port", net.tls, "127.0.0.1", -1)
  lu.assertErrorMsgContains("bad argument #3", net.tls, "127.0.0.1", 5432, 7)
end

function TestNet:test_probe_of_a_servers_socket_tells_the_time_it_took()
  local ok, seconds = net.probe(cluster.socket_dir() .. "/.s.PGSQL.5432", 0, 60)
  lu.assertTrue(ok)
  lu.assertTrue(seconds >= 0 and seconds < 60)
end

function TestNet:test_tls_of_a_server_without_it_is_a_no()
  local through <close> = proxy.start()
  local answer = assert(net.tls("127.0.0.1", math.tointeger(through.port), { timeout = 60 }))
  lu.assertEquals(answer, { answer = "N" })
end

function TestNet:test_tls_gives_up_at_the_deadline()
  local through <close> = proxy.start({ s2c_cut = 0, action = "hang" })
  local answer, message, code = net.tls("127.0.0.1", math.tointeger(through.port), { timeout = 0.2 })
  lu.assertNil(answer)
  lu.assertStrContains(message, "no answer to a request for TLS")
  lu.assertEquals(code, ETIMEDOUT)
end

function TestNet:test_tls_of_a_server_that_hangs_up_says_so()
  local through <close> = proxy.start({ s2c_cut = 0, action = "close" })
  local answer, message, code = net.tls("127.0.0.1", math.tointeger(through.port), { timeout = 60 })
  lu.assertNil(answer)
  lu.assertStrContains(message, "closed at once")
  lu.assertEquals(code, "closed")
end

function TestNet:test_a_link_leaves_no_descriptor_behind()
  local before = #fs.list("/proc/self/fd")
  for _ = 1, 20 do
    net.probe("127.0.0.1", 1, 1)
    net.tls("127.0.0.1", 1, { timeout = 1 })
  end
  lu.assertEquals(#fs.list("/proc/self/fd"), before)
end

return TestNet
