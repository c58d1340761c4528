--- Takes one project through real Prisma and through tilth, each on a database of its own, and reads what they left.
local both = {}

local lu = require("luaunit")
local proc = require("tilth.core.proc")
local cluster = require("support.cluster")
local database = require("support.database")
local program = require("support.program")
local oracle = require("conformance.oracle")

local HISTORY <const> = [[
select migration_name, checksum, applied_steps_count, logs, finished_at is not null as finished,
  rolled_back_at is not null as rolled_back, finished_at >= started_at as in_order, length(id) as id_length
from %s order by migration_name collate "C", started_at]]

-- A dump of PostgreSQL 15.14 and later carries a random word in these two lines.
local RANDOM <const> = { "\n\\restrict [^\n]*", "\n\\unrestrict [^\n]*" }

--- Runs real Prisma.
-- @tparam table place `project` and `database`
-- @tparam table args
-- @treturn table as of oracle.run
function both.prisma(place, args)
  return oracle.run({ args = args, cwd = place.project.path, url = place.url or place.database.url, env = place.env })
end

--- Runs tilth with the same arguments.
-- @tparam table place `project` and `database`
-- @tparam table args
-- @treturn table `{ status, stdout, stderr, text, code }`
function both.tilth(place, args)
  local variables = { DATABASE_URL = place.url or place.database.url }
  for name, value in pairs(place.env or {}) do
    variables[name] = value
  end
  local result = program.run({ args = args, cwd = place.project.path, env = variables })
  result.code = result.status ~= 0 and oracle.code(result.stderr) or nil
  return result
end

--- The history as a list of comparable rows: without ids and times.
-- @tparam table db of support.database
-- @tparam[opt] string name of the table
-- @treturn table
function both.history(db, name)
  local result, rows = db:query(HISTORY:format(name or "_prisma_migrations")), {}
  for index = 1, #result do
    rows[index] = result[index]
  end
  return rows
end

--- The schema as pg_dump writes it.
-- @tparam table db of support.database
-- @treturn string
function both.dump(db)
  local path = cluster.program("pg_dump")
  lu.skipIf(not path, "this server's programs hold no pg_dump")
  local done = assert(proc.run({ path, "-s", "-h", db.params.host, "-p", db.params.port, "-U", db.params.user, db.name },
    { stdout = "capture", stderr = "capture", timeout = 180 }))
  if done.kind ~= "exit" or done.code ~= 0 then
    error("pg_dump: " .. done.stderr, 2)
  end
  local text = done.stdout
  for _, pattern in ipairs(RANDOM) do
    text = text:gsub(pattern, "")
  end
  return text
end

--- Two empty databases for one project.
-- @tparam table project of support.project
-- @treturn table `{ prisma = place, tilth = place }`, to be closed
function both.places(project)
  local places = {
    prisma = { project = project, database = database.new() },
    tilth = { project = project, database = database.new() },
  }
  return setmetatable(places, { __close = function()
    places.prisma.database:close()
    places.tilth.database:close()
  end })
end

--- Fails unless both databases hold the same history and the same schema.
-- @tparam table places
function both.assert_equal(places)
  lu.assertEquals(both.history(places.tilth.database), both.history(places.prisma.database))
  lu.assertEquals(both.dump(places.tilth.database), both.dump(places.prisma.database))
end

--- Fails unless a run ended well.
-- @tparam table result
function both.assert_done(result)
  if result.status ~= 0 then
    error(("it ended with %s:\n%s"):format(result.status or result.signal, result.text), 2)
  end
end

return both
