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
local X64 <const> = "node_modules/@tilth/linux-x64/bin/tilth"
local ARM64 <const> = "node_modules/@tilth/linux-arm64/bin/tilth"
local STATUS <const> = 7 -- with which the stand-ins end
local LOADER <const> = "/lib64/ld-linux-x86-64.so.2"
local ARM64_LOADER <const> = "lib/ld-linux-aarch64.so.1"
local LIBC <const> = "/lib/x86_64-linux-gnu/libc.so.6"
-- Ends with 9 on SIGTERM.
local WAITING <const> = "#!/bin/sh\nsleep 60 &\ntrap \"kill $!; echo ended; exit 9\" TERM\necho ready $*\nwait\n"

--- A program that says which one it is.
local function serve_stand_in()
  return npm.serve({ x64 = npm.stand_in("x64") })
end

local function assert_says(result, text, status)
  lu.assertEquals(result.status, status or STATUS, result.text)
  lu.assertStrContains(result.text, text)
end

function TestNpm:setUp()
  npm.require()
end

function TestNpm:test_npm_ci_installs_the_program_and_npx_runs_it()
  local packages <close> = npm.serve({ x64 = program.path() })
  local app = packages:install()
  local version = program.run({ args = { "--version" } }).stdout:match("^tilth %S+")
  for _, argv in ipairs({ { "node_modules/.bin/tilth", "--version" }, { "npx", "tilth", "--version" }, { app:join(X64), "--version" } }) do
    assert_says(packages:run(app.path, argv), version, 0)
  end
  lu.assertEquals(json.decode(app:read("node_modules/tilth/package.json")).version, version:match("%S+$"))
end

function TestNpm:test_ready_made_seeds_and_stubs_for_editors_are_installed()
  local packages <close> = npm.serve({ x64 = program.path() })
  local app = packages:install()
  app:write("ready.lua", 'local ready = require("tilth.seed.ready")\nprint(ready.folder())\nprint(assert(ready.find("countries")).path)')
  -- Where the program itself is installed, those of that installation come first.
  local result = packages:run(app.path, { "node_modules/.bin/tilth", "run", "ready.lua" }, { TILTH_SEEDDIR = false })
  lu.assertEquals(result.status, 0, result.text)
  local inside = app:join("node_modules/@tilth/linux-x64/share/tilth/seeds")
  if not result.stdout:find("^/usr") then lu.assertStrContains(result.stdout, inside .. "/countries.lua") end
  lu.assertNil(fs.stat(inside .. "/ready/generate.lua"))
  local source = env.get("TILTH_SOURCE")
  for _, pair in ipairs({ { source .. "/seeds", inside }, { source .. "/lua/meta", app:join("node_modules/tilth/meta") } }) do
    for _, entry in ipairs(assert(fs.list(pair[1]))) do
      if entry.type == "file" then
        lu.assertEquals(fs.read(pair[2] .. "/" .. entry.name), fs.read(pair[1] .. "/" .. entry.name), entry.name)
      end
    end
  end
end

function TestNpm:test_ready_scripts_are_installed_and_run()
  local packages <close> = npm.serve({ x64 = program.path() })
  local app = packages:install()
  local folder = "node_modules/tilth/scripts"
  for _, name in ipairs({ "anonymise", "flow", "refresh", "wait" }) do
    local file = ("/scripts/%s.lua"):format(name)
    lu.assertEquals(app:read("node_modules/tilth" .. file), fs.read(env.get("TILTH_SOURCE") .. file), name)
  end
  assert_says(packages:run(app.path, { "npx", "tilth", "run", folder .. "/wait.lua", "soon" }), "how long is", 2)
end

function TestNpm:test_no_package_has_a_script_to_run_at_install_time()
  local packages <close> = serve_stand_in()
  local app = packages:install({ "--ignore-scripts" })
  assert_says(packages:run(app.path, { "npx", "tilth", "flow", "two words" }), "x64: flow two words")
  for _, name in ipairs({ "tilth", "@tilth/linux-x64" }) do
    lu.assertNil(json.decode(app:read("node_modules/" .. name .. "/package.json")).scripts, name)
  end
