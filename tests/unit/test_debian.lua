--- Tests that the Debian packages are those of this version, and that the tarball can build them.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")

local TestDebian = {}

local function read(name)
  return assert(fs.read(env.get("TILTH_SOURCE") .. "/" .. name))
end

function TestDebian:test_changelog_begins_with_the_version_of_configure()
  local version = assert(read("configure.ac"):match("AC_INIT%(%[tilth%], %[([^]]+)%]"))
  lu.assertEquals(read("debian/changelog"):match("^tilth %((.-)%-%d+%)"), version)
end

function TestDebian:test_tarball_holds_the_packaging()
  lu.assertStrMatches(read("Makefile.am"):match("\nEXTRA_DIST =([^\n]*)"), ".* debian .*")
end

-- What the build needs is said in three places, each in its own words.
function TestDebian:test_build_dependencies_are_those_of_the_scripts()
  local control = read("debian/control"):match("Build%-Depends:(.-)\nStandards")
  local packages = read("scripts/packages.sh"):match("build_packages=(%b())")
  for name in control:gmatch("\n (lib[%w.-]+%-dev),") do
    lu.assertStrContains(packages, name)
  end
  for name in packages:gmatch("lib[%w.-]+%-dev") do
    lu.assertStrContains(control, " " .. name .. ",")
    lu.assertStrContains(read("README.md"), name)
  end
end

-- libtilth-dev has the static library too.
function TestDebian:test_development_package_brings_what_the_static_library_is_linked_with()
  local control = read("debian/control")
  local depends = control:match("\nPackage: libtilth%-dev\n.-\nDepends:(.-)\nDescription")
  for name in control:match("Build%-Depends:(.-)\nStandards"):gmatch("\n (lib[%w.-]+%-dev),") do
    lu.assertStrContains(depends, " " .. name .. ",")
  end
end

return TestDebian
