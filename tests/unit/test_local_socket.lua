--- Tests where the socket of a private server goes.
local lu = require("luaunit")
local socket = require("tilth.local.socket")

local TestLocalSocket = {}

function TestLocalSocket:test_usable_folders()
  local cases = {
    { "/tmp/x", true },
    { "/home/me/a project", true },
    { "/" .. ("x"):rep(92), true },
    { "/" .. ("x"):rep(93), false },
    { "/tmp/a,b", false }, { '/tmp/a"b', false }, { "/tmp/a'b", false }, { "/tmp/a\\b", false }, { "/tmp/a\nb", false },
    { "/tmp/a ", false }, { "@abstract", false },
  }
  for _, case in ipairs(cases) do lu.assertEquals(socket.is_usable(case[1]), case[2], case[1]) end
end

function TestLocalSocket:test_fallback_prefers_the_runtime_folder_of_this_user()
  local env = { XDG_RUNTIME_DIR = "/run/user/1000" }
  local own, dropped = { uid = 1000, drop = false }, { uid = 101, drop = true }
  lu.assertStrMatches(socket.fallback("/long", own, env), "/run/user/1000/tilth%-%x+")
  lu.assertStrMatches(socket.fallback("/long", dropped, env), "/tmp/tilth%-101%-%x+")
  lu.assertStrMatches(socket.fallback("/long", own, {}), "/tmp/tilth%-1000%-%x+")
  lu.assertStrMatches(socket.fallback("/long", own, { XDG_RUNTIME_DIR = "relative" }), "/tmp/tilth%-1000%-%x+")
  lu.assertStrMatches(socket.fallback("/long", own, { XDG_RUNTIME_DIR = "/" .. ("r"):rep(90) }), "/tmp/tilth%-1000%-%x+")
end

function TestLocalSocket:test_fallback_is_the_same_for_the_same_wish_only()
  local user = { uid = 1000, drop = false }
  lu.assertEquals(socket.fallback("/a", user, {}), socket.fallback("/a", user, {}))
  lu.assertNotEquals(socket.fallback("/a", user, {}), socket.fallback("/b", user, {}))
end

return TestLocalSocket
