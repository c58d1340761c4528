--- Tests the npm packages: packed as for a release, installed with npm from a registry on this machine.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local proc = require("tilth.core.proc")
local npm = require("support.npm")
local program = require("support.program")
local temp = require("support.temp")

local TestNpm = {}

local SIGTERM <const> = 15
local EXECUTABLE <const> = 493 -- rwxr-xr-x
local GNU <const> = "node_modules/@tilth/linux-x64-gnu/bin/tilth"
local MUSL <const> = "node_modules/@tilth/linux-x64-musl/bin/tilth"
local STATUS <const> = 7 -- with which the stand-ins end
local LOADER <const> = "/lib64/ld-linux-x86-64.so.2"
local LIBC <const> = "/lib/x86_64-linux-gnu/libc.so.6"
-- Ends with 9 on SIGTERM.
local WAITING <const> = "#!/bin/sh\nsleep 60 &\ntrap \"kill $!; echo ended; exit 9\" TERM\necho ready $*\nwait\n"

--- Both programs as stand-ins that say which one they are.
local function serve_stand_ins()
  return npm.serve({ tilth = npm.stand_in("gnu"), ["tilth-musl"] = npm.stand_in("musl") })
end

local function assert_says(result, text, status)
  lu.assertEquals(result.status, status or STATUS, result.text)
  lu.assertStrContains(result.text, text)
end

function TestNpm:setUp()
  npm.require()
end

function TestNpm:test_npm_ci_installs_the_program_and_npx_runs_it()
  local packages <close> = npm.serve({ tilth = program.path() })
  local app = packages:install()
  local version = program.run({ args = { "--version" } }).stdout:match("^tilth %S+")
  for _, argv in ipairs({ { "node_modules/.bin/tilth", "--version" }, { "npx", "tilth", "--version" }, { app:join(GNU), "--version" } }) do
    assert_says(packages:run(app.path, argv), version, 0)
  end
  lu.assertEquals(json.decode(app:read("node_modules/tilth/package.json")).version, version:match("%S+$"))
end

function TestNpm:test_no_package_has_a_script_to_run_at_install_time()
  local packages <close> = serve_stand_ins()
  local app = packages:install({ "--ignore-scripts" })
  assert_says(packages:run(app.path, { "npx", "tilth", "flow", "two words" }), "gnu: flow two words")
  for _, name in ipairs({ "tilth", "@tilth/linux-x64-gnu" }) do
    lu.assertNil(json.decode(app:read("node_modules/" .. name .. "/package.json")).scripts, name)
  end
end

function TestNpm:test_it_starts_without_node_and_becomes_the_program()
  local packages <close> = npm.serve({ tilth = program.path() })
  local app = packages:install()
  app:write("wait.lua", 'print("ready"); io.stdout:flush(); require("tilth.clock").sleep(60)')
  local bin = temp.folder("bin")
  assert(fs.symlink("/usr/bin/readlink", bin:join("readlink")))
  local child <close> = program.start({
    program = app:join("node_modules/.bin/tilth"), args = { "run", "wait.lua" }, cwd = app.path,
    env = packages:environment({ PATH = bin.path }),
  })
  child:wait_for("ready")
  lu.assertEquals(fs.realpath(("/proc/%d/exe"):format(child.pid)), fs.realpath(app:join(GNU)))
  child:signal(SIGTERM)
  lu.assertEquals(child:wait().status, 128 + SIGTERM)
end

function TestNpm:test_it_is_found_where_npm_nests_the_packages()
  local packages <close> = serve_stand_ins()
  local app = packages:install({ "--install-strategy=nested" })
  lu.assertNotNil(fs.stat(app:join("node_modules/tilth/" .. GNU)))
  assert_says(packages:run(app.path, { "node_modules/.bin/tilth", "flow" }), "gnu: flow")
end

function TestNpm:test_without_optional_dependencies_it_says_what_to_do()
  local packages <close> = serve_stand_ins()
  local app = packages:install({ "--omit=optional" })
  local result = packages:run(app.path, { "node_modules/.bin/tilth", "flow" })
  assert_says(result, "the package @tilth/linux-x64-gnu, which holds the program, is not installed", 2)
  lu.assertStrContains(result.stderr, "npm ci --include=optional")
  result = packages:run(app.path, { "node", "node_modules/tilth/bin/tilth", "flow" })
  assert_says(result, "none of the packages @tilth/linux-x64-gnu, @tilth/linux-x64-musl is installed", 2)
end

function TestNpm:test_the_program_without_glibc_is_used_where_it_is_the_only_one()
  local packages <close> = serve_stand_ins()
  local app = packages:install()
  assert(fs.remove_tree(app:join("node_modules/@tilth")))
  app:write(MUSL, npm.stand_in("musl"), EXECUTABLE)
  app:write("node_modules/@tilth/linux-x64-musl/package.json", "{}")
  assert_says(packages:run(app.path, { "node_modules/.bin/tilth", "flow" }), "musl: flow")
  assert_says(packages:run(app.path, { "node", "node_modules/tilth/bin/tilth", "flow" }), "musl: flow")
end

