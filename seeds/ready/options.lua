--- The options of a ready-made seed: which model, which columns get what. What a team does not say fits itself to the model.
local options = {}

local array = require("tilth.array")
local seed = require("tilth.seed")

local function known_names(defaults, more)
  local names = table.move(more or {}, 1, #(more or {}), 1, {})
  for name in pairs(defaults) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- Puts options in the place of defaults.
-- @tparam table defaults
-- @tparam[opt] table given
-- @tparam[opt] table more names of options that have no default
-- @treturn table, its field `given` is what was given; raises when an option is unknown
function options.merge(defaults, given, more)
  local all = { given = given or {} }
  for name, value in pairs(defaults) do
    all[name] = value
  end
  local names = known_names(defaults, more)
  for _, name in ipairs(array.sorted_keys(given or {})) do
    local known = false
    for _, candidate in ipairs(names) do
      known = known or candidate == name
    end
    if not known then
      error(("unknown option %q; known are %s"):format(tostring(name), table.concat(names, ", ")), 0)
    end
    all[name] = given[name]
  end
  return all
end

local function example(name, all)
  return ("Say which model and fields get what, in seeds/%s.lua: return require(\"tilth.seed\").ready(%q, "
    .. "{ model = %q, key = %q, columns = { %s = %q } })"):format(name, name, all.model, all.key, all.key, tostring(all.columns[all.key]))
end

--- The model among those of the schema: the given one, else the first that there is.
local function find_model(models, all)
  local first, message
  for _, name in ipairs(all.given.model and { all.given.model } or { all.model, table.unpack(all.models or {}) }) do
    local found, why = models:get(name)
    if found then
      return found, name
    end
    first, message = first or name, message or why
  end
  return nil, first, message
end

--- Fits the defaults to the model: columns that it lacks are left out, and said.
-- @tparam string name of the ready-made seed
-- @tparam table db   the seed's session
-- @tparam table ctx  the seed's context
-- @tparam table all  of `merge`: model, models (other names to try), key, columns, given
-- @treturn table a copy with model and columns that fit; raises when nothing fits
function options.fit(name, db, ctx, all)
  local models, why = db:models()
  if not models then
    error(why, 0)
  end
  local binding, model, message = find_model(models, all)
  if not binding then
    error(message .. " " .. example(name, all), 0)
  end
  local fitted = setmetatable({ model = model }, { __index = all })
  if all.given.columns then
    return fitted
  end
  fitted.columns = {}
  local missing = {}
  for column, source in pairs(all.columns) do
    if binding:field(column) then
      fitted.columns[column] = source
    else
      missing[#missing + 1] = column
    end
  end
  for _, key in ipairs(type(all.key) == "table" and all.key or { all.key }) do
    if all.columns[key] == nil then
      error(("the key %q is not among the columns"):format(key), 0)
    elseif not fitted.columns[key] then
      error(("%s has no field %q, by which a row is found again; it has %s. %s"):format(model, key,
        table.concat(binding:names(), ", "), example(name, all)), 0)
    end
  end
  if #missing > 0 then
    table.sort(missing)
    ctx.note(("%s has no %s: left out"):format(model, table.concat(missing, ", ")))
  end
  return fitted
end

--- Declares the seed.
-- @tparam table all  of `merge`: description, environments, after
-- @tparam function run function(db, ctx)
-- @return what a seed file returns
function options.define(all, run)
  return seed.define({ description = all.description, environments = all.environments, after = all.after, run = run })
end

return options
