--- A session with PostgreSQL: queries, transactions, COPY. The one road to the database.
-- All methods return nil, message, code, detail when the world fails; code is the SQLSTATE,
-- or a Prisma code for a connection that can't be made.
local db = {}

local array = require("tilth.array")
local connection = require("tilth.connection")
local pg = require("tilth.core.pg")

local Db = {}
Db.__index = Db

--- SQL NULL as a value of a table.
db.null = pg.null

--- PostgreSQL cuts application_name there (NAMEDATALEN - 1).
local APPLICATION_NAME_BYTES <const> = 63
local DEFAULT_SESSION = { lock_timeout = "5s", idle_in_transaction_session_timeout = "10min" }

--- What pg_stat_activity shows of this session: who waits for whom can be named by it.
local function application_name(options)
  local name = "tilth " .. (options.command or "")
  if options.build and options.build ~= "" then
    name = name .. " " .. options.build
  end
  return name:sub(1, APPLICATION_NAME_BYTES)
end

--- Connects and sets the session up.
-- @tparam table target where: see docs/architecture.md
-- @tparam[opt] table options command and build (for application_name), session (settings beside the
--   defaults, name -> text), read_only, connect_timeout and wait (seconds), on_wait(message), meanwhile (called again
--   and again while the server is waited for, to do a small piece of work, until it gives false)
-- @treturn[1] Db session, for a `<close>` variable
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: P1000, P1001, P1003, P1010, P1011, P1017 or a SQLSTATE
-- @treturn[2] table detail: sqlstate, reason, advice
function db.connect(target, options)
  options = options or {}
  local session = {}
  for name, value in pairs(DEFAULT_SESSION) do
    session[name] = value
  end
  for name, value in pairs(options.session or {}) do
    session[name] = value
  end
  local self = setmetatable({ target = target, session = session, read_only = options.read_only, options = {
    application_name = application_name(options),
    connect_timeout = options.connect_timeout,
    wait = options.wait,
    on_wait = options.on_wait,
    meanwhile = options.meanwhile,
  }, depth = 0 }, Db)
  local ok, message, code, detail = self:reconnect()
  if not ok then
    return nil, message, code, detail
  end
  return self
end

--- Opens the connection anew, after it was lost, with the same session settings.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:reconnect()
  self:close()
  local conn, message, code = connection.open(self.target, self.options)
  if not conn then
    return nil, require("tilth.connect_error").explain(self.target, message, code)
  end
  self.conn = conn
  local ok, why, state, detail = conn:script(self:session_sql())
  if not ok then
    self:close()
    return nil, "cannot set up the session: " .. why, state, detail
  end
  return true
end

