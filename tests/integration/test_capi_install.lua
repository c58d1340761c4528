--- Tests that what `make install` puts into a folder can be used: by pkg-config, shared and static, and by a stock Lua.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local capi = require("support.capi")
local program = require("support.program")
local temp = require("support.temp")

local TestCapiInstall = {}

--- Makes the installed files know where they are: DESTDIR is not part of what they say.
local function settle(folder)
  local file = "usr/lib/pkgconfig/tilth.pc"
  folder:write(file, (assert(folder:read(file)):gsub("prefix=[^\n]*", "prefix=" .. folder:join("usr"), 1)))
end

--- The words of pkg-config.
local function flags(folder, ...)
  local text = capi.must({ "pkg-config", ... }, { env = { PKG_CONFIG_PATH = folder:join("usr/lib/pkgconfig") } })
  local words = {}
  for word in text:gmatch("%S+") do words[#words + 1] = word end
  return words
end

--- Compiles the example of the documentation with what pkg-config says.
local function compile(folder, name, words)
  local argv = { "gcc", env.get("TILTH_SOURCE") .. "/docs/examples/deploy.c", "-o", folder:join(name) }
  for word in (env.get("TILTH_SANITIZE") or ""):gmatch("%S+") do argv[#argv + 1] = word end
  table.move(words, 1, #words, #argv + 1, argv)
  capi.must(argv)
  return folder:join(name)
end

--- Asserts that the example works: it has no project to work with, and says so.
local function assert_works(path, variables)
  local result = program.run({ program = path, args = { "/" }, env = variables })
  lu.assertEquals(result.status, 2, result.text)
  lu.assertStrContains(result.stderr, "config: no project in /")
end

function TestCapiInstall:test_installed_library_and_module_are_found_and_work()
  local build, folder = capi.build_folder(), temp.folder("install")
  -- Runs on several servers share the build folder, and libtool links again while it installs.
  capi.must({ "flock", build .. "/config.status", "make", "-s", "-C", build, "install", "DESTDIR=" .. folder.path, "prefix=/usr" })
  settle(folder)
  local shared = compile(folder, "shared", flags(folder, "--cflags", "--libs", "tilth"))
  assert_works(shared, { LD_LIBRARY_PATH = folder:join("usr/lib") })
  lu.assertNotEquals(program.run({ program = shared, args = { "/" } }).status, 2)

  -- The archive in the place of the shared library, and what it stands on.
  local words = flags(folder, "--cflags", "tilth")
  words[#words + 1] = folder:join("usr/lib/libtilth.a")
  for word in folder:read("usr/lib/pkgconfig/tilth.pc"):match("Libs%.private:([^\n]*)"):gmatch("%S+") do words[#words + 1] = word end
  local needed = flags(folder, "--libs", table.unpack(flags(folder, "--print-requires-private", "tilth")))
  table.move(needed, 1, #needed, #words + 1, words)
  assert_works(compile(folder, "static", words), {})

  lu.assertNotNil(fs.stat(folder:join("usr/share/man/man3/libtilth.3")))
  lu.assertNotNil(fs.stat(folder:join("usr/lib/lua/5.4/tilth.so")))
  if not capi.is_sanitized() then
    local script = folder:write("script.lua", 'print(require("tilth.url").mask("postgres://u:geheimnis@h/d"))')
    local result = program.run({ program = "/usr/bin/lua5.4", args = { script },
      env = { LUA_CPATH = folder:join("usr/lib/lua/5.4/?.so"), TILTH_LUADIR = false } })
    lu.assertEquals(result.text, "postgres://u:****@h/d\n")
  end
end

return TestCapiInstall
