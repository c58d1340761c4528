--- All settings, in one table, and where each value came from: flags > environment > .env > tilth.config.lua > defaults.
local settings = {}

local duration = require("tilth.duration")

-- `config` is the path in tilth.config.lua. What guards a database can't be loosened by a variable that a build
-- inherits by chance, so those have neither flag nor variable.
local TABLE <const> = {
  { name = "database_url", flag = "--database-url", type = "string", secret = true,
    about = "URL of the database, in the place of the schema's and of DATABASE_URL" },
  { name = "environment", flag = "--env", variable = "TILTH_ENV", type = "string",
    about = "environment: development, preview, staging or production" },
  { name = "wait", flag = "--wait", variable = "TILTH_WAIT", type = "duration", default = 0,
    about = "how long to wait for a server that does not answer yet" },
  { name = "lock_timeout", flag = "--lock-timeout", variable = "TILTH_LOCK_TIMEOUT", config = "migrate.lock_timeout",
    type = "duration", default = 5, about = "how long a statement waits for a lock before it gives way and is tried again" },
  { name = "lock_patience", flag = "--lock-patience", variable = "TILTH_LOCK_PATIENCE", config = "migrate.lock_patience",
    type = "duration", default = 300, about = "how long to wait for another migration run to end" },
  { name = "lock_budget", flag = "--lock-budget", variable = "TILTH_LOCK_BUDGET", config = "migrate.budget",
    type = "duration", default = 600, about = "how long one migration is tried again because of locks, in all" },
  { name = "statement_timeout", flag = "--statement-timeout", variable = "TILTH_STATEMENT_TIMEOUT",
    config = "migrate.statement_timeout", type = "duration", default = 0, about = "longest time of one statement; 0 is no limit" },
  { name = "idle_timeout", variable = "TILTH_IDLE_TIMEOUT", config = "migrate.idle_timeout", type = "duration", default = 600,
    about = "when the server ends a session that sits idle inside a transaction" },
  { name = "reset_stale", config = "reset.stale", type = "word", words = { "refuse", "skip", "reset" }, default = "refuse",
    about = "what to do when RESET_DATABASE was left set" },
  { name = "reset_keep", config = "reset.keep", type = "count", default = 1, about = "how many earlier schemas a reset keeps" },
  { name = "reset_ties", config = "reset.ties", type = "word", words = { "refuse", "keep" }, default = "refuse",
    about = "what to do when other schemas or publications are tied to what a reset puts into the bin" },
  { name = "backup_dir", variable = "TILTH_BACKUP_DIR", config = "backup.dir", type = "string", about = "folder of the backups" },
  { name = "backup_keep", config = "backup.keep", type = "count", about = "how many backups of a database are kept; 0 keeps all" },
  { name = "backup_automatic", config = "backup.automatic", type = "boolean", default = true,
    about = "whether a protected database is backed up before its reset" },
  { name = "protected", config = "protected", type = "boolean", about = "whether the database is protected, whatever its mark" },
  { name = "seed_check", variable = "TILTH_SEED_CHECK", config = "seed.check", type = "boolean",
    about = "whether flow proves seeds idempotent first; by default on protected databases" },
  { name = "seed_timeout", flag = "--seed-timeout", variable = "TILTH_SEED_TIMEOUT", config = "seed.timeout", type = "duration",
    default = 0, about = "longest time of one seed; 0 is no limit" },
  { name = "build_command", config = "build", type = "command", about = "build command where package.json has no build script" },
  { name = "seeds", config = "seeds", type = "string", about = "folder of the seeds" },
  { name = "migrations", config = "migrations", type = "string", about = "folder of the migrations" },
}

-- 24 days: the server counts milliseconds, in 31 bits.
local LONGEST <const> = 2147483

