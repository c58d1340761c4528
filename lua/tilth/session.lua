--- A session with the project's database as scripts and the prompt get it: what fails is raised as an error object.
--
-- Outside a transaction each statement and each verb is a transaction of its own; `db:transaction(function() ... end)` makes
-- one of many. An error object has `message`, `code` (SQLSTATE or word), `advice` and the server's fields; see docs/scripts.md.
local session = {}

local call_site = require("tilth.call_site")
local database = require("tilth.db")
local excerpt = require("tilth.migrate.excerpt")
local errors = require("tilth.seed.errors")
local explain = require("tilth.seed.explain")
local seed_run = require("tilth.seed.run")
local sql = require("tilth.sql")
local statements = require("tilth.seed.statements")

local Session = { __name = "tilth session" }
Session.__index = Session

--- SQL NULL as a value: db.null.
Session.null = database.null

local function fail(self, verb, text, message, code, detail)
  detail = detail or {}
  local site = call_site.find(self.is_caller)
  local more
  local plain = message
  message, more = explain.failure({ site = site, verb = verb, message = plain, code = code, detail = detail })
  if text and detail.position then
    local line, column = excerpt.locate(text, detail.position)
    message = message .. "\n" .. excerpt.show(text, line, column)
  end
  error(errors.new(message, code, more), 0)
end

--- The session of the verbs (upsert ...), which knows models and gathers rows; made when first needed.
local function inner_of(self)
  if not self.inner then
    self.inner = seed_run.session(self.world, { name = self.name, path = self.folder .. "/" .. self.name })
    self.inner.is_caller = self.is_caller
  end
  return self.inner
end

--- Told apart from a call with a dot in the place of the colon.
local function check_self(self, method)
  if getmetatable(self) ~= Session then
    error(("write db:%s(...), with a colon"):format(method), 3)
  end
end

local function check_text(method, text)
  if type(text) ~= "string" then
    error(("db:%s expects a COPY statement, not a %s"):format(method, type(text)), 3)
  end
end

local function check_function(method, fn)
  if type(fn) ~= "function" then
    error(("db:%s expects a function, not a %s"):format(method, type(fn)), 3)
  end
end

--- Rows that a verb has gathered in a transaction reach the server before the next statement does.
local function flush(self)
  if self.inner then
    self.inner:flush()
  end
end

local function run(self, verb, method, text, ...)
  flush(self)
  local value, message, code, detail = self.db[method](self.db, text, ...)
  if value == nil then
    fail(self, verb, text, message, code, detail)
  end
  return value
end

-- What the verbs know about tables is read anew after a script that may have changed them.
local plain = statements.over(run, function(self, changed)
  self.inner = nil
  if changed then
    self:forget()
  end
end)

--- Runs one statement with parameters $1, $2, ...
-- @function query
-- @tparam string text SQL
-- @tparam any ... strings, numbers, booleans, nil or db.null
-- @treturn table list of rows keyed by column name (a second `id` is `id (2)`); `columns`, `count`, `command`
-- @raise an error object with the script's line, the server's words and a caret under the place
Session.query = plain.query

--- The first row.
-- @function one
-- @tparam string text SQL
-- @tparam any ... strings, numbers, booleans, nil or db.null
-- @treturn table|nil row, nil when there is none
-- @raise as `query`
Session.one = plain.one

--- The first column of the first row.
-- @function value
-- @tparam string text SQL
-- @tparam any ... strings, numbers, booleans, nil or db.null
-- @treturn any value; nil for NULL or when there is no row
-- @raise as `query`
Session.value = plain.value

--- Runs SQL: one statement with parameters, or a script of any number of statements without.
-- @function exec
-- @tparam string text SQL
-- @tparam any ... strings, numbers, booleans, nil or db.null
-- @treturn integer number of rows of the last statement
-- @raise as `query`
Session.exec = plain.exec

--- Is a transaction open, by this object or by SQL?
-- @treturn boolean
function Session:in_transaction()
  check_self(self, "in_transaction")
  return self.db:in_transaction()
end

