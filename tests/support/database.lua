--- A database of its own for one test, on the run's server.
local database = {}

local clock = require("tilth.core.clock")
local hash = require("tilth.core.hash")
local pg = require("tilth.core.pg")
local cluster = require("support.cluster")

-- For a backend that is leaving; the server itself waits up to 5 s for it, each time.
local PATIENCE <const> = require("support.patience")
local LOOK_PATIENCE <const> = 60
local IN_USE <const> = "55006"

local Database = {}
Database.__index = Database

--- Raises a failed query's report, with the SQLSTATE in front.
local function must(value, message, code)
  if value == nil then error(("%s: %s"):format(code, message), 3) end
  return value
end

--- Connects to the database `postgres` of the same server.
local function administrator(params)
  return must(pg.connect({ host = params.host, port = params.port, user = params.user, dbname = "postgres" }))
end

--- Makes an empty database.
-- Use it in a `<close>` variable, or call `close` in tearDown.
-- @tparam[opt] table options `template` (the name of a database to copy), `server` (of cluster.another), `name`
-- @treturn table with `name`, `url`, `params`
function database.new(options)
  options = options or {}
  local params = options.server
    and { host = options.server.socket_dir, port = "5432", user = "postgres" } or cluster.params()
  local name = options.name or "t_" .. hash.uuid():sub(1, 8)
  local sql = ("create database %q"):format(name)
  if options.template then sql = sql .. (" template %q"):format(options.template) end
  local conn <close> = administrator(params)
  -- Nothing waits for a disk here, so copying files is quicker than logging blocks, the default since 15.
  if conn:info().server_version >= 150000 then sql = sql .. " strategy file_copy" end
  must(conn:query(sql))
  params.dbname = name
  local url = options.server and options.server.url:gsub("/postgres%?", "/" .. name .. "?", 1) or cluster.url(name)
  return setmetatable({ name = name, params = params, url = url, opened = {} }, Database)
end

--- Opens one more connection; it is closed with the database at the latest.
-- @tparam[opt] table more parameters for libpq
-- @treturn userdata a connection of tilth.core.pg
function Database:connect(more)
  local params = {}
  for name, value in pairs(self.params) do params[name] = value end
  for name, value in pairs(more or {}) do params[name] = value end
  local conn = must(pg.connect(params))
  self.opened[#self.opened + 1] = conn
  return conn
end

--- The connection that the helpers below use.
local function own(self)
  if not self.conn then self.conn = self:connect({ application_name = "test" }) end
  return self.conn
end

--- Runs one statement; raises when it fails.
-- @tparam string sql
-- @tparam[opt] table params values for $1...
-- @treturn table the result
function Database:query(sql, params)
  return must(own(self):query(sql, params))
end

--- Runs several statements; raises when one fails.
-- @tparam string sql
-- @treturn table list of results
function Database:script(sql)
  return must(own(self):script(sql))
end

--- The first column of the first row; nil when it is NULL or there is no row.
-- @tparam string sql
-- @tparam[opt] table params
function Database:value(sql, params)
  local result = self:query(sql, params)
  return result[1] and result[1][result.columns[1]]
end

--- The first column of every row.
-- @tparam string sql
-- @tparam[opt] table params
-- @treturn table list
function Database:column(sql, params)
  local result, list = self:query(sql, params), {}
  for i = 1, #result do list[i] = result[i][result.columns[1]] end
  return list
end

--- Whether a table, view or index is there.
-- @tparam string name qualified where it is not in the search path
-- @treturn bool
function Database:has(name)
  return self:value("select to_regclass($1) is not null", { name })
end

--- Waits until another session of this database runs a query that holds a text; raises when none does for a minute.
-- @tparam string text
function Database:wait_for_query(text)
  local deadline = clock.monotonic() + LOOK_PATIENCE
  while self:value([[select count(*) from pg_stat_activity where datname = current_database() and state = 'active'
    and pid <> pg_backend_pid() and strpos(query, $1) > 0]], { text }) == 0 do
    if clock.monotonic() > deadline then error("no session runs a query with " .. text, 2) end
    clock.sleep(0.005)
  end
end

--- Waits until a query gives true; raises when it does not for a minute.
-- @tparam string sql
-- @tparam[opt] table params
function Database:wait_until(sql, params)
  local deadline = clock.monotonic() + LOOK_PATIENCE
  while self:value(sql, params) ~= true do
    if clock.monotonic() > deadline then error("it never came to be true: " .. sql, 2) end
    clock.sleep(0.005)
  end
end

--- Waits until no session of tilth is left: a backend leaves a moment after its client.
function Database:wait_until_left()
  self:wait_until([[select count(*) = 0 from pg_stat_activity where datname = current_database()
    and application_name like 'tilth%']])
end

--- Makes a gate for the SQL under test: a statement that lasts until the test opens it, however slow the machine is.
-- It asks again and again and waits for no lock, so that no lock_timeout ends it.
-- @tparam[opt] integer number for a second gate
-- @treturn table `sql` (one statement, with its semicolon), `body` (the same within PL/pgSQL), `open` (a function)
function Database:gate(number)
  number = number or 1
  local body = ("WHILE NOT pg_try_advisory_lock_shared(4711, %d) LOOP PERFORM pg_sleep(0.02); END LOOP;"):format(number)
  self:query("select pg_advisory_lock(4711, $1)", { number })
  return {
    sql = "DO $$ BEGIN " .. body .. " END $$;", body = body,
    open = function() self:query("select pg_advisory_unlock(4711, $1)", { number }) end,
  }
end

--- Closes the helper's connection and those of `connect`, so that the database can serve as a template.
function Database:disconnect()
  for _, conn in ipairs(self.opened) do conn:close() end
  self.opened, self.conn = {}, nil
end

--- Who is in a database, for the message about a leak.
local function visitors(conn, name)
  local rows = must(conn:query([[select pid, application_name, state from pg_stat_activity where datname = $1]], { name }))
  local lines = {}
  for i, row in ipairs(rows) do
    lines[i] = ("%d (application_name %q, %s)"):format(row.pid, row.application_name or "", row.state or "?")
  end
  return table.concat(lines, ", ")
end

--- Drops the database. A session that is still in it, once those of this object are closed, is a leak of what was
-- tested: it is thrown out, and reported by an error.
function Database:close()
  if self.closed then return end
  self.closed = true
  self:disconnect()
  local conn <close> = administrator(self.params)
  local drop = ("drop database if exists %q"):format(self.name)
  local deadline = clock.monotonic() + PATIENCE
  local dropped, message, code
  repeat
    dropped, message, code = conn:query(drop)
    if dropped then return end
    if code ~= IN_USE then error(("%s: %s"):format(code, message), 2) end
    clock.sleep(0.01)
  until clock.monotonic() > deadline
  local who = visitors(conn, self.name)
  must(conn:query(drop .. " with (force)"))
  error(("sessions were left open on the test's database: %s"):format(who), 2)
end

Database.__close = Database.close

return database
