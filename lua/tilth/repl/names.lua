--- The names that completion offers: tables, columns, Prisma models. Kept, and read anew when one is missed.
local names = {}

local array = require("tilth.array")
local clock = require("tilth.clock")

local Names = {}
Names.__index = Names

--- A name that is missed is looked for again, but not more often than this, in seconds.
local PAUSE <const> = 2

--- Makes the names of a session.
-- @tparam table session see tilth.session
-- @treturn table Names
function names.new(session)
  return setmetatable({ session = session, read_at = -math.huge }, Names)
end

local function column_names(entry)
  local list = {}
  for name in pairs(entry.columns) do
    if type(name) == "string" then
      list[#list + 1] = name
    end
  end
  return list
end

--- Reads the catalog and the schema again, unless that was done a moment ago or can't be done in this transaction.
-- @treturn boolean true when they were read
function Names:refresh()
  local status = self.session:status()
  if clock.monotonic() - self.read_at < PAUSE or (status ~= "idle" and status ~= "transaction") then
    return false
  end
  self.read_at = clock.monotonic()
  self.session:forget()
  local ok, models = pcall(self.session.models, self.session)
  if not ok then
    return false
  end
  self.tables, self.models, self.columns, self.table_of = {}, {}, {}, {}
  for index, entry in ipairs(models.catalog.tables) do
    self.tables[index] = entry.name
    self.columns[entry.name] = column_names(entry)
  end
  for index, name in ipairs(array.sorted_keys(models.models)) do
    local model = models.models[name]
    self.models[index] = name
    self.table_of[name] = model.table
    self.columns[name] = self.columns[name] or self.columns[model.table]
  end
  return true
end

--- The names of a kind.
-- @tparam string kind "table"; "model": tables and models; "column": those of a table or model
-- @tparam[opt] string owner the table or model whose columns are meant
-- @treturn table list
function Names:get(kind, owner)
  if not self.tables and not self:refresh() then
    return {}
  elseif kind == "column" then
    if owner and not self.columns[owner] then
      self:refresh()
    end
    return self.columns[owner] or {}
  elseif kind == "table" then
    return self.tables
  end
  local list = table.move(self.tables, 1, #self.tables, 1, {})
  return table.move(self.models, 1, #self.models, #list + 1, list)
end

--- The table of a Prisma model, or one that has this name but for capitals.
-- @tparam string name of the model, or in lower case
-- @treturn[1] string table
-- @treturn[1] string|nil model
-- @treturn[2] nil
function Names:described(name)
  if not self.tables and not self:refresh() then
    return nil
  elseif self.table_of[name] then
    return self.table_of[name], name
  end
  for _, model in ipairs(self.models) do
    if model:lower() == name then
      return self.table_of[model], model
    end
  end
  for _, known in ipairs(self.tables) do
    if known:lower() == name then
      return known
    end
  end
end

return names