local function bracket(self, method, fn)
  local values
  local ok, message, code, detail = self.db[method](self.db, function()
    values = table.pack(fn(self))
    flush(self)
    return true
  end)
  if not ok then
    fail(self, method, nil, message, code, detail)
  end
  return table.unpack(values, 1, values.n)
end

--- What was gathered in a block that an error has left was rolled back: it must not be written later.
local function forgetful(self)
  return setmetatable({}, { __close = function(guard)
    if not guard.done then
      self.inner = nil
    end
  end })
end

--- Runs fn(db) in a transaction: committed when it returns, rolled back when it raises. Within one it is a savepoint.
-- @tparam function fn
-- @treturn any what fn returned
-- @raise what fn raised, or an error object
function Session:transaction(fn)
  check_self(self, "transaction")
  check_function("transaction", fn)
  -- What was gathered before belongs to the outer block, whatever becomes of this one.
  flush(self)
  local guard <close> = forgetful(self)
  local values = table.pack(bracket(self, self:in_transaction() and "savepoint" or "transaction", fn))
  guard.done = true
  return table.unpack(values, 1, values.n)
end

--- Runs fn(db) under a savepoint of the open transaction, so that an error in it can be caught and the rest goes on.
-- @tparam function fn
-- @treturn any what fn returned
-- @raise what fn raised, or an error object
function Session:savepoint(fn)
  check_self(self, "savepoint")
  check_function("savepoint", fn)
  return self:transaction(fn)
end

--- Opens a transaction.
-- @raise an error object
function Session:begin()
  check_self(self, "begin")
  run(self, "begin", "script", "BEGIN")
end

