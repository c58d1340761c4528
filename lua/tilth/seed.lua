--- What a seed file returns: `return seed.define({ description = "...", run = function(db, ctx) ... end })`.
local seed = {}

local array = require("tilth.array")
local suggest = require("tilth.suggest")

local TYPES <const> = {
  description = { "string" }, environments = { "table", "string" }, after = { "table", "string" },
  once = { "boolean" }, run = { "function" },
}

local definition = { __name = "seed" }

local function check_names(spec, key)
  local value = spec[key]
  if type(value) == "string" then
    return { value }
  end
  for index, name in pairs(value or {}) do
    if math.type(index) ~= "integer" or type(name) ~= "string" then
      error(("seed.define: %s is a list of names, such as { \"users\" }"):format(key), 3)
    end
  end
  return value
end

local function check_fields(spec)
  for _, key in ipairs(array.sorted_keys(spec)) do
    local value, types = spec[key], TYPES[key]
    if not types then
      local near = type(key) == "string" and suggest.nearest(key, { "description", "environments", "after", "once", "run" })
      error(("seed.define: unknown field %q%s"):format(tostring(key), near and ("; did you mean %q?"):format(near) or ""), 3)
    end
    if type(value) ~= types[1] and type(value) ~= types[2] then
      error(("seed.define: %s must be a %s, not a %s"):format(key, types[1], type(value)), 3)
    end
  end
end

--- Declares a seed.
-- @tparam SeedSpec spec `run = function(db, ctx)`; optional `description`, `environments` (list of names where it runs),
--   `after` (list of seeds that run before it), `once` (true: never again after it has run, until a reset). `db` is a session (see
--   tilth.seed.session); `ctx` has `name`, `folder`, `file`, `environment`, `project`, `build`, `dry_run`, `path(relative)` (a
--   path beside the seed) and `note(text)` (a line of the report)
-- @treturn table the definition, to be returned by the seed file
-- @raise a message when a field is wrong
function seed.define(spec)
  if type(spec) ~= "table" then
    error("seed.define: expects a table, such as { run = function(db, ctx) ... end }", 2)
  end
  check_fields(spec)
  if not spec.run then
    error("seed.define: `run = function(db, ctx) ... end` is missing", 2)
  end
  local copy = {}
  for key, value in pairs(spec) do
    copy[key] = value
  end
  copy.after = check_names(spec, "after") or {}
  copy.environments = check_names(spec, "environments")
  return setmetatable(copy, definition)
end

--- Tells whether a value was made by `seed.define`.
-- @tparam any value
-- @treturn boolean
function seed.is(value)
  return type(value) == "table" and getmetatable(value) == definition
end

--- Takes a ready-made seed as the project's own, with options of its own: which model, which fields, which rows.
--
--   return require("tilth.seed").ready("countries", { model = "Nation", key = "iso", columns = { iso = "alpha2" } })
-- @tparam string name of the ready-made seed
-- @tparam[opt] table options its options; `description` as well
-- @treturn table the definition, to be returned by the seed file
-- @raise a message when there is no such seed or option
function seed.ready(name, options)
  local load_seed, ready = require("tilth.seed.load"), require("tilth.seed.ready")
  local fs = require("tilth.fs")
  local file, message = ready.find(name)
  local text = file and fs.read(file.path)
  if not text then
    error("seed.ready: " .. tostring(message or "the file cannot be read: " .. file.path), 2)
  end
  local function shown(path) return path end
  local environment = load_seed.environment(fs, file.path:match("^(.*)/"), shown)
  local found, why = load_seed.definition(text, file, file.path, environment, options)
  if not found then
    error(why, 2)
  end
  return found
end

return seed
