--- The counts of a seed's verbs and tables.
local lu = require("luaunit")

local tally = require("tilth.seed.tally")

local TestSeedTally = {}

function TestSeedTally:test_counts_of_a_verb_and_of_its_table_grow_together()
  local counts = tally.new(function() end)
  local first, second = counts:verb(), counts:verb()
  counts:add("User", first, 2, 1, 0)
  counts:add("User", second, 1, 0, 4)
  counts:add_lacking("User", second, 3, "deleted")
  counts:add_lacking("User", second, 5, "extra")
  lu.assertEquals(tostring(first), "2 inserted, 1 updated, 0 unchanged")
  lu.assertEquals({ second.inserted, second.deleted, second.extra }, { 1, 3, 5 })
  lu.assertEquals(counts.tables, { { table = "User", inserted = 3, updated = 1, deleted = 3, unchanged = 4 } })
end

function TestSeedTally:test_reading_a_count_writes_first()
  local flushed = 0
  local counts = tally.new(function() flushed = flushed + 1 end)
  local verb = counts:verb()
  lu.assertEquals({ verb.inserted, verb.other, flushed }, { 0, nil, 1 })
end

function TestSeedTally:test_mark_takes_back_what_came_after_it()
  local counts = tally.new(function() end)
  counts:add("User", counts:verb(), 1, 0, 0)
  local take_back = counts:mark()
  counts:add("User", counts:verb(), 7, 0, 0)
  counts:add("Order", counts:verb(), 1, 0, 0)
  take_back()
  lu.assertEquals(counts.tables, {
    { table = "User", inserted = 1, updated = 0, deleted = 0, unchanged = 0 },
    { table = "Order", inserted = 0, updated = 0, deleted = 0, unchanged = 0 },
  })
end

return TestSeedTally
