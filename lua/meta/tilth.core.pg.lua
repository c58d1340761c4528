---@meta tilth.core.pg

-- PostgreSQL through libpq, never blocking inside it.

---@class tilth.core.pg
local pg = {}

---@class tilth.Connection: userdata
local conn = {}

---Asks the server to end the running query, from within a callback of on_wait or on_notice; the query then fails with 57014
---@return true? # true
---@return string? # message
---@return string?
function conn:cancel() end

---An open transaction is rolled back by the server. Twice is allowed.
function conn:close() end

---Source is a text or a function that gives chunks; with columns a list of rows or a function that gives rows. docs/architecture.md has the shapes of columns and options.
---@param sql string
---@param source any
---@param columns? integer
---@param options? table
---@return integer? # count
---@return string? # message
---@return string? # sqlstate
---@return table? # detail
function conn:copy_in(sql, source, columns, options) end

---Sink(text) for whole rows of COPY's text
---@param sql string
---@param sink function
---@return integer? # count
---@return string? # message
---@return string? # sqlstate
---@return table? # detail
function conn:copy_out(sql, sink) end

---A name as SQL, quoted
---@param name string
---@return string # text
function conn:identifier(name) end

---{ pid, server_version, host, port, database, user, tls }
---@return table
function conn:info() end

---A text as an SQL literal
---@param text string
---@return string # text
function conn:literal(text) end

---Fn{ severity, sqlstate, message, ... } for each notice; none without it
---@param fn? function
function conn:on_notice(fn) end

---Fn(waited) again and again while a query runs; the connection itself is busy then
---@param fn? function
---@param seconds? number
function conn:on_wait(fn, seconds) end

---What the server reported, such as server_version
---@param name string
---@return string? # text
function conn:parameter(name) end

---One statement with values as $1 and so on (params.n counts nils); the result is a list of rows keyed by column name, with columns, count and command
---@param sql string
---@param params? table
---@param timeout? number
---@return any # result
---@return string? # message
---@return string? # sqlstate
---@return table? # detail
function conn:query(sql, params, timeout) end

---Many statements in one message; detail.statement says which one failed
---@param sql string
---@param timeout? number
---@return any # results
---@return string? # message
---@return string? # sqlstate
---@return table? # detail
function conn:script(sql, timeout) end

---"idle", "active", "transaction", "failed" or "closed"
---@return string # text
function conn:status() end

---PostgreSQL's array literal of a flat list, null and nil as NULL
---@param list table
---@param count? integer
---@return string # text
function pg.array(list, count) end

---Params are libpq's keywords; the SQLSTATE is the server's, 08001 where there is no way to it, 08006 where it was lost. meanwhile is called again and again while the server is waited for, and does a small piece of work each time, until it gives false; what is left of it is done before the connection is given
---@param params table
---@param timeout? number
---@param meanwhile? any
---@return tilth.Connection? # conn
---@return string? # message
---@return string? # sqlstate
function pg.connect(params, timeout, meanwhile) end

---Libpq's own, such as 150018
---@return integer
function pg.version() end

return pg
