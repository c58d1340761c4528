--- Tests what configure says on systems that lack a library or call it otherwise, by a pkg-config that answers as theirs.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local program = require("support.program")
local temp = require("support.temp")

local TestConfigure = {}

local EXECUTABLE <const> = 493 -- rwxr-xr-x
local TIMEOUT <const> = 300
-- Answers for the packages in LACKS that they are not there, and for the one in CALLED as the real one does for lua5.4.
local PKG_CONFIG <const> = [[#!/bin/sh
for word in "$@"; do
  for name in $LACKS; do
    case $word in $name | "$name "*) exit 1 ;; esac
  done
done
for word in "$@"; do
  shift
  case $word in
  "$CALLED" | "$CALLED "*) word=lua5.4${word#"$CALLED"} ;;
  esac
  set -- "$@" "$word"
done
exec %s "$@"
]]
local MISSING <const> = {
  { "lua5.4 lua-5.4 lua54 lua", "Lua 5.4 is missing: install liblua5.4-dev (Debian, Ubuntu), lua-devel (Fedora) or lua5.4-dev (Alpine)" },
  { "libpq", "libpq 14 or newer is missing: install libpq-dev (Debian, Ubuntu), libpq-devel (Fedora) or libpq-dev (Alpine)" },
  { "libssl", "OpenSSL 1.1.1 or newer is missing: install libssl-dev (Debian, Ubuntu), openssl-devel (Fedora) or openssl-dev (Alpine)" },
  { "jansson", "jansson 2.11 or newer is missing: install libjansson-dev (Debian, Ubuntu), jansson-devel (Fedora)" },
  { "libedit", "libedit-dev (Alpine), or configure --without-libedit" },
}

local function find(name)
  for folder in (env.get("PATH") or ""):gmatch("[^:]+") do
    if fs.stat(folder .. "/" .. name, "follow") then return folder .. "/" .. name end
  end
end

function TestConfigure:setUp()
  lu.skipIf((env.get("TILTH_SANITIZE") or "") ~= "", "configure is tried by the build without sanitizers")
  lu.skipIf(env.get("TILTH_TEST_PG_BINDIR"), "configure is tried once")
  self.script = env.get("TILTH_SOURCE") .. "/configure"
  local real = find("pkg-config")
  lu.skipIf(not (fs.stat(self.script) and real and find("cc")), "there is no configure script, pkg-config or compiler")
  self.folder = temp.folder("configure")
  self.pkg_config = self.folder:write("pkg-config", PKG_CONFIG:format(real), EXECUTABLE)
end

--- Runs configure; the checks that are the same every time are made once.
local function configure(self, variables, ...)
  local all = { PKG_CONFIG = self.pkg_config, LACKS = "", CALLED = "-" }
  for name, value in pairs(variables) do all[name] = value end
  local result = program.run({
    program = "sh", args = { self.script, "--cache-file=" .. self.folder:join("cache"), ... }, cwd = self.folder.path, env = all,
    timeout = TIMEOUT,
  })
  return result
end

function TestConfigure:test_what_is_missing_is_named_as_each_system_calls_it()
  for _, case in ipairs(MISSING) do
    local result = configure(self, { LACKS = case[1] })
    lu.assertEquals(result.status, 1, case[1])
    lu.assertStrContains(result.stderr, case[2])
  end
end

function TestConfigure:test_argparse_is_missing_where_it_was_said_to_be()
  local result = configure(self, {}, "ARGPARSE=/nowhere/argparse.lua")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "argparse.lua (/nowhere/argparse.lua) is missing: install lua-argparse")
end

function TestConfigure:test_libpg_query_is_looked_for_by_header_and_library()
  -- A header and a library that are not theirs.
  self.folder:write("empty/pg_query.h", "#error not this one\n")
  local result = configure(self, {}, "PG_QUERY_CFLAGS=-I" .. self.folder:join("empty"))
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "libpg_query (pg_query.h) is missing: install libpg-query-dev")
  assert(fs.remove_tree(self.folder:join("cache")))
  self.folder:write("empty/libpg_query.so", "INPUT()\n")
  result = configure(self, {}, "LDFLAGS=-L" .. self.folder:join("empty"))
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "libpg_query (its library) is missing")
  lu.assertStrContains(result.stderr, "give PG_QUERY_CFLAGS and PG_QUERY_LIBS")
end

function TestConfigure:test_lua_is_found_by_the_names_of_other_systems()
  for name, others in pairs({ lua54 = "lua5.4 lua-5.4 lua", lua = "lua5.4 lua-5.4 lua54" }) do
    local result = configure(self, { LACKS = others, CALLED = name })
    lu.assertEquals(result.status, 0, name .. "\n" .. result.stderr)
    lu.assertStrMatches(self.folder:read("src/tilth.pc"):match("Requires.private: ([^\n]*)"), name .. " libpq .*")
  end
end

return TestConfigure
