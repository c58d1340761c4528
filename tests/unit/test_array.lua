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

function TestArray:test_sorted_keys_are_the_same_in_every_run()
  lu.assertEquals(array.sorted_keys({ b = 1, a = 2, B = 3, [10] = 4, [9] = 5, [-1.5] = 6, [true] = 7, [false] = 8 }),
    { false, true, -1.5, 9, 10, "B", "a", "b" })
  lu.assertEquals(array.sorted_keys({}), {})
  lu.assertEquals(array.sorted_keys({ "one", "two", b = 1, a = 2 }, function(key) return type(key) == "string" end), { "a", "b" })
end

return TestArray