end

function TestNpm:test_it_starts_without_node_and_becomes_the_program()
  local packages <close> = npm.serve({ x64 = program.path() })
  local app = packages:install()
  app:write("wait.lua", 'print("ready"); io.stdout:flush(); require("tilth.clock").sleep(60)')
  local bin = temp.folder("bin")
  assert(fs.symlink("/usr/bin/readlink", bin:join("readlink")))
  local child <close> = program.start({
    program = app:join("node_modules/.bin/tilth"), args = { "run", "wait.lua" }, cwd = app.path,
    env = packages:environment({ PATH = bin.path }),
  })
  child:wait_for("ready")
  lu.assertEquals(fs.realpath(("/proc/%d/exe"):format(child.pid)), fs.realpath(app:join(X64)))
  child:signal(SIGTERM)
  lu.assertEquals(child:wait().status, 128 + SIGTERM)
end

function TestNpm:test_it_is_found_where_npm_nests_the_packages()
  local packages <close> = serve_stand_in()
  local app = packages:install({ "--install-strategy=nested" })
  lu.assertNotNil(fs.stat(app:join("node_modules/tilth/" .. X64)))
  assert_says(packages:run(app.path, { "node_modules/.bin/tilth", "flow" }), "x64: flow")
end

function TestNpm:test_without_optional_dependencies_it_says_what_to_do()
  local packages <close> = serve_stand_in()
  local app = packages:install({ "--omit=optional" })
  local result = packages:run(app.path, { "node_modules/.bin/tilth", "flow" })
  assert_says(result, "the package @tilth/linux-x64, which holds the program, is not installed", 2)
  lu.assertStrContains(result.stderr, "npm ci --include=optional")
  result = packages:run(app.path, { "node", "node_modules/tilth/bin/tilth", "flow" })
  assert_says(result, "the package @tilth/linux-x64, which holds the program, is not installed", 2)
end

-- npm 9 and 10 write no libc into lock files, and would install from these whatever differs in nothing else.
function TestNpm:test_one_program_is_installed_whatever_the_lock_file_says_of_libc()
  local packages <close> = npm.serve({ x64 = npm.stand_in("x64"), arm64 = npm.stand_in("arm64") })
  local app = packages:install()
  local list = json.decode(app:read("package-lock.json"))
  for _, package in pairs(list.packages) do package.libc = nil end
  app:write("package-lock.json", json.encode(list))
  local installed = packages:run(app.path, { "npm", "ci" })
  lu.assertEquals(installed.status, 0, installed.text)
  local names = {}
  for i, entry in ipairs(assert(fs.list(app:join("node_modules/@tilth")))) do names[i] = entry.name end
  lu.assertEquals(names, { "linux-x64" })
  assert_says(packages:run(app.path, { "node_modules/.bin/tilth", "flow" }), "x64: flow")
end

-- So npm 9 and 10 write it anew beside the node_modules of another system.
function TestNpm:test_a_lock_file_without_the_program_is_mended_as_it_says()
  local packages <close> = serve_stand_in()
  local app = packages:install()
  local list = json.decode(app:read("package-lock.json"))
  list.packages["node_modules/@tilth/linux-x64"] = nil
  app:write("package-lock.json", json.encode(list))
  assert(fs.remove_tree(app:join("node_modules/@tilth")))
  assert(fs.remove(app:join("node_modules/.package-lock.json")))
  local result = packages:run(app.path, { "node_modules/.bin/tilth", "flow" })
  assert_says(result, "is not installed", 2)
  local advice = result.stderr:match("lacks it, .-: (npm install tilth), and commit")
  lu.assertNotNil(advice, result.stderr)
  lu.assertEquals(packages:run(app.path, { "sh", "-c", advice }).status, 0)
  lu.assertEquals(packages:run(app.path, { "npm", "ci" }).status, 0)
  assert_says(packages:run(app.path, { "node_modules/.bin/tilth", "flow" }), "x64: flow")
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

