-- Made-up data: the same key gives the same value, everywhere and always.
local lu = require("luaunit")
local fake = require("tilth.fake")

local TestFake = {}

-- A change of these breaks every project whose demo data was made before.
local FIXED <const> = {
  "Farid Novak", "nadia.fischer.19c3b0@example.com", 752482, "2024-12-12", "ff087be3-c8ea-43ea-a1c8-a86624adf94c", "8.42",
}

function TestFake:test_values_of_a_key_are_fixed_for_ever()
  lu.assertEquals({
    fake.name("user-1"), fake.email("user-1"), fake.integer("user-1", 1, 1000000), fake.date("user-1", "2024-01-01", "2024-12-31"),
    fake.uuid("user-1"), fake.decimal(7, 1, 100),
  }, FIXED)
end

function TestFake:test_functions_of_a_key_are_repeatable_and_keys_differ()
  for name in pairs(fake) do
    local arguments = ({ integer = { 1, 9 }, number = { 1, 9 }, decimal = { 1, 9 }, choice = { { 1, 2 } }, shuffle = { { 1, 2, 3 } },
      weighted = { { { "a", 1 } } }, date = { "2024-01-01", "2024-02-01" }, timestamp = { "2024-01-01", "2024-02-01" } })[name] or {}
    if name ~= "new" then
      lu.assertEquals(fake[name]("key", table.unpack(arguments)), fake[name]("key", table.unpack(arguments)), name)
    end
  end
  lu.assertNotEquals(fake.uuid("a"), fake.uuid("b"))
  lu.assertNotEquals(fake.uuid("1"), fake.uuid(1))
end

function TestFake:test_integer_stays_in_its_range_and_reaches_the_ends()
  local stream, seen = fake.new("range"), {}
  for _ = 1, 2000 do
    seen[stream:integer(-2, 3)] = true
  end
  lu.assertEquals(seen, { [-2] = true, [-1] = true, [0] = true, true, true, true })
  lu.assertEquals(stream:integer(5, 5), 5)
  lu.assertEquals(math.type(stream:integer(math.mininteger, math.maxinteger)), "integer")
end

function TestFake:test_choices_follow_their_weights()
  local stream, counts = fake.new("weights"), { a = 0, b = 0 }
  for _ = 1, 10000 do
    local choice = stream:weighted({ { "a", 9 }, { "b", 1 } })
    counts[choice] = counts[choice] + 1
  end
  lu.assertTrue(counts.a > 8700 and counts.a < 9300, counts.a)
end

function TestFake:test_dates_are_real_and_between_the_ends()
  local stream = fake.new("dates")
  for _ = 1, 3000 do
    local date = stream:date("2023-12-30", "2024-03-02")
    lu.assertTrue(date >= "2023-12-30" and date <= "2024-03-02", date)
    local year, month, day = date:match("(%d+)-(%d+)-(%d+)")
    lu.assertEquals(os.date("%Y-%m-%d", os.time({ year = year, month = month, day = day, hour = 12 })), date)
  end
  lu.assertEquals(stream:date("2024-02-29", "2024-02-29"), "2024-02-29")
  lu.assertStrMatches(stream:timestamp("2024-02-29", "2024-02-29"), "2024%-02%-29T%d%d:%d%d:%d%dZ")
end

function TestFake:test_forms()
  lu.assertStrMatches(fake.email(1), "%l+%.%l+%.%x+@example%.com")
  lu.assertStrMatches(fake.uuid(1), "%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+")
  lu.assertEquals(#fake.uuid(2), 36)
  lu.assertStrMatches(fake.sentence(1), "%u[%l ]+%.")
  lu.assertStrMatches(fake.decimal(1, 1, 2), "1%.%d%d")
  local shuffled = fake.shuffle(1, { 1, 2, 3, 4 })
  table.sort(shuffled)
  lu.assertEquals(shuffled, { 1, 2, 3, 4 })
end

function TestFake:test_emails_of_many_keys_are_unique()
  local seen = {}
  for key = 1, 20000 do
    local email = fake.email(key)
    lu.assertNil(seen[email], email)
    seen[email] = true
  end
end

function TestFake:test_wrong_use_raises()
  lu.assertErrorMsgContains("string or an integer", fake.name, {})
  lu.assertErrorMsgContains("first <= last", fake.integer, 1, 5, 2)
  lu.assertErrorMsgContains("not empty", fake.choice, 1, {})
  lu.assertErrorMsgContains("2024-12-31", fake.date, 1, "1.1.2024", "2024-01-01")
end

return TestFake
