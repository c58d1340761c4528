---@meta tilth.session

-- A session with the project's database as scripts and the prompt get it: what fails is raised as an error object.
--
-- Outside a transaction each statement and each verb is a transaction of its own; `db:transaction(function() ... end)` makes
-- one of many. An error object has `message`, `code` (SQLSTATE or word), `advice` and the server's fields; see docs/scripts.md.

---@class tilth.session
local session = {}

---@class tilth.Session
local Session = {}

---SQL NULL as a value: db.null.
---@type any
Session.null = nil

---Runs one statement with parameters $1, $2, ...
---@param text string SQL
---@param ... any strings, numbers, booleans, nil or db.null
---@return table # list of rows keyed by column name (a second `id` is `id (2)`); `columns`, `count`, `command`
function Session:query(text, ...) end

---The first row.
---@param text string SQL
---@param ... any strings, numbers, booleans, nil or db.null
---@return table? # row, nil when there is none
function Session:one(text, ...) end

---The first column of the first row.
---@param text string SQL
---@param ... any strings, numbers, booleans, nil or db.null
---@return any # value; nil for NULL or when there is no row
function Session:value(text, ...) end

---Runs SQL: one statement with parameters, or a script of any number of statements without.
---@param text string SQL
---@param ... any strings, numbers, booleans, nil or db.null
---@return integer # number of rows of the last statement
function Session:exec(text, ...) end

---Is a transaction open, by this object or by SQL?
---@return boolean
function Session:in_transaction() end

---Runs fn(db) in a transaction: committed when it returns, rolled back when it raises. Within one it is a savepoint.
---@param fn function
---@return any # what fn returned
function Session:transaction(fn) end

---Runs fn(db) under a savepoint of the open transaction, so that an error in it can be caught and the rest goes on.
---@param fn function
---@return any # what fn returned
function Session:savepoint(fn) end

---Opens a transaction.
function Session:begin() end

---Commits the open transaction.
function Session:commit() end

---Rolls the open transaction back.
function Session:rollback() end

---Inserts rows, updates those that differ, leaves equal ones alone; in a seed's words, see docs/scripts.md.
---@param name string a model or table
---@param rows table a row or a list of rows
---@param options? table `key`, `update`
---@return table # counts: inserted, updated, unchanged
function Session:upsert(name, rows, options) end

---Inserts rows that are missing, and never touches those that are there.
---@param name string a model or table
---@param rows table
---@param options? table `key`
---@return table # counts
function Session:ensure(name, rows, options) end

---Makes a table, or the part in `where`, equal to the rows.
---@param name string a model or table
---@param rows table
---@param options? table `key`, `where`, `delete`, `empty`
---@return table # counts
function Session:sync(name, rows, options) end

---Upserts from a file (.csv, .json, .jsonl) or an iterator, with flat memory.
---@param name string a model or table
---@param input string|function a path relative to the session's folder, or function() -> row | nil
---@param options? table `key`, `map`, `format`, `delimiter`, `header`
---@return table # counts
function Session:load(name, input, options) end

---COPY ... TO STDOUT.
---@param text string the COPY statement
---@param sink function called with whole rows as text
---@return integer # number of rows
function Session:copy_out(text, sink) end

---COPY ... FROM STDIN.
---@param text string the COPY statement
---@param input string|function text, or function() -> text | nil
---@return integer # number of rows
function Session:copy_in(text, input) end

---The statements of an SQL text, as the server would cut it.
---@param text string
---@return table # list of { text, position, line }
function Session:split(text) end

---The models and tables that the verbs know.
---@return table # with `catalog`, `models` and `get(name)`
function Session:models() end

---Why this database is protected: its mark in the ledger, the environment, tilth.config.lua. A ledger that can't be read
---protects, too.
---@return table # list of texts, empty when it is not protected
function Session:protection() end

---PostgreSQL's array literal of a flat list.
---@param list table strings, numbers, booleans, db.null
---@param count? integer its length, when it may hold nil
---@return string
function Session:array(list, count) end

---Forgets what is known about tables and models, after DDL or a change of schema.prisma.
function Session:forget() end

---The state of the connection.
---@return string # "idle", "active", "transaction", "failed" or "closed"
function Session:status() end

---Facts about the open connection.
---@return table # `{ pid, server_version, host, port, database, user, tls }`
function Session:info() end

---A name as SQL: quoted where needed.
---@param name string
---@return string
function Session:identifier(name) end

---A text as an SQL literal.
---@param text string
---@return string
function Session:literal(text) end

---Opens the connection anew after it was lost. What a transaction had done is gone, and so are temporary tables.
function Session:reconnect() end

---Closes the connection; an open transaction is rolled back. Twice is allowed.
function Session:close() end

---Makes a session of an open world.
---@param world table of tilth.flow.observe.open: db, project, report, state, target
---@param options? table { name = as errors of `load` call it, folder = where `load` looks, is_caller = function(chunk's source) -> bool: whose lines errors show }
---@return tilth.Session # session
function session.new(world, options) end

return session
