--- Replaces personal data by made-up data, the same for the same row on every run: see scripts/anonymise.lua.
local anonymise = {}

local array = require("tilth.array")
local errors = require("tilth.seed.errors")
local fake = require("tilth.fake")
local fs = require("tilth.fs")
local suggest = require("tilth.suggest")

--- Rows that are changed by one statement.
local BATCH <const> = 2000

local SHAPE <const> = "It is { Model = { field = \"email\" } }."

local function refuse(message, advice, code)
  errors.raise(message, code or "config", { advice = advice, exit = code == "unsafe" and 3 or 2 })
end

--- Refuses what a table of personal data says of a model, or of its field.
local function refuse_at(where, model, field, message)
  local file, line = where(model, field)
  local place = file and (line and ("%s:%d: "):format(file, line) or file .. ": ") or ""
  errors.raise(place .. message, "config", { file = file, line = line, exit = 2 })
end

local function nowhere()
  return nil
end

--- The line of a text where a key of a table is written; a key may be computed, too.
local function line_of(text, key, from)
  local word = "%f[%w_]" .. key:gsub("%p", "%%%0") .. "%f[^%w_][\"']?%s*%]?%s*="
  local at = text:find(word, from)
  if not at then
    return nil
  end
  local _, breaks = text:sub(1, at):gsub("\n", "")
  return breaks + 1, at
end

local function kinds()
  local list = { "null", "empty" }
  for name, value in pairs(fake) do
    if type(value) == "function" and name ~= "new" then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

