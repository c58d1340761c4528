--- Tells a pooler that shares one server session between clients: migrations cannot work through it.
-- There the lock is taken in one session and the work done in another.
-- @module tilth.migrate.pooler

local pooler = {}

local db_module = require("tilth.db")

local ADVICE <const> = "Give migrations a direct way to the database: set DIRECT_URL to the database's own host and port, and write "
  .. "directUrl = env(\"DIRECT_URL\") in the datasource block of schema.prisma; or let the pooler work in session mode."

-- The pooler hands the session of an idle client to the next one: a second client is served by the first one's server process.
local function is_shared(db, mine)
  local second <close> = db_module.connect(db.target, { command = "pooler check" })
  return second and second:value("SELECT pg_catalog.pg_backend_pid()") == mine
end

--- Refuses transaction pooling.
-- @tparam table db a session whose server process is not the one it was told when it connected
-- @tparam integer pid that server process
-- @treturn boolean true in session mode
-- @treturn nil,string,string,table "config"
function pooler.check(db, pid)
  if is_shared(db, pid) then
    return nil, "the database is reached through a pooler in transaction mode (pgbouncer), in which migrations cannot hold their lock",
      "config", { advice = ADVICE }
  end
  return true
end

return pooler
