---@meta tilth.db

-- A session with PostgreSQL: queries, transactions, COPY. The one road to the database.
-- All methods return nil, message, code, detail when the world fails; code is the SQLSTATE,
-- or a Prisma code for a connection that can't be made.

---@class tilth.db
local db = {}

---@class tilth.Db
local Db = {}

---Opens the connection anew, after it was lost, with the same session settings.
---@return boolean? # true
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:reconnect() end

---The SQL that gives a session its settings; also after RESET ALL.
---@return string # SQL
function Db:session_sql() end

---Changes a session setting, now and after each reset of the session.
---@param name string a setting of PostgreSQL, such as "lock_timeout"
---@param value string its text, such as "5s"
---@return boolean? # true
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:set(name, value) end

---Runs one statement with parameters $1, $2, ...
---@param sql string one statement
---@param ... any strings, numbers, booleans, nil or db.null
---@return table? # rows keyed by column name (a second `id` is `id (2)`); `columns`, `count`, `command` (such as "INSERT 0 2")
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:query(sql, ...) end

---Runs a text of any number of statements as one message, so as one transaction unless the
---text holds its own.
---@param sql string any number of statements
---@return table? # list of results, one a statement
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields; `statement`: which one failed
function Db:script(sql) end

---The first row of a query.
---@param sql string one statement
---@param ... any values as of `query`
---@return table|boolean|nil # row; false when there is none
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:one(sql, ...) end

---The first column of the first row.
---@param sql string one statement
---@param ... any values as of `query`
---@return any # value; db.null for NULL, false when there is no row
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:value(sql, ...) end

---Runs fn(db) in a transaction: committed when it returns, rolled back when it raises or
---returns nil, message. Within a transaction it is a savepoint.
---@param fn function
---@return any # what fn returned
---@return string? # message
---@return string? # code
---@return table? # detail
function Db:transaction(fn) end

---Runs fn(db) under a savepoint of the transaction that is open.
---@param fn function
---@return any # what fn returned
---@return string? # message
---@return string? # code
---@return table? # detail
function Db:savepoint(fn) end

---COPY ... FROM STDIN.
---@param sql string the COPY statement
---@param source string|function|table a text, function() -> text | nil, or with `columns` a list of rows or function() -> row | nil
---@param columns? table keys of a row, in the order of the COPY's columns, or tables that say more (docs/architecture.md)
---@param options? table what else is known of the rows (docs/architecture.md)
---@return integer? # number of rows
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:copy_in(sql, source, columns, options) end

---COPY ... TO STDOUT.
---@param sql string the COPY statement
---@param sink function called with whole rows as text, many at a time
---@return integer? # number of rows
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:copy_out(sql, sink) end

---PostgreSQL's array literal of a flat list, encoded in C.
---@param list table strings, numbers, booleans, db.null
---@param count? integer its length, when it may hold nil
---@return string
function Db:array(list, count) end

---The state of the connection.
---@return string # "idle", "active", "transaction", "failed" or "closed"
function Db:status() end

---Tells whether a transaction is open, whoever opened it; one that has failed counts, too.
---@return boolean
function Db:in_transaction() end

---Rolls back the transaction that is open. Without one nothing is done.
---@return boolean? # true
---@return string? # message
---@return string? # code: a SQLSTATE
---@return table? # detail: the server's fields
function Db:roll_back() end

---Facts about the open connection.
---@return table # `{ pid, server_version, host, port, database, user, tls }`
function Db:info() end

---A name as SQL: quoted where needed.
---@param name string
---@return string
function Db:identifier(name) end

---A text as an SQL literal.
---@param text string
---@return string
function Db:literal(text) end

---Sets what is called with each notice of the server: { severity, sqlstate, message, ... }.
---@param fn? function none without it
function Db:on_notice(fn) end

---Sets what is called again and again while a query runs: fn(seconds the query has been waited for).
---@param fn? function none without it
---@param seconds? number between two calls
function Db:on_wait(fn, seconds) end

---Asks the server to end the query that runs; for callbacks of on_wait.
---@return boolean? # true
---@return string? # message
---@return string? # "failed"
function Db:cancel() end

---Closes the connection; an open transaction is rolled back by the server. Twice is allowed.
function Db:close() end

---SQL NULL as a value of a table.
---@type any
db.null = nil

---Connects and sets the session up.
---@param target table where: see docs/architecture.md
---@param options? table command and build (for application_name), session (settings beside the defaults, name -> text), read_only, connect_timeout and wait (seconds), on_wait(message), meanwhile (called again and again while the server is waited for, to do a small piece of work, until it gives false)
---@return tilth.Db? # session, for a `<close>` variable
---@return string? # message
---@return string? # code: P1000, P1001, P1003, P1010, P1011, P1017 or a SQLSTATE
---@return table? # detail: sqlstate, reason, advice
function db.connect(target, options) end

return db