--- The function that makes a field's value from a row's key.
local function maker_of(where, model, field, kind)
  local arguments = {}
  if type(kind) == "table" then
    arguments = table.move(kind, 2, #kind, 1, {})
    kind = kind[1]
  end
  if kind == "null" then
    return function() return nil end
  elseif kind == "empty" then
    return function() return "" end
  elseif type(kind) == "string" and kind ~= "new" and fake[kind] then
    return function(key)
      return tostring(fake[kind](key, table.unpack(arguments)))
    end
  end
  refuse_at(where, model, field, ("%s.%s: there is no kind %s.%s"):format(model, field, tostring(kind),
    suggest.hint(tostring(kind), kinds())))
end

local function primary_key(where, model, binding)
  for _, unique in ipairs(binding.table.uniques) do
    if unique.primary then
      return unique.columns
    end
  end
  refuse_at(where, model, nil, ("%s has no primary key, by which its rows could be told apart"):format(binding.label))
end

--- What is to be done with one model: its columns and what makes their values.
local function plan_model(where, models, model, fields)
  local binding, message = models:get(model)
  if not binding then
    refuse_at(where, model, nil, message)
  end
  local made = { label = model, table = binding.table, key = {}, set = {} }
  for index, name in ipairs(primary_key(where, model, binding)) do
    made.key[index] = binding.table.columns[name]
  end
  for _, field in ipairs(array.sorted_keys(fields)) do
    local kind = fields[field]
    local bound = binding:field(field)
    if not bound then
      refuse_at(where, model, field, ("%s has no field %q.%s"):format(model, tostring(field),
        suggest.hint(tostring(field), binding:names())))
    end
    for _, column in ipairs(made.key) do
      if column == bound.column then
        refuse_at(where, model, field, ("%s.%s is part of the primary key and stays as it is"):format(model, field))
      end
    end
    made.set[#made.set + 1] = { column = bound.column, make = maker_of(where, model, field, kind), field = field }
  end
  return made
end

local function key_list(made, pattern)
  local parts = {}
  for index, column in ipairs(made.key) do
    parts[index] = pattern:format(column.sql, index, column.cast)
  end
  return table.concat(parts, ", ")
end

--- `where (k1, k2) > ($1::type, $2::type)`: the rows behind the last one.
local function after_sql(made)
  local values = {}
  for index, column in ipairs(made.key) do
    values[index] = ("$%d::%s"):format(index, column.cast)
  end
  return ("where (%s) > (%s)"):format(key_list(made, "t.%s"), table.concat(values, ", "))
end

local function select_sql(made, first)
  return ("select %s from %s as t %s order by %s limit %d"):format(
    key_list(made, "t.%s::text as k%d"), made.table.sql, first and "" or after_sql(made), key_list(made, "t.%s"), BATCH)
end

local function update_sql(made)
  local set, names, parameters, same = {}, {}, {}, {}
  for index, column in ipairs(made.key) do
    names[index], parameters[index] = "k" .. index, ("$%d::text[]"):format(index)
    same[index] = ("t.%s = d.k%d::%s"):format(column.sql, index, column.cast)
  end
  for index, entry in ipairs(made.set) do
    local at = #made.key + index
    names[at], parameters[at] = "v" .. index, ("$%d::text[]"):format(at)
    -- What is unknown stays unknown.
    set[index] = ("%s = case when t.%s is null then null else d.v%d::%s end"):format(
      entry.column.sql, entry.column.sql, index, entry.column.cast)
  end
  return ("update %s as t set %s from unnest(%s) as d(%s) where %s"):format(made.table.sql, table.concat(set, ", "),
    table.concat(parameters, ", "), table.concat(names, ", "), table.concat(same, " and "))
end

--- The arrays of keys and values of a batch of rows.
local function arrays_of(db, made, rows)
  local lists = {}
  for index = 1, #made.key + #made.set do
    lists[index] = {}
  end
  for number, row in ipairs(rows) do
    local key = { made.table.schema, made.table.name }
    for index = 1, #made.key do
      lists[index][number] = row["k" .. index]
      key[#key + 1] = row["k" .. index]
    end
    for index, entry in ipairs(made.set) do
      local value = entry.make(table.concat(key, "\0") .. "\0" .. entry.column.name)
      lists[#made.key + index][number] = value == nil and db.null or value
    end
  end
  for index, list in ipairs(lists) do
    lists[index] = db:array(list, #rows)
  end
  return lists
end

local function run_model(db, made)
  local update, changed, last = update_sql(made), 0, nil
  while true do
    local rows = last and db:query(select_sql(made, false), table.unpack(last)) or db:query(select_sql(made, true))
    if #rows == 0 then
      return changed
    end
    changed = changed + db:query(update, table.unpack(arrays_of(db, made, rows))).count
    last = {}
    for index = 1, #made.key do
      last[index] = rows[#rows]["k" .. index]
    end
  end
end

--- Reads a file that returns a table of personal data.
-- @tparam string file
-- @treturn table personal model -> field -> kind, for `plan` and `run`
-- @treturn function where(model, field) -> file, line: where the file says so, for the errors of `plan` and `run`
-- @raise an error object with file and line
function anonymise.read(file)
  local text, message = fs.read(file)
  if not text then
    refuse("cannot read which data is personal: " .. message, "Name the file that says it: see scripts/anonymise.lua.")
  end
  local chunk, ok, personal
  chunk, message = load(text:gsub("^\u{FEFF}", ""), "@" .. file, "t")
  if chunk then
    ok, personal = pcall(chunk)
    message = not ok and tostring(personal) or nil
  end
  if message then
    message = message:find(":%d+: ") and message or ("%s: %s"):format(file, message)
    errors.raise(message, "config", { file = file, line = math.tointeger(message:match(":(%d+): ")), exit = 2,
      advice = "Correct the Lua in this file." })
  elseif type(personal) ~= "table" or next(personal) == nil then
    errors.raise(("%s: the table of personal data is %s"):format(file, type(personal) == "table" and "empty" or "missing"), "config",
      { file = file, exit = 2, advice = "End the file with `return { ... }`. " .. SHAPE })
  end
  return personal, function(model, field)
    local line, at = line_of(text, tostring(model), 1)
    return file, field ~= nil and at and line_of(text, tostring(field), at) or line
  end
end

--- Checks a table of personal data against the database, without changing anything.
-- @tparam Session db session
-- @tparam table personal model -> field -> kind
-- @tparam[opt] function where of `read`
-- @treturn table list of what is to be done
-- @raise an error object
function anonymise.plan(db, personal, where)
  if type(personal) ~= "table" or next(personal) == nil then
    refuse("the table of personal data is empty", SHAPE)
  end
  where = where or nowhere
  local models, list = db:models(), {}
  for _, model in ipairs(array.sorted_keys(personal)) do
    local fields = personal[model]
    if type(fields) ~= "table" or next(fields) == nil then
      refuse_at(where, model, nil, ("%s: which of its fields?"):format(tostring(model)))
    end
    list[#list + 1] = plan_model(where, models, model, fields)
  end
  return list
end

--- Replaces personal data, in one transaction. A protected database is refused.
-- @tparam Session db session
-- @tparam table personal model -> field -> kind; a kind is the name of a function of tilth.fake, "null" or "empty", or a list
--   of such a name and its further arguments: `{ "date", "1950-01-01", "2005-12-31" }`
-- @tparam[opt] function where of `read`
-- @treturn table list of { model, rows }
-- @raise an error object
function anonymise.run(db, personal, where)
  local reasons = db:protection()
  if #reasons > 0 then
    refuse(("%s is protected: %s. Nothing was changed."):format(db:info().database, table.concat(reasons, "; ")),
      "Personal data is replaced in copies, such as a staging database.", "unsafe")
  end
  local list, done = anonymise.plan(db, personal, where), {}
  db:transaction(function()
    for index, made in ipairs(list) do
      done[index] = { model = made.label, rows = run_model(db, made) }
    end
  end)
  return done
end

return anonymise
