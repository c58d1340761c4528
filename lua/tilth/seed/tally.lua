--- What the verbs of a seed did: the counts of each verb, and of each table.
local tally = {}

local Tally = {}
Tally.__index = Tally

--- Counts of one verb: read any of them and what has gathered is written first.
local Counts = {
  __index = function(self, name)
    local values = rawget(self, "_values")
    if values[name] ~= nil then
      rawget(self, "_flush")()
    end
    return values[name]
  end,
  __tostring = function(self)
    return ("%d inserted, %d updated, %d unchanged"):format(self.inserted, self.updated, self.unchanged)
  end,
}

local function of_table(self, name)
  local counts = self.by_table[name]
  if not counts then
    counts = { table = name, inserted = 0, updated = 0, deleted = 0, unchanged = 0 }
    self.by_table[name], self.tables[#self.tables + 1] = counts, counts
  end
  return counts
end

--- The counts that a verb gives back: inserted, updated, unchanged, deleted, extra.
-- @treturn Counts
function Tally:verb()
  return setmetatable({
    _values = { inserted = 0, updated = 0, unchanged = 0, deleted = 0, extra = 0 },
    _flush = self.flush,
  }, Counts)
end

--- Adds rows that were written or compared.
-- @tparam string name the table's
-- @tparam Counts verb
-- @tparam integer inserted
-- @tparam integer updated
-- @tparam integer unchanged
function Tally:add(name, verb, inserted, updated, unchanged)
  for _, counts in ipairs({ of_table(self, name), rawget(verb, "_values") }) do
    counts.inserted = counts.inserted + inserted
    counts.updated = counts.updated + updated
    counts.unchanged = counts.unchanged + unchanged
  end
end

--- Adds rows of a table that a sync's rows lack.
-- @tparam string name the table's
-- @tparam Counts verb
-- @tparam integer count
-- @tparam string kind "deleted" or "extra"
function Tally:add_lacking(name, verb, count, kind)
  local values = rawget(verb, "_values")
  values[kind] = values[kind] + count
  if kind == "deleted" then
    local counts = of_table(self, name)
    counts.deleted = counts.deleted + count
  end
end

--- Remembers the counts of the tables.
-- @treturn function () that takes them back to what they are now
function Tally:mark()
  local before = {}
  for _, counts in ipairs(self.tables) do
    before[counts] = table.pack(counts.inserted, counts.updated, counts.deleted, counts.unchanged)
  end
  return function()
    for _, counts in ipairs(self.tables) do
      local old = before[counts] or { 0, 0, 0, 0 }
      counts.inserted, counts.updated, counts.deleted, counts.unchanged = old[1], old[2], old[3], old[4]
    end
  end
end

--- Makes an empty tally.
-- @tparam function flush writes what has gathered, before a verb's counts are read
-- @treturn Tally with `tables`, a list of { table, inserted, updated, deleted, unchanged }
function tally.new(flush)
  return setmetatable({ flush = flush, tables = {}, by_table = {} }, Tally)
end

return tally