--- The words that start a program in another root folder; skips the test where that is not possible.
local function in_root(root)
  local change = proc.self().euid == 0 and { "chroot" } or { "unshare", "-r", "chroot" }
  local function words(...)
    local argv = table.move(change, 1, #change, 1, {})
    return table.move({ ... }, 1, select("#", ...), #argv + 1, argv)
  end
  local tried = proc.run(words("/", "true"), { stderr = "null" })
  lu.skipIf(not tried or tried.code ~= 0, "chroot is not allowed here")
  return words(root, "/app/node_modules/.bin/tilth", "flow")
end

--- A root folder with a shell, the few programs that the launcher calls, and a libc.so.6 that is a link as before 2.34.
local function old_system(app)
  local root = temp.folder("root")
  local function copy(from, to)
    assert(fs.mkdir(root.path .. (to or from):match("^(.*)/")))
    local copied = program.run({ program = "cp", args = { "-L", from, root.path .. (to or from) } })
    lu.assertEquals(copied.status, 0, copied.text)
  end
  for _, name in ipairs({ "sh", "readlink", "uname" }) do copy("/bin/" .. name) end
  copy(LOADER)
  copy(LIBC, LIBC:gsub("%.so%.6$", "-2.31.so"))
  assert(fs.symlink("libc-2.31.so", root.path .. LIBC))
  root:write("dev/null", "")
  local copied = program.run({ program = "cp", args = { "-R", app.path, root:join("app") } })
  lu.assertEquals(copied.status, 0, copied.text)
  return root
end

function TestNpm:test_on_an_older_glibc_it_takes_the_program_without_or_says_how_to_get_it()
  lu.skipIf(not (fs.stat(LOADER, "follow") and fs.stat(LIBC, "follow")), "this is no Debian on x86-64")
  -- A program that this glibc can't start ends with 1, whatever it is asked.
  local packages <close> = npm.serve({ tilth = "#!/bin/sh\nexit 1\n", ["tilth-musl"] = npm.stand_in("musl") })
  local app = packages:install()
  local root = old_system(app)
  local argv = in_root(root.path)
  assert(fs.remove_tree(root:join("app/node_modules/@tilth/linux-x64-musl")))
  local result = packages:run(app.path, argv)
  assert_says(result, "needs glibc 2.34, and this system has an older one", 2)
  lu.assertStrContains(result.stderr, "npm ci --libc=musl")
  root:write("app/" .. MUSL, npm.stand_in("musl"), EXECUTABLE)
  assert_says(packages:run(app.path, argv), "musl: flow")
end

function TestNpm:test_a_program_that_runs_is_used_whatever_its_glibc_looks_like()
  lu.skipIf(not (fs.stat(LOADER, "follow") and fs.stat(LIBC, "follow")), "this is no Debian on x86-64")
  local packages <close> = npm.serve({ tilth = "#!/bin/sh\necho \"gnu: $*\"\n" })
  local app = packages:install()
  assert_says(packages:run(app.path, in_root(old_system(app).path)), "gnu: flow", 0)
end

--- A machine of another kind, as far as the launcher can see.
local function other_machine(system, machine)
  local bin = temp.folder("bin")
  bin:write("uname", ("#!/bin/sh\ncase $1 in -s) echo %s ;; *) echo %s ;; esac\n"):format(system, machine), EXECUTABLE)
  return { PATH = bin.path .. ":" .. env.get("PATH") }
end

function TestNpm:test_a_platform_without_a_program_is_told_so()
  local packages <close> = serve_stand_ins()
  local app = packages:install({ "--omit=optional" })
  for _, case in ipairs({ { "Darwin", "arm64" }, { "Linux", "aarch64" }, { "FreeBSD", "amd64" } }) do
    local result = packages:run(app.path, { "node_modules/.bin/tilth", "flow" }, other_machine(case[1], case[2]))
    assert_says(result, ("there is no program for %s %s in this release, only for: Linux x64 (glibc), Linux x64 (musl)."):format(case[1],
      case[2]), 2)
    lu.assertStrContains(result.stderr, "or build it from source")
  end
end

-- Yarn 2 and newer start what is no program with Node.
function TestNpm:test_started_by_node_it_passes_status_and_signals_on()
  local packages <close> = npm.serve({ tilth = WAITING })
  local app = packages:install()
  local child <close> = program.start({
    program = "node", args = { "node_modules/tilth/bin/tilth", "flow" }, cwd = app.path, env = packages:environment(),
  })
  child:wait_for("ready flow")
  child:signal(SIGTERM)
  local result = child:wait()
  lu.assertStrContains(result.stdout, "ended")
  lu.assertEquals(result.status, 9)
end

function TestNpm:test_the_same_programs_give_the_same_packages()
  local first, said = npm.pack({ tilth = npm.stand_in("gnu") })
  lu.assertStrContains(said, "tilth-linux-x64-gnu-")
  local second = npm.pack({ tilth = npm.stand_in("gnu") })
  local count = 0
  for _, entry in ipairs(assert(fs.list(first))) do
    lu.assertEquals(fs.read(first .. "/" .. entry.name), fs.read(second .. "/" .. entry.name), entry.name)
    count = count + 1
  end
  lu.assertEquals(count, 2)
end

function TestNpm:test_a_release_without_a_program_packs_nothing()
  local ok, message = pcall(npm.pack, { ["tilth-musl"] = npm.stand_in("musl") })
  lu.assertFalse(ok)
  lu.assertStrContains(message, "scripts/release makes it")
end

return TestNpm
