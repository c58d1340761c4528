--- Turns a CSV file of this folder into a seed: which model, which columns, which rows are the options.
local reference = {}

local array = require("tilth.array")
local csv = require("tilth.csv")
local options = require("ready.options")

local _, PATH <const> = ...
local FOLDER <const> = (PATH or debug.getinfo(1, "S").source:sub(2)):match("^(.*)/") or "."
local MORE <const> = { "where", "environments", "after" }

--- What a column of the model gets: a field of the file, a field as a list, or what a function makes of the record.
local function value_of(record, source)
  if type(source) == "function" then
    return source(record)
  end
  local list = source:match("^(.-)%[%]$")
  if not list then
    return record[source]
  end
  local items = {}
  for item in (record[list] or ""):gmatch("[^|]+") do
    items[#items + 1] = item
  end
  return items
end

local function check_columns(all, header, file)
  local known = {}
  for _, name in ipairs(header) do
    known[name] = true
  end
  for _, column in ipairs(array.sorted_keys(all.columns)) do
    local source = all.columns[column]
    if type(source) ~= "function" and not known[source:gsub("%[%]$", "")] then
      error(("column %q is to get %q, which %s does not have; it has %s"):format(
        column, source, file, table.concat(header, ", ")), 0)
    end
  end
  for _, column in ipairs(type(all.key) == "table" and all.key or { all.key }) do
    if not all.columns[column] then
      error(("the key %q is not among the columns"):format(column), 0)
    end
  end
end

--- The rows that the options make of a file.
-- @tparam string name of the file in this folder, without its ending
-- @tparam table all `key`, `columns` (column of the model to field of the file, to `field[]` for a list, or to a
-- function of the record), `where` (function of the record: whether it is wanted)
-- @tparam[opt] table null what a missing value becomes
-- @treturn table list of rows; raises when a file or an option is wrong
function reference.rows(name, all, null)
  local file = name .. ".csv"
  local records, header = csv.read(FOLDER .. "/" .. file)
  if not records then
    error(header, 0)
  end
  check_columns(all, header, file)
  local rows = {}
  for _, record in ipairs(records) do
    if not all.where or all.where(record) then
      local row = {}
      for column, source in pairs(all.columns) do
        local value = value_of(record, source)
        if value == nil then
          value = null
        end
        row[column] = value
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- Makes the seed: rows that are missing are inserted, those that differ are updated, no other row is touched.
-- @tparam string name of the file in this folder, without its ending
-- @tparam table defaults `description`, `model`, `models` (other names to try), `key`, `columns`, and perhaps `where`
-- @tparam[opt] table given the team's own options, each in the place of a default; `environments` and `after` as well
-- @return what a seed file returns
function reference.define(name, defaults, given)
  local all = options.merge(defaults, given, MORE)
  return options.define(all, function(db, ctx)
    local fitted = options.fit(name, db, ctx, all)
    db:upsert(fitted.model, reference.rows(name, fitted, db.null), { key = fitted.key })
  end)
end

return reference