--- Commits the open transaction.
-- @raise an error object; code 25P02 when a statement in it had failed, so that the server rolled it back
function Session:commit()
  check_self(self, "commit")
  local results = run(self, "commit", "script", "COMMIT")
  if results[#results].command == "ROLLBACK" then
    fail(self, "commit", nil, "the transaction was rolled back, because a statement in it had failed", "25P02", {})
  end
end

--- Rolls the open transaction back.
-- @raise an error object
function Session:rollback()
  check_self(self, "rollback")
  self.inner = nil
  run(self, "rollback", "script", "ROLLBACK")
end

local function verb(self, name, ...)
  local inner, arguments = inner_of(self), table.pack(...)
  local function write()
    return inner[name](inner, table.unpack(arguments, 1, arguments.n))
  end
  if self:in_transaction() then
    return write()
  end
  return self:transaction(write)
end

--- Inserts rows, updates those that differ, leaves equal ones alone; in a seed's words, see docs/scripts.md.
-- @tparam string name a model or table
-- @tparam table rows a row or a list of rows
-- @tparam[opt] table options `key`, `update`
-- @treturn table counts: inserted, updated, unchanged
-- @raise an error object
function Session:upsert(name, rows, options)
  check_self(self, "upsert")
  return verb(self, "upsert", name, rows, options)
end

--- Inserts rows that are missing, and never touches those that are there.
-- @tparam string name a model or table
-- @tparam table rows
-- @tparam[opt] table options `key`
-- @treturn table counts
-- @raise an error object
function Session:ensure(name, rows, options)
  check_self(self, "ensure")
  return verb(self, "ensure", name, rows, options)
end

--- Makes a table, or the part in `where`, equal to the rows.
-- @tparam string name a model or table
-- @tparam table rows
-- @tparam[opt] table options `key`, `where`, `delete`, `empty`
-- @treturn table counts
-- @raise an error object
function Session:sync(name, rows, options)
  check_self(self, "sync")
  return verb(self, "sync", name, rows, options)
end

--- Upserts from a file (.csv, .json, .jsonl) or an iterator, with flat memory.
-- @tparam string name a model or table
-- @tparam string|function input a path relative to the session's folder, or function() -> row | nil
-- @tparam[opt] table options `key`, `map`, `format`, `delimiter`, `header`
-- @treturn table counts
-- @raise an error object
function Session:load(name, input, options)
  check_self(self, "load")
  return verb(self, "load", name, input, options)
end

--- COPY ... TO STDOUT.
-- @tparam string text the COPY statement
-- @tparam function sink called with whole rows as text
-- @treturn integer number of rows
-- @raise an error object
function Session:copy_out(text, sink)
  check_self(self, "copy_out")
  check_text("copy_out", text)
  check_function("copy_out", sink)
  return run(self, "copy_out", "copy_out", text, sink)
end

--- COPY ... FROM STDIN.
-- @tparam string text the COPY statement
-- @tparam string|function input text, or function() -> text | nil
-- @treturn integer number of rows
-- @raise an error object
function Session:copy_in(text, input)
  check_self(self, "copy_in")
  check_text("copy_in", text)
  return run(self, "copy_in", "copy_in", text, input)
end

--- The statements of an SQL text, as the server would cut it.
-- @tparam string text
-- @treturn table list of { text, position, line }
-- @raise an error object
function Session.split(_, text)
  return errors.check(sql.split(text))
end

--- The models and tables that the verbs know.
-- @treturn table with `catalog`, `models` and `get(name)`
-- @raise an error object
function Session:models()
  check_self(self, "models")
  return errors.check(inner_of(self):models())
end

--- Why this database is protected: its mark in the ledger, the environment, tilth.config.lua. A ledger that can't be read
-- protects, too.
-- @treturn table list of texts, empty when it is not protected
function Session:protection()
  check_self(self, "protection")
  local world = self.world
  local observed, message = require("tilth.ledger").observe(self.db, world.build, true)
  if not observed then
    return { "its mark cannot be read: " .. message }
  end
  return require("tilth.reset.protection").reasons({
    ledger = observed, environment = world.environment, settings = world.settings, project = world.project, target = world.target,
  })
end

--- PostgreSQL's array literal of a flat list.
-- @tparam table list strings, numbers, booleans, db.null
-- @tparam[opt] integer count its length, when it may hold nil
-- @treturn string
function Session:array(list, count)
  check_self(self, "array")
  return self.db:array(list, count)
end

--- Forgets what is known about tables and models, after DDL or a change of schema.prisma.
function Session:forget()
  check_self(self, "forget")
  local state = self.world.state
  self.inner, state.seed_models, state.seed_schema = nil, nil, nil
end

--- The state of the connection.
-- @treturn string "idle", "active", "transaction", "failed" or "closed"
function Session:status()
  check_self(self, "status")
  return self.db:status()
end

--- Facts about the open connection.
-- @treturn table `{ pid, server_version, host, port, database, user, tls }`
function Session:info()
  check_self(self, "info")
  return self.db:info()
end

--- A name as SQL: quoted where needed.
-- @tparam string name
-- @treturn string
function Session:identifier(name)
  check_self(self, "identifier")
  return self.db:identifier(name)
end

--- A text as an SQL literal.
-- @tparam string text
-- @treturn string
function Session:literal(text)
  check_self(self, "literal")
  return self.db:literal(text)
end

--- Opens the connection anew after it was lost. What a transaction had done is gone, and so are temporary tables.
-- @raise an error object
function Session:reconnect()
  check_self(self, "reconnect")
  self.inner = nil
  errors.check(self.db:reconnect())
end

--- Closes the connection; an open transaction is rolled back. Twice is allowed.
function Session:close()
  check_self(self, "close")
  self.inner = nil
  self.world:close()
end

Session.__close = Session.close
Session.__tostring = function(self)
  return ("session with %s (%s)"):format(self.world.target.text, self.db:status())
end

--- Makes a session of an open world.
-- @tparam table world of tilth.flow.observe.open: db, project, report, state, target
-- @tparam[opt] table options { name = as errors of `load` call it, folder = where `load` looks,
--   is_caller = function(chunk's source) -> bool: whose lines errors show }
-- @treturn Session session
function session.new(world, options)
  options = options or {}
  return setmetatable({
    world = world, db = world.db, name = options.name or "script", folder = options.folder or world.project.root,
    environment = world.environment.name, project = world.project.root,
    is_caller = options.is_caller or call_site.is_script(os.getenv("TILTH_LUADIR")),
  }, Session)
end

return session