--- A root folder with an app, a shell and the few programs that the launcher calls.
local function small_system(app)
  local root = temp.folder("root")
  local function copy(from)
    assert(fs.mkdir(root.path .. from:match("^(.*)/")))
    local copied = program.run({ program = "cp", args = { "-L", from, root.path .. from } })
    lu.assertEquals(copied.status, 0, copied.text)
  end
  for _, path in ipairs({ "/bin/sh", "/bin/readlink", LOADER, LIBC }) do copy(path) end
  local copied = program.run({ program = "cp", args = { "-R", app.path, root:join("app") } })
  lu.assertEquals(copied.status, 0, copied.text)
  return root
end

function TestNpm:test_of_two_installed_programs_it_takes_the_machines()
  lu.skipIf(not (fs.stat(LOADER, "follow") and fs.stat(LIBC, "follow")), "this is no Debian on x86-64")
  local packages <close> = serve_stand_in()
  local app = packages:install()
  app:write(ARM64, npm.stand_in("arm64"), EXECUTABLE)
  local root = small_system(app)
  local argv = in_root(root.path)
  assert_says(packages:run(app.path, argv), "x64: flow")
  -- The loader for foreign programs tells nothing: uname does.
  root:write(ARM64_LOADER, "")
  for machine, name in pairs({ x86_64 = "x64", aarch64 = "arm64" }) do
    root:write("bin/uname", ("#!/bin/sh\n[ $1 = -s ] && echo Linux || echo %s\n"):format(machine), EXECUTABLE)
    assert_says(packages:run(app.path, argv), name .. ": flow")
  end
end

--- A machine of another kind, as far as the launcher can see.
local function other_machine(system, machine)
  local bin = temp.folder("bin")
  bin:write("uname", ("#!/bin/sh\ncase $1 in -s) echo %s ;; *) echo %s ;; esac\n"):format(system, machine), EXECUTABLE)
  return { PATH = bin.path .. ":" .. env.get("PATH") }
end

function TestNpm:test_a_platform_without_a_program_is_told_so()
  local packages <close> = serve_stand_in()
  local app = packages:install({ "--omit=optional" })
  for _, case in ipairs({ { "Darwin", "arm64" }, { "Linux", "aarch64" }, { "FreeBSD", "amd64" } }) do
    local result = packages:run(app.path, { "node_modules/.bin/tilth", "flow" }, other_machine(case[1], case[2]))
    assert_says(result, ("there is no program for %s %s in this release, only for: Linux x64."):format(case[1], case[2]), 2)
    lu.assertStrContains(result.stderr, "or build it from source")
  end
end

-- Yarn 2 and newer start what is no program with Node.
function TestNpm:test_started_by_node_it_passes_status_and_signals_on()
  local packages <close> = npm.serve({ x64 = WAITING })
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
  local first, said = npm.pack({ x64 = npm.stand_in("x64") })
  lu.assertStrContains(said, "tilth-linux-x64-")
  local second = npm.pack({ x64 = npm.stand_in("x64") })
  local count = 0
  for _, entry in ipairs(assert(fs.list(first))) do
    lu.assertEquals(fs.read(first .. "/" .. entry.name), fs.read(second .. "/" .. entry.name), entry.name)
    count = count + 1
  end
  lu.assertEquals(count, 2)
end

function TestNpm:test_a_release_without_the_static_program_packs_nothing()
  local ok, message = pcall(npm.pack, { arm64 = npm.stand_in("arm64") })
  lu.assertFalse(ok)
  lu.assertStrContains(message, "/tilth-musl; scripts/release makes it")
end

return TestNpm
