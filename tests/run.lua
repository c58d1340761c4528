--- Runs the tests inside the built program, against a private server that lives as long as the run.
--
--   tilth run tests/run.lua [--list] [--only KIND[,KIND]]... [PATTERN]...
--
-- KIND is unit, core, integration, fault or conformance, or portable, which runs only when it is named;
-- PATTERN is text in `kind/test_file.test_name`.
-- The last line is always `N passed, N failed, N skipped`.

local arguments = { ... }
local source = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "tests"

package.path = ("%s/?.lua;%s"):format(source, package.path)
if not package.path:find("/usr/share/lua/5.4/?.lua", 1, true) then
  package.path = package.path .. ";/usr/share/lua/5.4/?.lua;/usr/local/share/lua/5.4/?.lua"
end

local clock = require("tilth.core.clock")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local pg = require("tilth.core.pg")
local cluster = require("support.cluster")
local collect = require("support.collect")
local runner = require("support.runner")
local strict = require("tilth.strict")

local USAGE <const> = "usage: tilth run tests/run.lua [--list] [--only KIND[,KIND]]... [PATTERN]..."

local function say(text)
  io.stdout:write(text, "\n")
  io.stdout:flush()
end

--- Ends with a message about how the run was called.
local function refuse(message)
  io.stderr:write("tests/run.lua: ", message, "\n", USAGE, "\n")
  os.exit(2)
end

--- Adds the kinds of one `--only`.
local function add_kinds(kinds, text)
  for name in (text or ""):gmatch("[^,]+") do
    local known = false
    for _, list in ipairs({ collect.KINDS, collect.ON_REQUEST }) do
      for _, kind in ipairs(list) do known = known or kind == name end
    end
    if not known then refuse(("no kind of tests is called %q"):format(name)) end
    kinds[#kinds + 1] = name
  end
end

--- Reads the command line.
local function parse(list)
  local options, i = { kinds = {}, patterns = {} }, 1
  while list[i] do
    local word = list[i]
    if word == "--list" then
      options.list = true
    elseif word == "--only" then
      i = i + 1
      if not list[i] then refuse("--only needs a kind of tests") end
      add_kinds(options.kinds, list[i])
    elseif word:find("^%-%-only=") then
      add_kinds(options.kinds, word:match("=(.*)"))
    elseif word:find("^%-") then
      refuse("unknown option " .. word)
    else
      options.patterns[#options.patterns + 1] = word
    end
    i = i + 1
  end
  if #options.kinds == 0 then options.kinds = collect.KINDS end
  return options
end

--- Takes everything out of our own environment that would lead a test to somebody's database.
local function clean_environment()
  local kept = { TILTH_LUADIR = true, TILTH_PROGRAM = true, TILTH_SOURCE = true, TILTH_SANITIZE = true, TILTH_TEST_PG_BINDIR = true,
    TILTH_TEST_PATIENCE = true,
    TILTH_RELEASE = true, TILTH_SYSTEMS = true }
  for name in pairs(env.all()) do
    local ours = name:find("^TILTH_") or name:find("^PG") or name:find("^AWS_") or name:find("^RESET_DATABASE")
    if (ours or name == "DATABASE_URL" or name == "DIRECT_URL" or name == "RUN_SEED") and not kept[name] then
      env.unset(name)
    end
  end
end

--- Whether a class may need the server; only unit tests never do.
local function need_server(classes)
  for _, class in ipairs(classes) do
    if not class[1]:find("^unit/") then return true end
  end
  return false
end

--- Starts the run's server and says where it is, in variables that tests/support reads.
-- Without a server the tests that need one are skipped with the reason; in CI that is an error.
local function start_server(home)
  local server, message, _, detail = cluster.start_in(home)
  if server then
    env.set("TILTH_TEST_PG", server.socket_dir)
    env.set("TILTH_TEST_PG_PROGRAMS", server.bindir)
    say(("PostgreSQL %s from %s"):format(server.version, server.bindir))
    return server
  end
  local reason = message .. (detail and detail.advice and ("; " .. detail.advice) or "")
  if env.get("CI") == "true" then
    io.stderr:write("tests/run.lua: no server, and CI=true forbids to skip: ", reason, "\n")
    os.exit(1)
  end
  env.set("TILTH_TEST_PG_REASON", reason)
end

--- Opens what stays open for the whole run before the first count of descriptors.
local function connect(server)
  clock.sleep(0)
  if not server then return nil end
  return assert(pg.connect({ host = server.socket_dir, user = "postgres", dbname = "postgres",
    application_name = "tests/run.lua" }))
end

--- Makes the run's folder. It goes when the run ends in whatever way, unless a failed test has files in it.
local function make_home()
  local path = assert(fs.temporary("tilth-test-"))
  assert(fs.chmod(path, 457)) -- 457: rwx--x--x, because the server runs as another user when we are root
  return setmetatable({ path = path }, { __close = function(self)
    if self.kept then return end
    local removed, message = fs.remove_tree(self.path)
    if not removed then io.stderr:write("tests/run.lua: ", message, "\n") end
  end })
end

--- Lists the tests.
local function list(classes)
  for _, class in ipairs(classes) do
    local names = {}
    for key, value in pairs(class[2]) do
      if type(key) == "string" and key:find("^test") and type(value) == "function" then names[#names + 1] = key end
    end
    table.sort(names)
    for _, name in ipairs(names) do say(class[1] .. "." .. name) end
  end
end

--- Runs the classes between start and stop of the server.
local function run(classes, home)
  local server <close> = need_server(classes) and start_server(home) or nil
  local watch <close> = connect(server)
  return runner.run(classes, { home = home, watch = watch, say = say })
end

local options = parse(arguments)
strict.install()
clean_environment()
local home <close> = make_home()
env.set("TILTH_TEST_TMP", home.path)
local classes = collect.classes(assert(fs.realpath(source)), options.kinds, options.patterns)
if options.list then
  list(classes)
  return
end
local result = run(classes, home.path)
home.kept = result.kept
assert(fs.remove_tree(home.path .. "/pg")) -- the stopped server's; only files of tests are worth keeping
if #result.names > 0 then say("\nfailed:\n  " .. table.concat(result.names, "\n  ")) end
say(("%d passed, %d failed, %d skipped"):format(result.passed, result.failed, result.skipped))
io.stderr:flush()
if result.failed > 0 or result.passed + result.skipped == 0 then os.exit(1) end
