--- Turns a CSV file of this folder into a seed: which model, which columns, which rows are the options.
local reference = {}

local csv = require("tilth.csv")
local seed = require("tilth.seed")

local _, PATH <const> = ...
local FOLDER <const> = (PATH or debug.getinfo(1, "S").source:sub(2)):match("^(.*)/") or "."

local function merged(defaults, options)
  local all = {}
  for name, value in pairs(defaults) do
    all[name] = value
  end
  for name, value in pairs(options or {}) do
    if defaults[name] == nil and name ~= "where" and name ~= "environments" then
      error(("unknown option %q; known are model, key, columns, where, environments"):format(tostring(name)), 0)
    end
    all[name] = value
  end
  return all
end

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

local function check_columns(options, header, file)
  local known = {}
  for _, name in ipairs(header) do
    known[name] = true
  end
  for column, source in pairs(options.columns) do
    if type(source) ~= "function" and not known[source:gsub("%[%]$", "")] then
      error(("column %q is to get %q, which %s does not have; it has %s"):format(
        column, source, file, table.concat(header, ", ")), 0)
    end
  end
  for _, column in ipairs(type(options.key) == "table" and options.key or { options.key }) do
    if not options.columns[column] then
      error(("the key %q is not among the columns"):format(column), 0)
    end
  end
end

--- The rows that the options make of a file.
-- @tparam string name of the file in this folder, without its ending
-- @tparam table options `key`, `columns` (column of the model to field of the file, to `field[]` for a list, or to a
-- function of the record), `where` (function of the record: whether it is wanted)
-- @tparam[opt] table null what a missing value becomes
-- @treturn table list of rows; raises when a file or an option is wrong
function reference.rows(name, options, null)
  local file = name .. ".csv"
  local records, header = csv.read(FOLDER .. "/" .. file)
  if not records then
    error(header, 0)
  end
  check_columns(options, header, file)
  local rows = {}
  for _, record in ipairs(records) do
    if not options.where or options.where(record) then
      local row = {}
      for column, source in pairs(options.columns) do
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
-- @tparam table defaults `description`, `model`, `key`, `columns`, and perhaps `where`
-- @tparam[opt] table given the team's own options, each in the place of a default; `environments` as well
-- @return what a seed file returns
function reference.define(name, defaults, given)
  local options = merged(defaults, given)
  return seed.define({
    description = options.description,
    environments = options.environments,
    run = function(db)
      db:upsert(options.model, reference.rows(name, options, db.null), { key = options.key })
    end,
  })
end

return reference