local READERS <const> = {
  string = function(value)
    return type(value) == "string" and value ~= "" and value or nil, "must be text"
  end,
  duration = function(value)
    local seconds = (type(value) == "string" or type(value) == "number") and duration.parse(value)
    return seconds and math.min(seconds, LONGEST) or nil, "must be a duration such as 5s, 500ms or 2min"
  end,
  count = function(value)
    local number = math.tointeger(tonumber(value))
    return number and number >= 0 and number or nil, "must be a whole number, 0 or more"
  end,
  boolean = function(value)
    if value == true or value == "true" then
      return true
    elseif value == false or value == "false" then
      return false
    end
    return nil, "must be true or false"
  end,
  command = function(value)
    return value, "must be a command"
  end,
  word = function(value, entry)
    for _, word in ipairs(entry.words) do
      if word == value then
        return value
      end
    end
    return nil, "must be one of " .. table.concat(entry.words, ", ")
  end,
}

local methods = {}
methods.__index = methods

local function entry_of(name)
  for _, entry in ipairs(TABLE) do
    if entry.name == name then
      return entry
    end
  end
  error(("no setting is called \"%s\""):format(tostring(name)), 3)
end

local function dig(config, path)
  local value = config
  for key in path:gmatch("[^.]+") do
    if type(value) ~= "table" then
      return nil
    end
    value = value[key]
  end
  return value
end

-- An empty variable counts as not set: consoles leave such ones behind.
local function filled(source, name)
  local value = name and source[name]
  if value == "" then
    return nil
  end
  return value
end

-- The command line's parser names a flag after its long form: --lock-timeout is lock_timeout.
local function from_flags(entry, flags)
  local value = flags[(entry.flag:sub(3):gsub("-", "_"))]
  if value == nil then
    value = flags[entry.name]
  end
  return value
end

local function find(entry, from)
  local value
  if entry.flag then
    value = from_flags(entry, from.flags or {})
  end
  if value ~= nil then
    return value, entry.flag
  end
  value = filled(from.env or {}, entry.variable)
  if value ~= nil then
    return value, from.sources and from.sources[entry.variable] and ".env" or entry.variable
  end
  value = filled(from.dotenv or {}, entry.variable)
  if value ~= nil then
    return value, ".env"
  end
  if entry.config and from.config then
    value = dig(from.config, entry.config)
    if value ~= nil then
      return value, "tilth.config.lua"
    end
  end
  return nil, "default"
end

--- Resolves all settings.
-- @tparam table from { flags = name of the long flag (lock_timeout) or of the setting to value, env = name to value,
--   dotenv = name to value, or sources = name to path where env has the .env files' values already,
--   config = the table of tilth.config.lua }
-- @treturn[1] table settings, with `get`
-- @treturn[2] nil
-- @treturn[2] string message that names the setting and its source, never the value
-- @treturn[2] string "config", or "usage" for a flag
-- @treturn[2] table { advice }
function settings.resolve(from)
  local resolved = setmetatable({ values = {}, sources = {} }, methods)
  for _, entry in ipairs(TABLE) do
    local value, source = find(entry, from)
    if value ~= nil then
      local read, problem = READERS[entry.type](value, entry)
      if read == nil then
        local shown = source
        if source == ".env" then
          shown = entry.variable .. " in .env"
        elseif source == "tilth.config.lua" then
          shown = entry.config .. " in tilth.config.lua"
        end
        return nil, ("%s %s"):format(shown, problem), source == entry.flag and "usage" or "config",
          { advice = ("It sets %s."):format(entry.about) }
      end
      value = read
    else
      value = entry.default
    end
    resolved.values[entry.name], resolved.sources[entry.name] = value, source
  end
  return resolved
end

--- The value of a setting; raises for a name that no setting has.
-- @tparam string name
-- @return the value, or nil when nothing set it and it has no default
-- @treturn string where it came from: the flag, the variable, ".env", "tilth.config.lua" or "default"
function methods:get(name)
  entry_of(name)
  return self.values[name], self.sources[name]
end

--- The table of settings, for help texts and checks.
-- @treturn table list of { name, flag, variable, config, type, default, about, secret }
function settings.all()
  local list = {}
  for index, entry in ipairs(TABLE) do
    local copy = {}
    for key, value in pairs(entry) do
      copy[key] = value
    end
    list[index] = copy
  end
  return list
end

return settings
