--- Lists of values.
local lu = require("luaunit")

local array = require("tilth.array")

local TestArray = {}

function TestArray:test_has_finds_equal_values_only()
  lu.assertIs(array.has({ "a", "b" }, "b"), true)
  lu.assertIs(array.has({ "a", 1 }, "1"), false)
  lu.assertIs(array.has({ name = "a" }, "a"), false)
  lu.assertIs(array.has({}, "a"), false)
end

return TestArray
