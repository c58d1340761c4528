--- Other systems for the released programs: folders that they are locked into, with nothing of this machine in them.
local elsewhere = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local lu = require("luaunit")
local proc = require("tilth.core.proc")
local program = require("support.program")
local temp = require("support.temp")

local EXECUTABLE <const> = 493 -- rwxr-xr-x
local OLDEST_GLIBC <const> = 34

local Place = {}
Place.__index = Place

local function run(...)
  local result, message = proc.run({ ... }, { stdout = "capture", stderr = "capture", timeout = 180 })
  if not result then error(message, 3) end
  return result
end

local function must_run(...)
  local result = run(...)
  if result.code ~= 0 then error(("%s: %s"):format((...), result.stderr), 3) end
  return result.stdout
end

local function copy(from, to)
  must_run("mkdir", "-p", (to:match("^(.*)/[^/]*$")))
  must_run("cp", "-L", from, to)
end

--- The released program of that name.
-- @tparam string name "tilth" or "tilth-musl"
-- @treturn string path; the test fails when there is none
function elsewhere.released(name)
  local folder = env.get("TILTH_RELEASE") or env.get("TILTH_SOURCE") .. "/build/release"
  local path = folder .. "/" .. name
  lu.assertNotNil(fs.stat(path), path .. " is not there; scripts/release makes it")
  return path
end

-- Root may lock itself in at once, anybody else within a namespace of users.
local function locked(root, folder)
  local argv = { "unshare", "--root=" .. root, "--wd=" .. folder }
  if proc.self().euid ~= 0 then argv[#argv + 1] = "--map-root-user" end
  argv[#argv + 1] = "--"
  return argv
end

-- Names are looked up in files and by DNS, as everywhere; `hosts` are the lines of /etc/hosts.
local function place(name, root, released)
  local made = setmetatable({ name = name, root = root, path = root .. "/tilth-test" }, Place)
  assert(fs.remove_tree(made.path))
  assert(fs.mkdir(made.path))
  copy(released, made.path .. "/tilth")
  assert(fs.chmod(made.path .. "/tilth", EXECUTABLE))
  return made
end

--- Writes a file of the system.
-- @tparam string path from the root on
-- @tparam string text
-- @tparam[opt] integer mode
function Place:write(path, text, mode)
  must_run("mkdir", "-p", (self.root .. path):match("^(.*)/[^/]*$"))
  assert(fs.write(self.root .. path, text, mode))
end

--- Copies a folder's content into the program's folder.
-- @tparam string folder
function Place:take(folder)
  must_run("cp", "-R", folder .. "/.", self.path)
end

--- Runs the program, locked in, in its folder, with none of this machine's modules.
-- @tparam table args
-- @tparam[opt] table variables
-- @treturn table as of program.run
function Place:run(args, variables)
  local all = { TILTH_LUADIR = false, HOME = "/tilth-test/home" }
  for name, value in pairs(variables or {}) do all[name] = value end
  return program.run({ args = args, program = "/tilth-test/tilth", wrap = locked(self.root, "/tilth-test"), env = all })
end

--- Takes the test's files away from a system that stays.
function Place:close()
  assert(fs.remove_tree(self.path))
end

Place.__close = Place.close

-- What the loader finds for the program, and nothing else.
local function copy_libraries(released, root)
  for line in must_run("ldd", released):gmatch("[^\n]+") do
    local path = line:match("=> (/%S+)") or line:match("^%s*(/%S+)")
    if path then copy(path, root .. (line:match("^%s*(/%S+)") or path)) end
  end
end

-- The minor version of a system's glibc; nil when it has none.
local function glibc(root)
  for _, folder in ipairs({ "/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64" }) do
    if fs.stat(root .. folder .. "/libc.so.6", "follow") then
      local argv = locked(root, "/")
      argv[#argv + 1] = folder .. "/libc.so.6"
      return tonumber(must_run(table.unpack(argv)):match("GNU C Library [^\n]-version 2%.(%d+)"))
    end
  end
  return nil
end

--- Calls a function with each system in turn: an empty folder for the static program, one with glibc alone for the other,
-- and the systems in TILTH_SYSTEMS, the folder that `scripts/check --portable` fills.
-- @tparam function use called with a place: `name`, `root`, `path`, `write`, `take`, `run`
function elsewhere.each(use)
  local function try(name, root, released)
    local made <close> = place(name, root, released)
    use(made)
  end
  try("an empty system", temp.folder("empty").path, elsewhere.released("tilth-musl"))
  local alone = temp.folder("glibc").path
  copy_libraries(elsewhere.released("tilth"), alone)
  try("glibc alone", alone, elsewhere.released("tilth"))
  local systems = env.get("TILTH_SYSTEMS")
  for _, entry in ipairs(systems and fs.list(systems) or {}) do
    local root = systems .. "/" .. entry.name
    try(entry.name .. ", static", root, elsewhere.released("tilth-musl"))
    if (glibc(root) or 0) >= OLDEST_GLIBC then try(entry.name, root, elsewhere.released("tilth")) end
  end
end

return elsewhere
