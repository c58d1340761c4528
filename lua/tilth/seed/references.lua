--- Relations in rows: `author = { email = "..." }` becomes a foreign key, `posts = { {...} }` rows of their own.
local references = {}

local links = require("tilth.seed.links")
local merge = require("tilth.seed.merge")
local shape = require("tilth.seed.shape")
local values = require("tilth.seed.values")

local OWN_TABLE <const> = "The rows of one call are written together: write those that others refer to in a call before it, "
  .. "or nest the others under them."

local References = {}
References.__index = References

--- Makes the resolver of a session.
-- @tparam table session
function references.new(session)
  return setmetatable({ session = session, known = {} }, References)
end

--- Forgets what was looked up: other statements may have changed it.
function References:forget()
  self.known = {}
end

local function target_binding(self, op, relation, place)
  local models = self.session:models()
  local binding, message, detail = models:get(relation.model)
  if not binding then
    self.session.on_error(op, place, message, "usage", detail)
  end
  return binding
end

--- The columns that a reference names, and its values for them as text.
local function parts_of(self, op, binding, name, value, place)
  local columns, texts, names = {}, {}, {}
  for field_name in pairs(value) do
    names[#names + 1] = field_name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  if #names == 0 then
    self.session.on_error(op, place, ("%s names no field of %s; db.null says that there is none"):format(name, binding.label), "usage")
  end
  for index, field_name in ipairs(names) do
    local field = type(field_name) == "string" and binding:field(field_name)
    if not field then
      self.session.on_error(op, place, ("%s: %s has no field %q"):format(name, binding.label, tostring(field_name)), "usage")
    end
    local converted, message = values.converter(field.column, field.enum_map)(value[field_name])
    if converted == nil then
      self.session.on_error(op, place, ("%s.%s: %s"):format(name, field_name, message), "22023")
    end
    columns[index], texts[index] = field.column, converted
  end
  return columns, texts
end

local function text_key(texts)
  local parts = {}
  for index, text in ipairs(texts) do
    parts[index] = tostring(text)
  end
  return table.concat(parts, "\0")
end

local function wanted_columns(binding, relation)
  local list = {}
  for index, name in ipairs(relation.references) do
    list[index] = binding:field(name).column
  end
  return list
end

--- Asks for all references of one kind at once, and keeps the answers.
local function look_up(self, op, binding, columns, relation, asked, known)
  local session = self.session
  local arrays = {}
  for index = 1, #columns do
    local array = {}
    for at, entry in ipairs(asked) do
      array[at] = entry.texts[index]
    end
    arrays[index] = session.db:array(array, #asked)
  end
  local picked, joined = {}, {}
  for index, column in ipairs(wanted_columns(binding, relation)) do
    picked[index] = ("t.%s as v%d"):format(column.sql, index)
  end
  for index, column in ipairs(columns) do
    joined[index] = ("t.%s = s.%s"):format(column.sql, column.sql)
  end
  local result, message, code, detail = session.db:query(("select s._tilth_row as n, %s from %s s join %s t on %s"):format(
    table.concat(picked, ", "), merge.arrays(columns), binding.table.own, table.concat(joined, " and ")), table.unpack(arrays))
  if not result then
    session.on_error(op, {}, message, code, detail)
  end
  for _, row in ipairs(result) do
    local entry = asked[row.n]
    if known[entry.key] then
      session.on_error(op, entry.place,
        ("%s: more than one row of %s is meant"):format(entry.name, binding.label), "21000",
        { advice = "Name it by a unique field." })
    end
    local found = {}
    for index = 1, #relation.references do
      found[index] = row["v" .. index]
    end
    known[entry.key] = found
  end
end

--- Resolves one relation of all rows to its foreign key columns.
-- @param op       the operation, for errors
-- @param name     the relation's field
-- @param relation { model, references (fields of the model), fields (what gets their values) }
-- @param places   where each row is, for errors
-- @param copies   the rows, which are changed
function References:resolve_owner(op, name, relation, places, copies)
  local session = self.session
  local binding = target_binding(self, op, relation, {})
  local groups = {}
  for number, row in ipairs(copies) do
    local value = row[name]
    if value == session.null then
      for _, field in ipairs(relation.fields) do
        row[field] = session.null
      end
    elseif type(value) == "table" then
      local columns, texts = parts_of(self, op, binding, name, value, places[number])
      local id = binding.table.sql .. "\1" .. shape.signature(value) .. "\1" .. table.concat(relation.references, "\0")
      local group = groups[id]
      if not group then
        self.known[id] = self.known[id] or {}
        group = { columns = columns, entries = {}, asked = {}, known = self.known[id], seen = {} }
        groups[id], groups[#groups + 1] = group, group
      end
      local entry = { key = text_key(texts), texts = texts, place = places[number], copy = row, name = name }
      group.entries[#group.entries + 1] = entry
      if not group.known[entry.key] and not group.seen[entry.key] then
        group.seen[entry.key] = true
        group.asked[#group.asked + 1] = entry
      end
    elseif value ~= nil then
      session.on_error(op, places[number], ("%s is a relation: give it as { field = value } of %s"):format(name, binding.label), "usage")
    end
    row[name] = nil
  end
  for _, group in ipairs(groups) do
    if #group.asked > 0 then
      session.buffer:flush()
      look_up(self, op, binding, group.columns, relation, group.asked, group.known)
    end
    for _, entry in ipairs(group.entries) do
      local found = group.known[entry.key]
      if not found then
        session.on_error(op, entry.place,
          ("%s: there is no %s with %s"):format(name, binding.label, entry.key:gsub("%z", ", ")), "23503",
          { advice = binding.table == op.binding.table and OWN_TABLE
            or ("Seed %s first (name that seed in `after`), or correct the value."):format(binding.label) })
      end
      for index, field in ipairs(relation.fields) do
        local given = entry.copy[field]
        if given ~= nil and tostring(given) ~= tostring(found[index]) then
          session.on_error(op, entry.place, ("%s and %s name different rows of %s"):format(name, field, binding.label), "usage",
            { advice = "Give one of the two." })
        end
        entry.copy[field] = found[index]
      end
    end
  end
end

--- The rows under a parent, each with its reference to it.
local function take_children(self, op, name, relation, rows, copies, children)
  local list, options = {}, nil
  for number, row in ipairs(copies) do
    local value, place = row[name], { row = number, source = rows[number] }
    row[name] = nil
    if type(value) == "table" then
      local parent = {}
      for _, column in ipairs(op.key) do
        local field = op.binding:field_of(op.binding.table.columns[column]).name
        parent[field] = row[field] == nil and row[column] or row[field]
      end
      options = options or (value.key and { key = value.key })
      local listed = relation.list and links.children(self.session, op, name, value, place) or { value }
      for _, child in ipairs(listed) do
        local copy = { [relation.opposite] = parent }
        for field, content in pairs(child) do
          copy[field] = content
        end
        list[#list + 1] = copy
      end
    elseif value ~= nil and value ~= self.session.null then
      self.session.on_error(op, place, name .. " is a relation: give a list of rows", "usage")
    end
  end
  if #list > 0 then
    children[#children + 1] = { model = relation.model, rows = list, options = options }
  end
end

local function used_relations(binding, rows)
  local used, any = {}, false
  for name, relation in pairs(binding.relations) do
    for _, row in ipairs(rows) do
      if type(row) == "table" and row[name] ~= nil then
        used[#used + 1] = { name = name, relation = relation }
        any = true
        break
      end
    end
  end
  table.sort(used, function(a, b) return a.name < b.name end)
  return any and used
end

--- Takes the relations out of rows.
-- @param op   the operation
-- @param call  { base = rows of the call that were written before these | nil }
-- @param rows list of rows, left as they are
-- @return list of rows with foreign keys, list of { model, rows, options } and { link } to be written after them, in this order
function References:resolve(op, call, rows)
  local used = next(op.binding.relations) and used_relations(op.binding, rows)
  if not used then
    return rows, {}
  end
  local copies, children, places = {}, {}, {}
  for index, row in ipairs(rows) do
    copies[index], places[index] = {}, { row = (call.base or 0) + index, source = row }
    if type(row) ~= "table" then
      self.session.on_error(op, { row = places[index].row }, ("row %d is a %s, not a table"):format(places[index].row, type(row)), "usage")
    end
    for name, value in pairs(row) do
      copies[index][name] = value
    end
  end
  -- The own foreign keys first: they may be part of the key by which children find their parent.
  for _, entry in ipairs(used) do
    if entry.relation.side == "holder" then
      self:resolve_owner(op, entry.name, entry.relation, places, copies)
    end
  end
  for _, entry in ipairs(used) do
    if entry.relation.side == "many" then
      links.take(self.session, op, entry.name, entry.relation, rows, copies, children)
    elseif entry.relation.side ~= "holder" then
      take_children(self, op, entry.name, entry.relation, rows, copies, children)
    end
  end
  return copies, children
end

return references
