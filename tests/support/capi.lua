--- Compiles programs against libtilth of the build, and runs them.
local capi = {}

local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local program = require("support.program")
local temp = require("support.temp")

local C_FLAGS <const> = { "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-pedantic", "-Werror" }
local CPP_FLAGS <const> = { "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror" }

--- The folder of the build. Skips the test where the tests do not run from one.
-- @treturn string
function capi.build_folder()
  local build = program.path():match("^(.*)/")
  if not fs.stat(build .. "/Makefile") then lu.skip("the program does not stand in a build folder") end
  return build
end

--- Is the build one with sanitizers?
-- @treturn bool
function capi.is_sanitized()
  return (env.get("TILTH_SANITIZE") or "") ~= ""
end

--- Runs a command; raises with its output when it fails.
-- @tparam table argv
-- @tparam[opt] table options `cwd`, `env`
-- @treturn string what it said
function capi.must(argv, options)
  options = options or {}
  local ended = assert(proc.run(argv, { cwd = options.cwd, env = options.env, stdout = "capture", stderr = "capture" }))
  if ended.kind ~= "exit" or ended.code ~= 0 then
    error(("%s: %s %d\n%s%s"):format(table.concat(argv, " "), ended.kind, ended.code, ended.stdout, ended.stderr), 2)
  end
  return ended.stdout
end

local function source_of(name)
  if name:sub(1, 1) == "/" then return name end
  local folder = env.get("TILTH_SOURCE") .. (name:find("/") and "/" or "/tests/capi/")
  return folder .. name
end

--- Compiles a program of tests/capi, of a path in the source, or of an absolute one, against the build's libtilth.
-- @tparam string name such as "drive.c" or "docs/examples/deploy.c"
-- @treturn string path of the program
function capi.compile(name)
  local build, folder = capi.build_folder(), temp.folder("capi")
  local is_cpp = name:find("%.cc$") ~= nil
  local made = folder:join((name:match("([^/]+)%.%w+$")))
  local argv = { is_cpp and "g++" or "gcc", table.unpack(is_cpp and CPP_FLAGS or C_FLAGS) }
  for flag in (env.get("TILTH_SANITIZE") or ""):gmatch("%S+") do argv[#argv + 1] = flag end
  for _, word in ipairs({ "-I" .. env.get("TILTH_SOURCE") .. "/src", source_of(name), "-o", made, "-L" .. build .. "/.libs", "-ltilth",
    "-lpthread" }) do
    argv[#argv + 1] = word
  end
  capi.must(argv)
  return made
end

--- The options of program.start for a compiled program.
-- @tparam string path
-- @tparam table args
-- @tparam[opt] table options `cwd`, `env`, `wrap`, `timeout`
-- @treturn table
function capi.options(path, args, options)
  options = options or {}
  local variables = { LD_LIBRARY_PATH = capi.build_folder() .. "/.libs" }
  for name, value in pairs(options.env or {}) do variables[name] = value end
  return { program = path, args = args, cwd = options.cwd, env = variables, wrap = options.wrap, timeout = options.timeout }
end

--- Runs a compiled program.
-- @treturn table as of program.run
function capi.run(path, args, options)
  return program.run(capi.options(path, args, options))
end

return capi
