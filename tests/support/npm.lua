--- The npm packages of tilth, packed as a release packs them, and a registry on this machine that npm gets them from.
local npm = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local lu = require("luaunit")
local proc = require("tilth.core.proc")
local program = require("support.program")
local temp = require("support.temp")

local TIMEOUT <const> = 300
local EXECUTABLE <const> = 493 -- rwxr-xr-x
local RELEASED <const> = { x64 = "tilth-musl", arm64 = "tilth-musl-arm64" }

local Packages = {}
Packages.__index = Packages

local function find_on_path(name)
  for folder in (env.get("PATH") or ""):gmatch("[^:]+") do
    local found = fs.stat(folder .. "/" .. name, "follow")
    if found and found.type == "file" then return folder .. "/" .. name end
  end
end

--- Skips the test where npm is not there, and in the runs that are about something else.
function npm.require()
  lu.skipIf((env.get("TILTH_SANITIZE") or "") ~= "", "npm is tried with the build without sanitizers")
  lu.skipIf(env.get("TILTH_TEST_PG_BINDIR"), "npm is tried on the system's own PostgreSQL")
  lu.skipIf(not (find_on_path("npm") and find_on_path("node")), "npm is not installed")
end

--- A program that says which one it is, to see which one was chosen.
-- @tparam string name
-- @treturn string its text
function npm.stand_in(name)
  return ("#!/bin/sh\necho \"%s: $*\"\nexit 7\n"):format(name)
end

local function must_run(argv, options)
  options.stdout, options.stderr = "capture", "capture"
  local done = assert(proc.run(argv, options))
  if done.kind ~= "exit" or done.code ~= 0 then
    error(("%s ended with %s %d:\n%s%s"):format(argv[1], done.kind, done.code, done.stdout, done.stderr), 3)
  end
  return done.stdout
end

--- Gets another npm from npm's own registry; skips the test where that is out of reach.
-- @tparam integer major
-- @treturn table the variables with which `Packages:run` takes it
function npm.other(major)
  local folder = temp.folder("npm")
  local done = assert(proc.run({ "npm", "install", "--prefix", folder.path, "--no-audit", "--no-fund", "npm@" .. major },
    { stdout = "capture", stderr = "capture", timeout = TIMEOUT }))
  lu.skipIf(done.code ~= 0, ("npm %d cannot be had: %s"):format(major, done.stderr:sub(1, 200)))
  return { PATH = folder:join("node_modules/.bin") .. ":" .. env.get("PATH") }
end

--- Packs programs as scripts/release does.
-- @tparam table programs "x64" or "arm64" to the path of a program or, where it begins with "#!", its text
-- @treturn string the folder of the packages
-- @treturn string what was said
function npm.pack(programs)
  local release = temp.folder("release")
  for cpu, what in pairs(programs) do
    local name = RELEASED[cpu]
    if what:find("^#!") then
      release:write(name, what, EXECUTABLE)
    else
      must_run({ "install", "-m", "755", what, release:join(name) }, {})
    end
  end
  local said = must_run({ "bash", env.get("TILTH_SOURCE") .. "/scripts/release.d/npm", release.path }, {})
  return release:join("npm"), said
end

--- Packs programs and serves the packages; close it in a `<close>` variable.
-- @tparam table programs as of `pack`
-- @treturn table with `folder`, `url`, `environment`, `run`, `install`, `close`
function npm.serve(programs)
  npm.require()
  local folder = npm.pack(programs)
  local self = setmetatable({ folder = folder, home = temp.folder("npm-home") }, Packages)
  local said = ""
  self.server = assert(proc.spawn({ "node", env.get("TILTH_SOURCE") .. "/tests/support/registry.mjs", folder }, {
    stdout = function(chunk) said = said .. chunk end, stderr = "inherit", die_with_parent = true,
  }))
  for _ = 1, TIMEOUT * 10 do
    self.url = said:match("(http://%S+)\n")
    if self.url or self.server:wait(0.1) then break end
  end
  if not self.url then
    self:close()
    error("the registry did not start", 2)
  end
  return self
end

--- The variables with which npm sees this registry and nothing of the user's.
-- @tparam[opt] table more name to value
-- @treturn table
function Packages:environment(more)
  local variables = {
    HOME = self.home.path, npm_config_registry = self.url, npm_config_cache = self.home:join("cache"), npm_config_audit = "false",
    npm_config_fund = "false", npm_config_update_notifier = "false", npm_config_loglevel = "error", TILTH_LUADIR = false,
  }
  for name, value in pairs(more or {}) do variables[name] = value end
  return variables
end

--- Runs a program in a folder, with npm's variables.
-- @tparam string folder
-- @tparam table argv
-- @tparam[opt] table more variables
-- @treturn table as of program.run
function Packages:run(folder, argv, more)
  return program.run({
    program = argv[1], args = table.move(argv, 2, #argv, 1, {}), cwd = folder, env = self:environment(more), timeout = TIMEOUT,
  })
end

--- Makes a project that has tilth, with its package-lock.json, and installs it from that file.
-- @tparam[opt] table options for npm
-- @tparam[opt] table variables as of `environment`
-- @treturn table a folder of support.temp
function Packages:install(options, variables)
  local folder = temp.folder("app")
  folder:write("package.json", json.encode({ name = "app", version = "1.0.0", private = true }))
  local made = self:run(folder.path, { "npm", "install", "--package-lock-only", "tilth", table.unpack(options or {}) }, variables)
  lu.assertEquals(made.status, 0, made.text)
  local installed = self:run(folder.path, { "npm", "ci", table.unpack(options or {}) }, variables)
  lu.assertEquals(installed.status, 0, installed.text)
  return folder
end

--- Gives a project its package-lock.json. What tilth takes the place of is not installed with it.
-- @tparam table folder of support.temp, with a package.json
function Packages:lock(folder)
  local package = json.decode(folder:read("package.json"))
  package.devDependencies = nil
  folder:write("package.json", json.encode(package, { indent = 2 }))
  local locked = self:run(folder.path, { "npm", "install", "--package-lock-only" })
  lu.assertEquals(locked.status, 0, locked.text)
end

--- Stops the registry.
function Packages:close()
  self.server:close()
end

Packages.__close = Packages.close

return npm
