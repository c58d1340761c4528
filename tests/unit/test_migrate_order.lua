--- tilth.migrate.order: names as ICU's root collation sorts them.
local lu = require("luaunit")

local order = require("tilth.migrate.order")

local TestMigrateOrder = {}

function TestMigrateOrder:test_mixed_names_sort_as_prisma_does()
  local wanted = {
    "_under", ".hidden", "0_init", "1_short", "10_x", "20240101000000_init", "20240101000000_Init", "20240101000000-dash",
    "20240101000000init", "20240102 with space", "20240106_nested", "9_x", "a_b", "ab", "zlower", "Zupper",
  }
  local names = table.move(wanted, 1, #wanted, 1, {})
  table.sort(names)
  local sorted, differs = order.sort(names)
  lu.assertEquals(sorted, wanted)
  lu.assertTrue(differs)
end

function TestMigrateOrder:test_pairs_compare_as_prisma_does()
  local cases = {
    { "20240101000000_add_2", "20240101000000_add2" },
    { "0_init", "000_init" },
    { "20240101_x", "20240101000000_y" },
    { "a b", "a_b" }, { "a_b", "a-b" }, { "a-b", "a.b" }, { "a~", "a$" }, { "a$", "a0" }, { "a9", "aa" },
    { "abc", "ABC" }, { "ABC", "abd" }, { "e", "é" }, { "é", "è" }, { "ea", "éb" }, { "é", "f" }, { "Ä", "B" }, { "z", "Ω" },
  }
  for _, case in ipairs(cases) do
    lu.assertTrue(order.compare(case[1], case[2]) < 0, case[1] .. " before " .. case[2])
    lu.assertTrue(order.compare(case[2], case[1]) > 0, case[2] .. " after " .. case[1])
  end
end

function TestMigrateOrder:test_equal_names_are_equal()
  lu.assertEquals(order.compare("20240101000000_a", "20240101000000_a"), 0)
end

function TestMigrateOrder:test_usual_names_are_the_same_in_byte_order()
  local names = { "20240101000000_b", "20240102000000_a", "20240103000000_c" }
  local sorted, differs = order.sort(names)
  lu.assertEquals(sorted, { "20240101000000_b", "20240102000000_a", "20240103000000_c" })
  lu.assertFalse(differs)
end

function TestMigrateOrder:test_equal_stamps_are_looked_at_closely()
  local _, differs = order.sort({ "20240101000000_add2", "20240101000000_add_2" })
  lu.assertTrue(differs)
end

return TestMigrateOrder
