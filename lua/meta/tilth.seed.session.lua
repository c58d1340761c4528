---@meta tilth.seed.session

-- What a seed gets as `db`: queries and verbs that raise error objects, inside the seed's transaction.

---@class tilth.seed.session
local session = {}

---@class tilth.SeedSession
local Session = {}

---Runs one statement with parameters $1, $2, ...
---@param text string SQL
---@param ... any strings, numbers, booleans, nil or db.null
---@return table # list of rows keyed by column name (a second `id` is `id (2)`); `count`, `columns`
function Session:query(text, ...) end

---The first row.
---@param text string SQL
---@param ... any values
---@return table? # row, nil when there is none
function Session:one(text, ...) end

---The first column of the first row.
---@param text string SQL
---@param ... any values
---@return any # value; nil for NULL or when there is no row
function Session:value(text, ...) end

---Runs SQL: one statement with parameters, or a script of any number of statements without.
---@param text string SQL
---@param ... any values
---@return integer # number of rows of the last statement
function Session:exec(text, ...) end

---Runs a script that came from a file, which errors then name.
---@param text string SQL
---@param name string the file's name as errors show it
---@return integer # number of rows of the last statement
function Session:script(text, name) end

---Runs fn(db) under a savepoint: an error in it takes back what it did, and is raised on.
---Catch it with pcall round this call to go on.
---@param fn function
---@return any # what fn returned
function Session:savepoint(fn) end

---The same as `savepoint`: the seed as a whole is the transaction.
---@param fn function
---@return any # what fn returned
function Session:transaction(fn) end

---The resolver of model and table names, read from the server's catalog when a verb first needs it.
---@return table? # models
---@return string? # message
---@return string? # code
---@return table? # detail
function Session:models() end

---Inserts rows, updates those that differ, leaves equal ones alone.
---@param name string a model or table
---@param rows table a row or a list of rows
---@param options? table `key` (a field or a list of fields), `update` (list of the fields that an existing row takes over)
---@return table # counts: inserted, updated, unchanged
function Session:upsert(name, rows, options) end

---Inserts rows that are missing, and never touches those that are there.
---@param name string a model or table
---@param rows table a row or a list of rows
---@param options? table `key`
---@return table # counts: inserted, unchanged
function Session:ensure(name, rows, options) end

---Makes a table, or the part in `where`, equal to the rows.
---@param name string a model or table
---@param rows table a row or a list of rows
---@param options? table `key`, `where` ({ field = value }), `delete` (true deletes what the rows lack; else it is counted as extra), `empty` (true: an empty list of rows is meant)
---@return table # counts: inserted, updated, unchanged, deleted, extra
function Session:sync(name, rows, options) end

---Upserts from a file (.csv, .json, .jsonl) or an iterator, with flat memory.
---A field that a row lacks is NULL here, as an empty field of a CSV file is.
---@param name string a model or table
---@param input string|function a path relative to the seed's folder, or function() -> row | nil
---@param options? table as of `upsert`; `verb` ("upsert" or "ensure"), `map` (function(row) -> row | nil), and the file's own: `format`, `delimiter`, `header`
---@return table # counts
function Session:load(name, input, options) end

---Writes what has gathered; the runner calls it at the end of a seed.
function Session:flush() end

---Makes a session; tilth does it for each seed.
---@param options table { db, null, models = function() -> Models | nil, message, code, detail, maker (of tilth.seed.defaults), is_caller = function(chunk's source) -> bool: whose lines errors show, folder, progress = function(label, total) -> closable with set }
---@return tilth.SeedSession # session; its field `tables` holds the counts a table
function session.new(options) end

return session
