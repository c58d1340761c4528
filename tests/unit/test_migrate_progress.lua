--- Tests the texts of tilth.migrate.progress.
local lu = require("luaunit")

local progress = require("tilth.migrate.progress")

local TestMigrateProgress = {}

function TestMigrateProgress:test_index_is_described_by_what_is_counted()
  local cases = {
    { { phase = "initializing" }, "initializing" },
    { { phase = "building index: scanning table", blocks_done = 45, blocks_total = 100, tuples_total = 0, tuples_done = 0 },
      "45 % of blocks, building index: scanning table" },
    { { phase = "building index: loading tuples in tree", tuples_done = 2, tuples_total = 3, blocks_done = 1, blocks_total = 1 },
      "66 % of rows, building index: loading tuples in tree" },
    { { phase = "waiting for old snapshots", lockers_done = 1, lockers_total = 3, blocks_total = 0, tuples_total = 0 },
      "waiting for old snapshots, 1 of 3 sessions" },
    { { phase = "x", tuples_done = 9, tuples_total = 3, partitions_done = 1, partitions_total = 4 },
      "100 % of rows, 1 of 4 partitions, x" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(progress.describe_index(case[1]), case[2])
  end
end

function TestMigrateProgress:test_headline_is_the_first_line_and_shows_no_password()
  local cases = {
    ["-- why\nCREATE  INDEX i\nON t (a)"] = "CREATE INDEX i", ["SELECT 1"] = "SELECT 1", [""] = "",
    ["ALTER ROLE app PASSWORD 'hunter2'"] = "ALTER ROLE ...", ["ALTER ROLE app\nWITH PASSWORD 'hunter2'"] = "ALTER ROLE ...",
    [("é"):rep(200)] = ("é"):rep(50) .. "...",
  }
  for text, expected in pairs(cases) do
    lu.assertEquals(progress.headline(text), expected)
  end
end

return TestMigrateProgress
