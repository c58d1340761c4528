--- Many-to-many relations without a model of their own: `tags = { {...}, {...} }` writes the other model's rows and their pairs
-- in Prisma's join table.
local links = {}

local array = require("tilth.array")
local buffer = require("tilth.seed.buffer")
local operation = require("tilth.seed.operation")

--- The unique fields by which a row is found again.
local function key_of(binding, columns, row)
  local key, text = {}, {}
  for index, column in ipairs(columns) do
    local field = binding:field_of(binding.table.columns[column]).name
    local value = row[field]
    if value == nil then
      value = row[column]
    end
    key[field], text[index] = value, tostring(value)
  end
  return key, table.concat(text, "\0")
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for name, value in pairs(a) do
    if not same(value, b[name]) then
      return false
    end
  end
  for name in pairs(b) do
    if a[name] == nil then
      return false
    end
  end
  return true
end

--- Whether a row only names one that is there: it holds nothing but a key, which is not enough to insert it.
local function is_reference(op, row)
  local count = 0
  for _ in pairs(row) do
    count = count + 1
  end
  return count == #op.key and buffer.shape_of(op, row) == nil
end

--- The rows of a relation that holds a list, each a table.
-- @param session of the seed
-- @param op      the operation on the parents
-- @param name    the relation's field
-- @param value   what the parent's row has there: a list of rows; its field `key` may name their key
-- @param place   of the parent's row, for errors
-- @return the list
function links.children(session, op, name, value, place)
  for _, field in ipairs(array.sorted_keys(value)) do
    local child = value[field]
    if math.type(field) ~= "integer" and (field ~= "key" or #value == 0) then
      session.on_error(op, place, ("%s is a list of rows: write { { %s = ... } }"):format(name, tostring(field)), "usage")
    elseif field ~= "key" and type(child) ~= "table" then
      session.on_error(op, place, ("%s holds a %s, not a row"):format(name, type(child)), "usage")
    end
  end
  return value
end

local Taker = {}
Taker.__index = Taker

local function take_row(self, parent, child, options, place)
  local session = self.session
  local op, message, code, detail = operation.find(session, self.verb, self.relation.model, options, child)
  if not op then
    session.on_error(self.op, place, ("%s: %s"):format(self.name, message), code, detail)
  end
  local key, text = key_of(op.binding, op.key, child)
  text = table.concat(op.key, "\0") .. "\1" .. text
  local known = self.seen[text]
  if not known and not is_reference(op, child) or known and not same(known, child) then
    self.rows[#self.rows + 1] = child
  end
  self.seen[text] = known or child
  local pair = parent.text .. "\2" .. text
  if not self.paired[pair] then
    self.paired[pair] = true
    self.pairs[#self.pairs + 1] = { own = parent.key, other = key, place = place }
  end
end

--- Takes a relation out of rows.
-- @param session  of the seed
-- @param op       the operation on the rows
-- @param name     the relation's field
-- @param relation of the schema, its side "many"
-- @param rows     the rows as they were given, for errors
-- @param copies   the rows that lose the field
-- @param children list that gets { model, rows, options } and { link }
function links.take(session, op, name, relation, rows, copies, children)
  local self = setmetatable({
    session = session, op = op, name = name, relation = relation, verb = op.verb == "sync" and "upsert" or op.verb,
    rows = {}, pairs = {}, seen = {}, paired = {},
  }, Taker)
  local options
  for number, row in ipairs(copies) do
    local value, place = row[name], { row = number, source = rows[number] }
    row[name] = nil
    if type(value) == "table" then
      local key, text = key_of(op.binding, op.key, row)
      options = options or (value.key and { key = value.key })
      for _, child in ipairs(links.children(session, op, name, value, place)) do
        take_row(self, { key = key, text = text }, child, options, place)
      end
    elseif value ~= nil and value ~= session.null then
      session.on_error(op, place, name .. " is a relation: give a list of rows", "usage")
    end
  end
  if #self.rows > 0 then
    children[#children + 1] = { model = relation.model, rows = self.rows, options = options }
  end
  if #self.pairs > 0 then
    children[#children + 1] = { link = self }
  end
end

--- The field that the join table's column points to: the primary key, which Prisma wants to be one field.
local function reference_of(binding)
  local unique = binding.table.uniques[1]
  return unique and #unique.columns == 1 and binding:field_of(binding.table.columns[unique.columns[1]]).name or nil
end

local function join_table(self)
  local models, table_name = self.session:models(), self.relation.join.table
  local schema = self.op.binding.table.schema
  if models:get(schema .. "." .. table_name) then
    return schema .. "." .. table_name
  end
  local found, message = models:get(table_name)
  if not found then
    self.session.on_error(self.op, {}, ("%s: %s"):format(self.name, message), "usage",
      { advice = "Is a migration missing? The join table of a relation is made by a migration." })
  end
  return table_name
end

--- The rows of the join table, once both sides have been written.
-- @param link       what `take` left in `children`
-- @param references of the session
-- @return name of the join table, list of rows
function links.rows(link, references)
  local join, models = link.relation.join, link.session:models()
  local other = assert(models:get(link.relation.model))
  local ends = {
    { name = link.relation.opposite, side = "own", binding = link.op.binding, column = join.own_column },
    { name = link.name, side = "other", binding = other, column = join.other_column },
  }
  local rows, places = {}, {}
  for index, pair in ipairs(link.pairs) do
    rows[index], places[index] = {}, pair.place
  end
  for _, part in ipairs(ends) do
    local field = reference_of(part.binding)
    if not field then
      link.session.on_error(link.op, {}, ("%s: %s has no primary key of one field"):format(link.name, part.binding.label), "usage")
    end
    for index, pair in ipairs(link.pairs) do
      rows[index][part.name] = pair[part.side]
    end
    references:resolve_owner(link.op, part.name, { model = part.binding.label, references = { field }, fields = { part.column } },
      places, rows)
  end
  return join_table(link), rows
end

return links
