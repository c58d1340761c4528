--- Runs the real Prisma CLI, which tilth is compared with.
--
-- It is installed once for each package-lock.json, into a cache outside the tree: $TILTH_TEST_CACHE, else the user's.
local oracle = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local hash = require("tilth.core.hash")
local lu = require("luaunit")
local proc = require("tilth.core.proc")
local program = require("support.program")

local FILES <const> = { "package.json", "package-lock.json", "prisma.config.mjs" }
local INSTALL <const> = { "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error" }
local CLI <const> = "node_modules/prisma/build/index.js"
local TIMEOUT <const> = 120

-- What the WASM engine says without the code that the native engine puts beside it.
local UNCODED <const> = {
  { "external connector error", "P3018" },
  { "Can't reach database server", "P1001" },
  { "Authentication failed against the database server", "P1000" },
  { "Authentication failed against database server", "P1000" },
  { "Database `[^`]*` does not exist", "P1003" },
  { "User was denied access on the database", "P1010" },
}

local function folder()
  return (debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")) .. "/oracle"
end

--- Ends the test: skipped with the reason, or failed where nothing may be skipped.
local function unavailable(reason)
  if env.get("CI") == "true" then
    error("no Prisma to compare with, and CI=true forbids to skip: " .. reason, 0)
  end
  lu.skip("no Prisma to compare with: " .. reason)
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
  local done, message = proc.run(INSTALL, { cwd = fresh, stdout = "capture", stderr = "capture", timeout = 600 })
  if not done or done.kind ~= "exit" or done.code ~= 0 then
    fs.remove_tree(fresh)
    return nil, "npm ci failed: " .. (message or done.stderr:sub(-400))
  end
  return fs.rename(fresh, home)
end

--- Where Prisma is installed; installs it, or skips the test with the reason.
-- @treturn string a folder with node_modules and prisma.config.mjs
function oracle.home()
  for _, name in ipairs({ "node", "npm" }) do
    if not find_program(name) then
      unavailable(name .. " is not installed")
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
  local _ <close> = assert(fs.lock(home .. ".lock"))
  if not fs.stat(home) then
    local installed, reason = install(home)
    if not installed then
      unavailable(reason)
    end
  end
  return home
end

--- The code that an error names, by Prisma's rule or by the text that stands for it.
-- @tparam string text
-- @treturn string for instance "P3018"
-- @treturn[2] nil
function oracle.code(text)
  local code = text:match("P[13]%d%d%d")
  if code then
    return code
  end
  for _, pair in ipairs(UNCODED) do
    if text:find(pair[1]) then
      return pair[2]
    end
  end
end

--- The variables and arguments that make the CLI run on the WASM engine.
local function prepare(options)
  local home, variables = oracle.home(), {}
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
  return { program = find_program("node"), args = args, env = variables, cwd = options.cwd, timeout = TIMEOUT }
end

--- Runs `prisma` in a project's folder, where nothing is changed by it.
-- @tparam table options `args` (list), `cwd` (absolute), `url` (of the database), `env` (more variables)
-- @treturn table `{ status, stdout, stderr, text, seconds, code }`
function oracle.run(options)
  local result = program.run(prepare(options))
  result.code = result.status ~= 0 and oracle.code(result.stderr) or nil
  return result
end

--- Starts `prisma` in the background.
-- @tparam table options as of `run`
-- @treturn table child of support.program
function oracle.start(options)
  return program.start(prepare(options))
end

return oracle
