--- Loads a seed file in an environment of its own, where `require` also finds the project's seeds folder.
local load_seed = {}

local seed = require("tilth.seed")

local function read_error(message)
  return type(message) == "string" and message or tostring(message)
end

--- `file:line:` at the head of a Lua message.
local function place(message)
  local file, line = message:match("^(.-):(%d+):")
  return { file = file, line = tonumber(line) }
end

local function own_module(files, folder, name)
  local relative = name:gsub("%.", "/")
  for _, path in ipairs({ folder .. "/" .. relative .. ".lua", folder .. "/" .. relative .. "/init.lua" }) do
    local text = files.read(path)
    if text then
      return text, path
    end
  end
end

--- The environment of the seeds of one project: globals they set stay among them.
-- @param files  the file system: read(path)
-- @param folder the seeds folder
-- @param shown  function(path) -> the path as errors show it
-- @return environment table
function load_seed.environment(files, folder, shown)
  local environment, loaded = setmetatable({}, { __index = _G }), {}
  environment.require = function(name)
    if loaded[name] ~= nil then
      return loaded[name]
    end
    if type(name) ~= "string" or name:find("^tilth%f[%W]") then
      return require(name)
    end
    local text, path = own_module(files, folder, name)
    if not text then
      return require(name)
    end
    local chunk, message = load(text, "@" .. shown(path), "t", environment)
    if not chunk then
      error(message, 0)
    end
    local value = chunk(name, path)
    loaded[name] = value == nil and true or value
    return loaded[name]
  end
  return environment
end

local function sql_seed(text, shown)
  return seed.define({
    description = "SQL script",
    run = function(db)
      db:script(text, shown)
    end,
  })
end

--- Loads one seed.
-- @param text        the file's text
-- @param file        { name, path, kind }
-- @param shown       the path as errors show it
-- @param environment of `load_seed.environment`
-- @param options     of a ready-made seed, or nil
-- @return definition | nil, message, "config", detail
function load_seed.definition(text, file, shown, environment, options)
  -- Some editors put a byte order mark in front; neither Lua nor PostgreSQL takes it.
  text = text:gsub("^\u{FEFF}", "")
  if file.kind == "sql" then
    return sql_seed(text, shown)
  end
  local chunk, message = load(text, "@" .. shown, "t", environment)
  if not chunk then
    local detail = place(message)
    detail.advice = "Correct the Lua syntax of the seed."
    return nil, message, "config", detail
  end
  local ok, value = xpcall(chunk, function(raised)
    return raised
  end, file.name, file.path, options)
  if not ok then
    local text_of = read_error(value)
    -- A tail call, as in `return seed.define(...)`, leaves no line behind.
    if not place(text_of).file then
      text_of = shown .. ": " .. text_of
    end
    return nil, "the seed cannot be loaded: " .. text_of, "config", place(text_of)
  end
  if not seed.is(value) then
    return nil, ("%s: the file returns %s and not a seed"):format(shown, value == nil and "nothing" or "a " .. type(value)), "config", {
      file = shown,
      advice = "End it with: return require(\"tilth.seed\").define({ run = function(db, ctx) ... end }). "
        .. "A file with helpers begins with `_` or stands in a subfolder.",
    }
  end
  return value
end

return load_seed
