--- The nearest known name.
local lu = require("luaunit")

local suggest = require("tilth.suggest")

local TestSuggest = {}

local NAMES <const> = { "protected", "migrations", "migrate", "seeds", "connection_limit", "id" }

function TestSuggest:test_nearest_finds_slips()
  local cases = {
    { "protectd", "protected" }, { "protceted", "protected" }, { "Migrate", "migrate" }, { "connectionLimit", "connection_limit" },
    { "seed", "seeds" }, { "idd", "id" }, { "xyz", nil }, { "production", nil }, { "", nil },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(suggest.nearest(case[1], NAMES), case[2], case[1])
  end
end

function TestSuggest:test_nearest_is_the_same_whatever_the_order()
  lu.assertEquals(suggest.nearest("bat", { "cat", "bar" }), "bar")
  lu.assertEquals(suggest.nearest("bat", { "bar", "cat" }), "bar")
end

function TestSuggest:test_hint_lists_few_names_when_none_is_near()
  lu.assertEquals(suggest.hint("xyz", { "one", "two" }), " Known: one, two.")
  lu.assertEquals(suggest.hint("on", { "one" }), " Did you mean \"one\"?")
  lu.assertEquals(suggest.hint("xyz", {}), "")
end

return TestSuggest
