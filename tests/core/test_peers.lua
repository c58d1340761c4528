--- Every function of a small core library is passed on by its peer, and documented there.
local fs = require("tilth.fs")
local lu = require("luaunit")

local TestPeers = {}

local PEERS <const> = {
  clock = "clock", env = "env", fs = "fs", hash = "hash", json = "json", net = "net", process = "proc", sql = "sql",
  terminal = "term",
}

--- The text of a peer, read from the tree that these tests belong to.
local function source_of(peer)
  local tests = debug.getinfo(1, "S").source:match("^@(.*)/core/[^/]*$")
  return assert(fs.read(("%s/../lua/tilth/%s.lua"):format(tests, peer)))
end

--- The LDoc lines right above the definition of a name; nil when there are none.
local function comment_above(text, peer, name)
  local before = {}
  for line in text:gmatch("([^\n]*)\n") do
    if line:find(("^%s%%.%s ="):format(peer, name)) or line:find(("^function %s%%.%s%%("):format(peer, name)) then
      return before[1] and table.concat(before, "\n") or nil
    end
    if line:find("^%-%-") then before[#before + 1] = line else before = {} end
  end
end

function TestPeers:test_every_core_function_is_passed_on()
  for peer, core in pairs(PEERS) do
    local module = require("tilth." .. peer)
    for name, value in pairs(require("tilth.core." .. core)) do
      lu.assertTrue(module[name] == value, peer .. "." .. name)
    end
  end
end

function TestPeers:test_every_name_is_documented()
  for peer in pairs(PEERS) do
    local text = source_of(peer)
    for name, value in pairs(require("tilth." .. peer)) do
      local comment = comment_above(text, peer, name)
      lu.assertNotNil(comment, ("%s.%s has no comment"):format(peer, name))
      lu.assertStrContains(comment, "--- ", false, peer .. "." .. name)
      if type(value) == "function" and name ~= "sleep" then
        lu.assertStrContains(comment, "@treturn", false, peer .. "." .. name)
      end
    end
  end
end

return TestPeers