--- The SQL that gives a session its settings; also after RESET ALL.
-- @treturn string SQL
function Db:session_sql()
  local lines = {}
  for _, name in ipairs(array.sorted_keys(self.session)) do
    lines[#lines + 1] = ("SET %s = %s"):format(name, self.conn:literal(tostring(self.session[name])))
  end
  -- A build that is killed frees its locks within a second instead of when its query ends.
  if self.conn:info().server_version >= 140000 and self.session.client_connection_check_interval == nil then
    lines[#lines + 1] = "SET client_connection_check_interval = '1s'"
  end
  if self.target.schema_given then
    lines[#lines + 1] = "SET search_path = " .. self.conn:identifier(self.target.schema)
  end
  if self.read_only then
    lines[#lines + 1] = "SET default_transaction_read_only = on"
  end
  return table.concat(lines, "; ")
end

--- Changes a session setting, now and after each reset of the session.
-- @tparam string name a setting of PostgreSQL, such as "lock_timeout"
-- @tparam string value its text, such as "5s"
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:set(name, value)
  if type(name) ~= "string" or type(value) ~= "string" then
    error("db:set expects the name of a setting and its text", 2)
  end
  local before = self.session[name]
  self.session[name] = value
  local result, message, code, detail = self:query("SELECT set_config($1, $2, false)", name, value)
  if not result then
    -- One that the server refuses would let every later reset of the session fail.
    self.session[name] = before
    return nil, message, code, detail
  end
  return true
end

--- The connection for what asks no server: without one that is wrong use.
local function conn_of(self)
  return self.conn or error("the connection to the database is closed", 3)
end

local function closed()
  return nil, "the connection to the database is closed", "08006", { lost = true }
end

--- Runs one statement with parameters $1, $2, ...
-- @tparam string sql one statement
-- @tparam any ... strings, numbers, booleans, nil or db.null
-- @treturn[1] table rows keyed by column name (a second `id` is `id (2)`); `columns`, `count`, `command` (such as "INSERT 0 2")
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:query(sql, ...)
  if not self.conn then
    return closed()
  end
  return self.conn:query(sql, table.pack(...), self.timeout)
end

--- Runs a text of any number of statements as one message, so as one transaction unless the
-- text holds its own.
-- @tparam string sql any number of statements
-- @treturn[1] table list of results, one a statement
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields; `statement`: which one failed
function Db:script(sql)
  if not self.conn then
    return closed()
  end
  return self.conn:script(sql, self.timeout)
end

--- The first row of a query.
-- @tparam string sql one statement
-- @tparam any ... values as of `query`
-- @treturn[1] table|boolean row; false when there is none
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:one(sql, ...)
  local result, message, code, detail = self:query(sql, ...)
  if not result then
    return nil, message, code, detail
  end
  return result[1] or false
end

--- The first column of the first row.
-- @tparam string sql one statement
-- @tparam any ... values as of `query`
-- @treturn[1] any value; db.null for NULL, false when there is no row
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:value(sql, ...)
  local result, message, code, detail = self:query(sql, ...)
  if not result then
    return nil, message, code, detail
  end
  if not result[1] then
    return false
  end
  local value = result[1][result.columns[1]]
  if value == nil then
    return db.null
  end
  return value
end

--- Counts a block, and undoes it when it is left by an error or an interruption.
local function guard(self, undo)
  self.depth = self.depth + 1
  return setmetatable({}, { __close = function(this)
    self.depth = self.depth - 1
    if not this.done and self:in_transaction() then
      self.conn:script(undo)
    end
  end })
end

--- Runs `fn` between two statements: `finish` after it, or `undo` when it fails.
local function bracket(self, begin, finish, undo, fn)
  local ok, message, code, detail = self:script(begin)
  if not ok then
    return nil, message, code, detail
  end
  local open_block <close> = guard(self, undo)
  local values = table.pack(fn(self))
  if values[1] == nil and values[2] ~= nil then
    open_block.done = true
    local undone, why = self:script(undo)
    if not undone and self:status() ~= "closed" then
      values[2] = ("%s (and the rollback failed: %s)"):format(values[2], why)
    end
    return table.unpack(values, 1, values.n)
  end
  local finished, why, state, more = self:script(finish)
  if not finished then
    return nil, why, state, more
  end
  open_block.done = true
  if finished[#finished].command == "ROLLBACK" then
    return nil, "the transaction was rolled back, because a statement in it had failed", "25P02"
  end
  return table.unpack(values, 1, values.n)
end

--- Runs fn(db) in a transaction: committed when it returns, rolled back when it raises or
-- returns nil, message. Within a transaction it is a savepoint.
-- @tparam function fn
-- @treturn[1] any what fn returned
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function Db:transaction(fn)
  if self.depth > 0 then
    return self:savepoint(fn)
  end
  return bracket(self, "BEGIN", "COMMIT", "ROLLBACK", fn)
end

--- Runs fn(db) under a savepoint of the transaction that is open.
-- @tparam function fn
-- @treturn[1] any what fn returned
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function Db:savepoint(fn)
  local name = "tilth_" .. self.depth
  return bracket(self, "SAVEPOINT " .. name, "RELEASE SAVEPOINT " .. name, "ROLLBACK TO SAVEPOINT " .. name, fn)
end

--- COPY ... FROM STDIN.
-- @tparam string sql the COPY statement
-- @tparam string|function|table source a text, function() -> text | nil, or with `columns` a list of rows or function() -> row | nil
-- @tparam[opt] table columns keys of a row, in the order of the COPY's columns, or tables that say more (docs/architecture.md)
-- @tparam[opt] table options what else is known of the rows (docs/architecture.md)
-- @treturn[1] integer number of rows
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:copy_in(sql, source, columns, options)
  if not self.conn then
    return closed()
  end
  return self.conn:copy_in(sql, source, columns, options)
end

--- COPY ... TO STDOUT.
-- @tparam string sql the COPY statement
-- @tparam function sink called with whole rows as text, many at a time
-- @treturn[1] integer number of rows
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:copy_out(sql, sink)
  if not self.conn then
    return closed()
  end
  return self.conn:copy_out(sql, sink)
end

--- PostgreSQL's array literal of a flat list, encoded in C.
-- @tparam table list strings, numbers, booleans, db.null
-- @tparam[opt] integer count its length, when it may hold nil
-- @treturn string
function Db.array(_, list, count)
  return pg.array(list, count)
end

--- The state of the connection.
-- @treturn string "idle", "active", "transaction", "failed" or "closed"
function Db:status()
  return self.conn and self.conn:status() or "closed"
end

--- Tells whether a transaction is open, whoever opened it; one that has failed counts, too.
-- @treturn boolean
function Db:in_transaction()
  local status = self:status()
  return status == "transaction" or status == "failed"
end

--- Rolls back the transaction that is open. Without one nothing is done.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
-- @treturn[2] table detail: the server's fields
function Db:roll_back()
  if not self:in_transaction() then
    return true
  end
  local done, message, code, detail = self:script("ROLLBACK")
  return done and true, message, code, detail
end

--- Facts about the open connection.
-- @treturn table `{ pid, server_version, host, port, database, user, tls }`
function Db:info()
  return conn_of(self):info()
end

--- A name as SQL: quoted where needed.
-- @tparam string name
-- @treturn string
function Db:identifier(name)
  return conn_of(self):identifier(name)
end

--- A text as an SQL literal.
-- @tparam string text
-- @treturn string
function Db:literal(text)
  return conn_of(self):literal(text)
end

--- Sets what is called with each notice of the server: { severity, sqlstate, message, ... }.
-- @tparam[opt] function fn none without it
function Db:on_notice(fn)
  conn_of(self):on_notice(fn)
end

--- Sets what is called again and again while a query runs: fn(seconds the query has been waited for).
-- @tparam[opt] function fn none without it
-- @tparam[opt] number seconds between two calls
function Db:on_wait(fn, seconds)
  conn_of(self):on_wait(fn, seconds)
end

--- Asks the server to end the query that runs; for callbacks of on_wait.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "failed"
function Db:cancel()
  return conn_of(self):cancel()
end

--- Closes the connection; an open transaction is rolled back by the server. Twice is allowed.
function Db:close()
  if self.conn then
    self.conn:close()
  end
  self.conn = nil
end

Db.__close = Db.close
Db.__gc = Db.close

return db
