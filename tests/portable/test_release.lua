--- What scripts/release left: that lists, sums and programs agree, and that its check finds what it is there to find.
local lu = require("luaunit")

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local hash = require("tilth.core.hash")
local json = require("tilth.core.json")
local elsewhere = require("support.elsewhere")
local proc = require("tilth.core.proc")
local program = require("support.program")
local temp = require("support.temp")

local TestRelease = {}

local PROGRAMS <const> = { "tilth", "tilth-musl" }

local function folder()
  return (elsewhere.released("tilth"):gsub("/tilth$", ""))
end

local function release(...)
  local result = assert(proc.run({ env.get("TILTH_SOURCE") .. "/scripts/release", ... },
    { stdin = "null", stdout = "capture", stderr = "capture", timeout = 180 }))
  result.text = result.stdout .. result.stderr
  return result
end

local function version()
  return program.run({ program = elsewhere.released("tilth"), args = { "--version" }, env = { TILTH_LUADIR = false } }).stdout
end

local function sbom()
  return assert(json.decode(assert(fs.read(("%s/tilth-%s.spdx.json"):format(folder(), version():match("tilth (%S+)"))))))
end

function TestRelease:test_the_sums_are_those_of_the_files()
  local listed = {}
  for sum, name in assert(fs.read(folder() .. "/SHA256SUMS")):gmatch("(%x+)  ([^\n]+)\n") do
    lu.assertEquals(hash.sha256(assert(fs.read(folder() .. "/" .. name))), sum, name)
    listed[#listed + 1] = name
  end
  local text = table.concat(listed, " ")
  for _, name in ipairs({ "LICENSES.txt", "tilth", "tilth-musl", "npm/tilth-", ".spdx.json", ".tar.xz" }) do
    lu.assertStrContains(text, name)
  end
end

function TestRelease:test_the_list_of_what_is_linked_holds_together()
  local list, ids = sbom(), { ["SPDXRef-DOCUMENT"] = true }
  lu.assertEquals(list.spdxVersion, "SPDX-2.3")
  for _, package in ipairs(list.packages) do
    lu.assertNil(ids[package.SPDXID], package.SPDXID .. " stands twice")
    ids[package.SPDXID] = true
    lu.assertNotEquals(package.versionInfo, "")
    lu.assertNotEquals(package.licenseDeclared, "NOASSERTION", package.name)
    lu.assertTrue(package.name == "gcc" or #package.checksums[1].checksumValue == 64, package.name)
  end
  for _, relation in ipairs(list.relationships) do
    lu.assertTrue(ids[relation.spdxElementId] and ids[relation.relatedSpdxElement], relation.relatedSpdxElement)
  end
end

function TestRelease:test_the_list_names_the_versions_that_are_linked()
  local by_name = {}
  for _, package in ipairs(sbom().packages) do by_name[package.name] = package end
  local lua, libpq, openssl = version():match("Lua (%S+), libpq (%S+), OpenSSL ([%d.]+)")
  for name, linked in pairs({ ["lua5.4"] = lua, ["postgresql-17"] = libpq, openssl = openssl }) do
    lu.assertStrMatches(by_name[name].versionInfo, linked:gsub("%.", "%%.") .. "[-+].*")
    lu.assertStrContains(assert(fs.read(folder() .. "/LICENSES.txt")), "======== " .. name .. "/")
  end
  for _, name in ipairs(PROGRAMS) do
    lu.assertEquals(by_name[name].checksums[1].checksumValue, hash.sha256(assert(fs.read(elsewhere.released(name)))))
  end
end

function TestRelease:test_the_check_accepts_the_programs()
  local result = release("--check", "--out", folder())
  lu.assertEquals(result.code, 0, result.text)
  lu.assertStrMatches(result.stdout, "tilth: %d+ bytes, newest symbol GLIBC_2%.%d+, tilth .*\n"
    .. "tilth%-musl: %d+ bytes, newest symbol none, .*")
end

function TestRelease:test_the_check_refuses_other_libraries_a_loader_and_too_many_bytes()
  local made = temp.folder("release")
  local linked = "/usr/bin/openssl"
  lu.skipIf(not fs.stat(linked), "no program that needs more than glibc")
  local big = assert(fs.read(elsewhere.released("tilth-musl"))) .. ("\0"):rep(3000000)
  local cases = {
    { "tilth", assert(fs.read(linked)), "--glibc", "needs more than glibc" },
    { "tilth-musl", assert(fs.read(linked)), "--musl", "is not static" },
    { "tilth-musl", big, "--musl", "bytes, more than 9000000" },
  }
  for _, case in ipairs(cases) do
    made:write(case[1], case[2], 493) -- 493: rwxr-xr-x
    local result = release("--check", case[3], "--out", made.path)
    lu.assertEquals(result.code, 1, result.text)
    lu.assertStrContains(result.stderr, case[4])
  end
  local result = release("--check", "--glibc", "--out", temp.folder("none").path)
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stderr, "there is no ")
end

-- What the machine's compiler makes of a function that came with glibc 2.36.
function TestRelease:test_the_check_refuses_a_symbol_that_older_systems_lack()
  local made = temp.folder("release")
  made:write("new.c", "#include <stdlib.h>\nint main(void) { return (int)arc4random(); }\n")
  local built = assert(proc.run({ "gcc", "-o", made:join("tilth"), made:join("new.c") }, { stderr = "capture" }))
  lu.skipIf(built.code ~= 0, "this glibc has nothing newer than 2.34")
  local result = release("--check", "--glibc", "--out", made.path)
  lu.assertEquals(result.code, 1, result.text)
  lu.assertStrContains(result.stderr, "needs GLIBC_2.36, newer than GLIBC_2.34")
end

function TestRelease:test_a_command_line_that_is_not_understood()
  for _, case in ipairs({ { "--mus", "unknown option --mus" }, { "--arch", "--arch needs a value" } }) do
    local result = release(case[1])
    lu.assertEquals(result.code, 2)
    lu.assertStrContains(result.stderr, case[2])
    lu.assertStrContains(result.stderr, "usage: scripts/release")
  end
  local result = release("--check", "--arch", "vax")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stderr, "no recipe for the architecture vax")
end

return TestRelease
