--- Writes the list of all that is linked into the programs of a release, as SPDX 2.3.
-- Called by scripts/release: sbom.lua FOLDER VERSION SOURCE_PACKAGE...
local clock = require("tilth.clock")
local env = require("tilth.env")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local json = require("tilth.json")
local process = require("tilth.process")

--- What Debian calls the source, what is linked of it, and its licence.
local KNOWN <const> = {
  ["lua5.4"] = { part = "liblua", licence = "MIT" },
  jansson = { part = "libjansson", licence = "MIT" },
  openssl = { part = "libssl and libcrypto", licence = "Apache-2.0" },
  ["postgresql-17"] = { part = "libpq, libpgcommon and libpgport", licence = "PostgreSQL" },
  ["libpg-query"] = { part = "libpg_query, with protobuf-c and xxHash", licence = "BSD-3-Clause AND PostgreSQL AND BSD-2-Clause" },
  ncurses = { part = "libtinfo", licence = "X11-distribute-modifications-variant" },
  libedit = { part = "libedit", licence = "BSD-3-Clause AND BSD-2-Clause AND ISC" },
  musl = { part = "libc", licence = "MIT", only = "tilth-musl" },
}

local function read(path)
  return assert(fs.read(path))
end

local function identifier(name)
  return "SPDXRef-" .. name:gsub("[^%w.-]", "-")
end

local function package_of(fields)
  fields.SPDXID = identifier(fields.name)
  fields.filesAnalyzed = false
  fields.downloadLocation = fields.downloadLocation or "NOASSERTION"
  fields.licenseConcluded = fields.licenseDeclared
  fields.copyrightText = fields.copyrightText or "NOASSERTION"
  return fields
end

--- The package of one source, from the version and the sums that were kept when it was fetched.
local function library(folder, name)
  local known = assert(KNOWN[name], "no licence is known of " .. name)
  local version, rest = read(("%s/deps/origin/%s"):format(folder, name)):match("^(%S+)\n(.*)$")
  local files, sums, archive = {}, {}, nil
  for sum, file in rest:gmatch("(%x+)  (%S+)") do
    files[#files + 1] = ("%s (SHA256 %s)"):format(file, sum)
    if file:find("%.orig%.tar%.%w+$") then
      sums[1], archive = { algorithm = "SHA256", checksumValue = sum }, file
    end
  end
  assert(archive, "no archive of " .. name)
  local escaped = version:gsub("%+", "%%2B")
  return package_of({
    name = name, versionInfo = version, summary = known.part, licenseDeclared = known.licence, checksums = sums,
    packageFileName = archive, supplier = "Organization: Debian",
    sourceInfo = "built from Debian's source package: " .. table.concat(files, ", "),
    externalRefs = { {
      referenceCategory = "PACKAGE-MANAGER", referenceType = "purl",
      referenceLocator = ("pkg:deb/debian/%s@%s?arch=source"):format(name, escaped),
    } },
  })
end

local function output_of(...)
  local done = assert(process.run({ ... }, { stdout = "capture" }))
  assert(done.code == 0, (...))
  return done.stdout
end

--- What is no library with a source package of its own: a Lua module of Debian's, and the compiler's runtime.
local function from_machine()
  local module = read("/usr/share/lua/5.4/argparse.lua")
  local compiler = output_of("dpkg-query", "-W", "-f=${Version}", "gcc-" .. output_of("gcc", "-dumpversion"):match("%d+"))
  return {
    package_of({ name = "lua-argparse", versionInfo = output_of("dpkg-query", "-W", "-f=${Version}", "lua-argparse"),
      summary = "the Lua module argparse", licenseDeclared = "MIT", packageFileName = "argparse.lua",
      checksums = { { algorithm = "SHA256", checksumValue = hash.sha256(module) } } }),
    package_of({ name = "gcc", versionInfo = compiler, summary = "libgcc and the start files, as far as the compiler links them",
      licenseDeclared = "GPL-3.0-or-later WITH GCC-exception-3.1" }),
  }
end

local function program(folder, version, name)
  return package_of({
    name = name, versionInfo = version, licenseDeclared = "MIT", packageFileName = name, primaryPackagePurpose = "APPLICATION",
    copyrightText = read("LICENSE"):match("Copyright[^\n]*"),
    checksums = { { algorithm = "SHA256", checksumValue = hash.sha256(read(folder .. "/" .. name)) } },
  })
end

local function relate(list, from, kind, to)
  list[#list + 1] = { spdxElementId = from, relationshipType = kind, relatedSpdxElement = to }
end

--- Writes the list.
-- @tparam string folder of the release
-- @tparam string version of tilth
-- @tparam table names of the source packages
local function write(folder, version, names)
  local programs = { program(folder, version, "tilth"), program(folder, version, "tilth-musl") }
  local parts = from_machine()
  for _, name in ipairs(names) do parts[#parts + 1] = library(folder, name) end
  local relationships, digests = {}, {}
  for i, made in ipairs(programs) do
    digests[i] = made.checksums[1].checksumValue
    relate(relationships, "SPDXRef-DOCUMENT", "DESCRIBES", made.SPDXID)
    for _, part in ipairs(parts) do
      local only = KNOWN[part.name] and KNOWN[part.name].only
      if not only or only == made.name then relate(relationships, made.SPDXID, "STATIC_LINK", part.SPDXID) end
    end
  end
  local document = {
    spdxVersion = "SPDX-2.3", dataLicense = "CC0-1.0", SPDXID = "SPDXRef-DOCUMENT", name = "tilth-" .. version,
    documentNamespace = ("https://spdx.org/spdxdocs/tilth-%s-%s"):format(version, hash.sha256(table.concat(digests))),
    creationInfo = {
      created = clock.utc(math.tointeger(tonumber(env.get("SOURCE_DATE_EPOCH")))):gsub("%.%d+Z$", "Z"),
      creators = { "Tool: tilth-" .. version },
    },
    packages = table.move(parts, 1, #parts, #programs + 1, programs), relationships = relationships,
  }
  assert(fs.write(("%s/tilth-%s.spdx.json"):format(folder, version), json.encode(document, { indent = 2, sort = true }) .. "\n"))
end

local arguments <const> = { ... }
write(arguments[1], arguments[2], table.move(arguments, 3, #arguments, 1, {}))
