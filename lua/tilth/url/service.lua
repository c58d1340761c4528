--- What a URL leaves out and libpq would take from elsewhere: a service file, or the environment.
local service = {}

local path = require("tilth.path")

-- The variables of keywords that tilth would else give a value of its own.
local VARIABLES <const> = {
  host = "PGHOST", port = "PGPORT", dbname = "PGDATABASE", user = "PGUSER", sslmode = "PGSSLMODE", sslrootcert = "PGSSLROOTCERT",
}

local SYSTEM_FOLDER <const> = "/etc/postgresql-common"

-- The user's own file comes first, and a service that it lacks is looked for in the system's.
local function places(env)
  local own = env.PGSERVICEFILE or env.HOME and path.join(env.HOME, ".pg_service.conf")
  return { own or false, path.join(env.PGSYSCONFDIR or SYSTEM_FOLDER, "pg_service.conf") }
end

-- The settings of [name] in the text of a service file; nil when it has none.
local function section(text, name, file)
  local found, number
  number = 0
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    line = line:match("^%s*(.-)%s*$")
    local title = line:match("^%[(.*)%]$")
    if title and found then
      return found
    elseif title == name then
      found = {}
    elseif found and line ~= "" and line:sub(1, 1) ~= "#" then
      local key, value = line:match("^([%w_]+)=(.*)$")
      if not key then
        return nil, ("%s:%d: this line of the service \"%s\" is no KEYWORD=VALUE"):format(file, number, name)
      end
      found[key] = found[key] or value
    end
  end
  return found
end

local function look_up(env, files, name)
  local looked = {}
  for _, file in ipairs(places(env)) do
    local text = file and files.read(file)
    if text then
      local found, problem = section(text, name, file)
      if found or problem then
        return found, problem, "Write one KEYWORD=VALUE a line, without blanks around the `=`."
      end
    end
    looked[#looked + 1] = file or nil
  end
  return nil, ("the service \"%s\" is in no service file (looked in %s)"):format(name, table.concat(looked, " and ")),
    "Add it, name the file in PGSERVICEFILE, or leave `service` and PGSERVICE out."
end

--- Gives libpq's keywords for what a URL leaves out.
-- @tparam table env the environment
-- @tparam table files with `read`, as tilth.fs
-- @tparam[opt] string name of a service; PGSERVICE when the URL names none
-- @treturn[1] table libpq keyword to value; the service's before the environment's
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] string what to do
function service.defaults(env, files, name)
  local defaults = {}
  name = name or env.PGSERVICE
  if name and name ~= "" then
    local found, problem, advice = look_up(env, files, name)
    if not found then
      return nil, problem, advice
    end
    defaults = found
  end
  for keyword, variable in pairs(VARIABLES) do
    local value = env[variable]
    if value and value ~= "" then
      defaults[keyword] = defaults[keyword] or value
    end
  end
  return defaults
end

return service
