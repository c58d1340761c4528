--- Installs real Prisma and says how it is run, for the conformance tests and the benchmarks.
--
-- It is installed once for each package-lock.json, into a cache outside the tree: $TILTH_TEST_CACHE, else the user's.
local prisma_cli = {}

local clock = require("tilth.core.clock")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local hash = require("tilth.core.hash")
local proc = require("tilth.core.proc")

local FILES <const> = { "package.json", "package-lock.json", "prisma.config.mjs" }
local INSTALL <const> = { "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error" }
local TIMEOUT <const> = 600
-- Seconds before each further try: a passing fault of the network is none of what is tested.
local PAUSES <const> = { 5, 20, 60 }
local CLI <const> = "node_modules/prisma/build/index.js"

local function folder()
  return (debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")) .. "/oracle"
end

local function find_program(name)
  for path in (env.get("PATH") or ""):gmatch("[^:]+") do
    local found = fs.stat(path .. "/" .. name, "follow")
    if found and found.type == "file" then
      return path .. "/" .. name
    end
  end
end

local function cache_folder()
  local home = env.get("HOME")
  return env.get("TILTH_TEST_CACHE") or env.get("XDG_CACHE_HOME") and env.get("XDG_CACHE_HOME") .. "/tilth-test"
    or home and home .. "/.cache/tilth-test"
    or ("%s/tilth-test-cache-%d"):format(env.get("TMPDIR") or "/tmp", proc.self().euid)
end

--- Waits for another run that installs the same.
local function take_lock(path)
  local deadline = clock.monotonic() + TIMEOUT * (#PAUSES + 1)
  local lock, message
  repeat
    lock, message = fs.lock(path)
    if not lock then clock.sleep(0.2) end
  until lock or clock.monotonic() > deadline
  return lock, message
end

--- Installs the packages into a folder; tries again after a while when that fails.
local function fetch(place)
  local function try()
    local done, message = proc.run(INSTALL, { cwd = place, stdout = "capture", stderr = "capture", timeout = TIMEOUT })
    if done and done.kind == "exit" and done.code == 0 then return true end
    return nil, "npm ci failed: " .. (message or done.stderr:sub(-400))
  end
  local done, message = try()
  for _, pause in ipairs(PAUSES) do
    if done then break end
    clock.sleep(pause)
    done, message = try()
  end
  return done, message
end

--- Fills a new folder; only a complete one gets its final name.
local function install(home)
  local fresh = home .. ".new"
  fs.remove_tree(fresh)
  assert(fs.mkdir(fresh))
  for _, name in ipairs(FILES) do
    assert(fs.write(fresh .. "/" .. name, assert(fs.read(folder() .. "/" .. name))))
  end
  -- The CLI looks for native engines and would fetch missing ones; any program in their place will do.
  assert(fs.write(fresh .. "/no-engine", "#!/bin/sh\nexit 0\n", 493)) -- 493: rwxr-xr-x
  local done, message = fetch(fresh)
  if not done then
    fs.remove_tree(fresh)
    return nil, message
  end
  return fs.rename(fresh, home)
end

--- Where Prisma is installed; installs it when it is not there.
-- @treturn string a folder with node_modules and prisma.config.mjs
-- @treturn[2] nil
-- @treturn[2] string why it cannot be had
function prisma_cli.home()
  for _, name in ipairs({ "node", "npm" }) do
    if not find_program(name) then
      return nil, name .. " is not installed"
    end
  end
  local identity = {}
  for index, name in ipairs(FILES) do
    identity[index] = assert(fs.read(folder() .. "/" .. name))
  end
  local cache = cache_folder()
  local home = ("%s/prisma-%s"):format(cache, hash.sha256(table.concat(identity, "\0")):sub(1, 12))
  if fs.stat(home) then
    return home
  end
  assert(fs.mkdir(cache))
  local lock <close>, message = take_lock(home .. ".lock")
  if not lock then
    return nil, "another run has been installing it for too long: " .. message
  end
  if not fs.stat(home) then
    local installed, reason = install(home)
    if not installed then
      return nil, reason
    end
  end
  return home
end

--- The command that runs Prisma's CLI on its WASM engine.
-- @tparam table options `args` (list), `cwd` (absolute folder of the project), `url` (of the database), `env` (more variables)
-- @treturn table `{ program, args, env, cwd }`
-- @treturn[2] nil
-- @treturn[2] string why it cannot be had
function prisma_cli.command(options)
  local home, reason = prisma_cli.home()
  if not home then
    return nil, reason
  end
  local variables = {}
  for name, value in pairs(options.env or {}) do
    variables[name] = value
  end
  variables.DATABASE_URL = options.url
  variables.HOME = home
  variables.ORACLE_SCHEMA = options.cwd .. "/prisma/schema.prisma"
  variables.ORACLE_MIGRATIONS = options.cwd .. "/prisma/migrations"
  variables.PRISMA_QUERY_ENGINE_LIBRARY = home .. "/no-engine"
  variables.PRISMA_SCHEMA_ENGINE_BINARY = home .. "/no-engine"
  variables.PRISMA_HIDE_UPDATE_MESSAGE = "1"
  variables.CHECKPOINT_DISABLE = "1"
  variables.NO_COLOR = "1"
  local args = { home .. "/" .. CLI }
  table.move(options.args, 1, #options.args, 2, args)
  args[#args + 1] = "--config"
  args[#args + 1] = home .. "/prisma.config.mjs"
  return { program = find_program("node"), args = args, env = variables, cwd = options.cwd }
end

return prisma_cli
