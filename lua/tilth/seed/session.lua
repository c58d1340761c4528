--- What a seed gets as `db`: queries and verbs that raise error objects, inside the seed's transaction.
local session = {}

local call_site = require("tilth.call_site")
local sql = require("tilth.sql")
local buffer = require("tilth.seed.buffer")
local errors = require("tilth.seed.errors")
local explain = require("tilth.seed.explain")
local links = require("tilth.seed.links")
local operation = require("tilth.seed.operation")
local references = require("tilth.seed.references")
local source = require("tilth.seed.source")
local statements = require("tilth.seed.statements")
local stream = require("tilth.seed.stream")
local sync = require("tilth.seed.sync")
local tally = require("tilth.seed.tally")
local transaction_words = require("tilth.seed.transaction_words")

local Session = {}
Session.__index = Session

local function row_key_text(self, op, place)
  local get = place.get
  if not get and type(place.source) == "table" then
    get = function(column)
      return place.source[op.binding:field_of(op.binding.table.columns[column]).name] or place.source[column]
    end
  end
  return get and op.key and buffer.key_text(op, get, self.null) or nil
end

--- What had gathered is gone with a failed verb, so the seed may not go on where the error is caught: the transaction is made to
-- fail, as the server makes it fail itself.
local function give_up(self)
  self.buffer:discard()
  if self.db:status() == "transaction" then
    self.db:query("do $$ begin raise exception 'a verb of the seed has failed'; end $$")
  end
end

--- Raises the error of a verb, explained.
local function fail_verb(self, op, place, message, code, detail)
  give_up(self)
  local call = place.call or self.current or {}
  local text, more = explain.failure({
    site = call.site, verb = op.verb, label = op.binding and op.binding.label or op.label, row = place.row,
    where = place.where or place.row and call.opened and call.opened:where(place.row),
    key = op.key, key_text = row_key_text(self, op, place), message = message, code = code, detail = detail,
  })
  error(errors.new(text, code, more), 0)
end

--- Line and column of a character position in a text.
local function place_in(text, position)
  local byte = utf8.len(text) and utf8.offset(text, position) or position
  local before = text:sub(1, byte - 1)
  local _, lines = before:gsub("\n", "")
  return lines + 1, before:match("^.*\n()") or 1, byte
end

local function fail_statement(self, verb, sql_text, message, code, detail)
  local site = call_site.find(self.is_caller)
  local position = detail and detail.position
  if position and sql_text then
    local line, start, byte = place_in(sql_text, position)
    if self.script_name then
      site = self.script_name .. ":" .. line
    elseif line > 1 then
      message = ("%s, at line %d, column %d of the SQL"):format(message, line, byte - start + 1)
    end
  end
  local text, more = explain.failure({
    site = site or self.script_name, verb = verb, message = message, code = code, detail = detail,
  })
  error(errors.new(text, code, more), 0)
end

local function guard_transaction(self, verb, text)
  local word = transaction_words.find(text)
  if word then
    fail_statement(self, verb, nil, word .. " is not for a seed: it runs in one transaction with its record", "usage", {
      advice = "Take it out; for a part that may fail use db:savepoint(function() ... end).",
    })
  end
end

local function trace(self, verb)
  if self.on_statement then
    self.on_statement(verb, call_site.find(self.is_caller))
  end
end

--- While a COPY takes the rows of an iterator, the connection can do nothing else.
local function refuse_while_loading(self, verb)
  if self.db:status() == "active" then
    fail_statement(self, verb, nil, "db:load is still sending the rows of this iterator", "usage", {
      advice = "Ask for what the rows need before db:load, or gather them in a list first.",
    })
  end
end

local function run(self, verb, method, text, ...)
  refuse_while_loading(self, verb)
  self.buffer:flush()
  for _, statement in ipairs(method == "script" and sql.split(text) or { { text = text } }) do
    guard_transaction(self, verb, statement.text)
  end
  local value, message, code, detail = self.db[method](self.db, text, ...)
  if value == nil then
    fail_statement(self, verb, text, message, code, detail)
  end
  trace(self, verb)
  return value
end

local plain = statements.over(run, function(self, changed)
  self.references:forget()
  if changed then
    self.bound, self.stale, self.operations = nil, true, {}
  end
end)

--- Runs one statement with parameters $1, $2, ...
-- @function query
-- @tparam string text SQL
-- @tparam any ... strings, numbers, booleans, nil or db.null
-- @treturn table list of rows keyed by column name (a second `id` is `id (2)`); `count`, `columns`
-- @raise an error object: message with the seed's line, code, the server's fields
Session.query = plain.query

--- The first row.
-- @function one
-- @tparam string text SQL
-- @tparam any ... values
-- @treturn table|nil row, nil when there is none
-- @raise as `query`
Session.one = plain.one

--- The first column of the first row.
-- @function value
-- @tparam string text SQL
-- @tparam any ... values
-- @treturn any value; nil for NULL or when there is no row
-- @raise as `query`
Session.value = plain.value

--- Runs SQL: one statement with parameters, or a script of any number of statements without.
-- @function exec
-- @tparam string text SQL
-- @tparam any ... values
-- @treturn integer number of rows of the last statement
-- @raise as `query`
Session.exec = plain.exec

--- Takes back the counts of a savepoint that is left by an error, as the server takes back its rows.
local function savepoint_guard(self)
  local take_back = self.tally:mark()
  return setmetatable({}, { __close = function(guard)
    if guard.done then
      return
    end
    self.buffer:discard()
    take_back()
    self.references:forget()
  end })
end

--- Runs a script that came from a file, which errors then name.
-- @tparam string text SQL
-- @tparam string name the file's name as errors show it
-- @treturn integer number of rows of the last statement
-- @raise as `query`
function Session:script(text, name)
  self.script_name = name
  local count = self:exec(text)
  self.script_name = nil
  return count
end

local function nested(self, method, fn)
  if getmetatable(self) ~= Session then
    error(("write db:%s(...), with a colon"):format(method), 2)
  elseif type(fn) ~= "function" then
    error(("db:%s expects a function, not a %s"):format(method, type(fn)), 2)
  end
  refuse_while_loading(self, method)
  self.buffer:flush()
  local values
  local guard <close> = savepoint_guard(self)
  local ok, message, code, detail = self.db[method](self.db, function()
    values = table.pack(fn(self))
    self.buffer:flush()
    return true
  end)
  if not ok then
    errors.raise(message, code, detail)
  end
  guard.done = true
  return table.unpack(values, 1, values.n)
end

--- Runs fn(db) under a savepoint: an error in it takes back what it did, and is raised on.
-- Catch it with pcall round this call to go on.
-- @tparam function fn
-- @treturn any what fn returned
-- @raise what fn raised, or an error object
function Session:savepoint(fn)
  return nested(self, "savepoint", fn)
end

--- The same as `savepoint`: the seed as a whole is the transaction.
-- @function transaction
-- @tparam function fn
-- @treturn any what fn returned
-- @raise what fn raised, or an error object
Session.transaction = Session.savepoint

--- The resolver of model and table names, read from the server's catalog when a verb first needs it.
-- @treturn[1] table models
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function Session:models()
  if not self.bound then
    local models, message, code, detail = self.load_models(self.stale)
    if not models then
      return nil, message, code, detail
    end
    self.bound, self.stale = models, false
  end
  return self.bound
end

--- Begins a verb: resolves its names, and remembers the line for errors.
local function begin(self, verb, name, options, first, missing_is_null)
  refuse_while_loading(self, verb)
  local call = { site = call_site.find(self.is_caller), counts = self.tally:verb(), verb = verb }
  self.current = call
  local op, message, code, detail = operation.find(self, verb, name, options, first, missing_is_null)
  if not op then
    fail_verb(self, { verb = verb, label = tostring(name) }, { call = call }, message, code, detail)
  end
  return op, call
end

local function as_list(rows)
  if rows[1] == nil and next(rows) ~= nil then
    return { rows }
  end
  return rows
end

local write

--- Writes the rows of relations, after the rows they belong to.
local function write_children(self, verb, children)
  for _, child in ipairs(children) do
    if child.link then
      local joined, rows = links.rows(child.link, self.references)
      write(self, "ensure", joined, rows, { key = { "A", "B" } })
    else
      write(self, verb, child.model, child.rows, child.options)
    end
  end
end

--- Writes rows of a call, and what hangs on them.
local function write_rows(self, op, call, rows)
  local base = call.base or 0
  local resolved, children = self.references:resolve(op, call, rows)
  if #resolved > buffer.LIMIT then
    stream.write(self, op, call, stream.each(resolved))
  else
    for index, row in ipairs(resolved) do
      self.buffer:add(op, call, row, base + index)
    end
  end
  write_children(self, op.verb, children)
end

--- What a verb is given in the place of rows, told apart from a call without its colon.
local function check_rows(self, verb, name, rows)
  if getmetatable(self) ~= Session then
    error(("write db:%s(...), with a colon"):format(verb), 0)
  elseif type(rows) ~= "table" then
    fail_verb(self, { verb = verb, label = tostring(name) }, { call = { site = call_site.find(self.is_caller) } },
      ("a row or a list of rows is expected, not a %s"):format(type(rows)), "usage")
  end
end

write = function(self, verb, name, rows, options)
  check_rows(self, verb, name, rows)
  rows = as_list(rows)
  local op, call = begin(self, verb, name, options, rows[1])
  if rows[1] ~= nil then
    write_rows(self, op, call, rows)
    trace(self, verb)
  end
  return call.counts
end

--- Inserts rows, updates those that differ, leaves equal ones alone.
-- @tparam string name a model or table
-- @tparam table rows a row or a list of rows
-- @tparam[opt] table options `key` (a field or a list of fields), `update` (list of the fields that an existing row takes over)
-- @treturn table counts: inserted, updated, unchanged
-- @raise an error object: message with the seed's line, code, the server's fields
function Session:upsert(name, rows, options)
  return write(self, "upsert", name, rows, options)
end

--- Inserts rows that are missing, and never touches those that are there.
-- @tparam string name a model or table
-- @tparam table rows a row or a list of rows
-- @tparam[opt] table options `key`
-- @treturn table counts: inserted, unchanged
-- @raise an error object: message with the seed's line, code, the server's fields
function Session:ensure(name, rows, options)
  return write(self, "ensure", name, rows, options)
end

--- Makes a table, or the part in `where`, equal to the rows.
-- @tparam string name a model or table
-- @tparam table rows a row or a list of rows
-- @tparam[opt] table options `key`, `where` ({ field = value }), `delete` (true deletes what the rows lack; else it is counted as extra),
--   `empty` (true: an empty list of rows is meant)
-- @treturn table counts: inserted, updated, unchanged, deleted, extra
-- @raise an error object: message with the seed's line, code, the server's fields
function Session:sync(name, rows, options)
  check_rows(self, "sync", name, rows)
  rows = as_list(rows)
  local op, call = begin(self, "sync", name, options, rows[1])
  local children
  rows, children = self.references:resolve(op, call, rows)
  sync.write(self, op, call, rows, options or {})
  write_children(self, "upsert", children)
  trace(self, "sync")
  return call.counts
end

--- Upserts from a file (.csv, .json, .jsonl) or an iterator, with flat memory.
-- A field that a row lacks is NULL here, as an empty field of a CSV file is.
-- @tparam string name a model or table
-- @tparam string|function input a path relative to the seed's folder, or function() -> row | nil
-- @tparam[opt] table options as of `upsert`; `verb` ("upsert" or "ensure"), `map` (function(row) -> row | nil), and the file's own:
--   `format`, `delimiter`, `header`
-- @treturn table counts
-- @raise an error object: message with the seed's line, code, the server's fields
function Session:load(name, input, options)
  options = options or {}
  local opened <close>, message, code, detail = source.open(self, input, options)
  if not opened then
    fail_verb(self, { verb = "load", label = tostring(name) }, { call = { site = call_site.find(self.is_caller) } }, message, code, detail)
  end
  local op, call = begin(self, options.verb or "upsert", name, options, opened.first, true)
  call.opened = opened
  local bar <close> = self.progress(op.binding.label, opened.total)
  self.on_progress = function(rows)
    bar:set(opened.position and opened.position() or rows)
  end
  source.write(self, op, call, opened, write_rows)
  self.on_progress = nil
  trace(self, "load")
  return call.counts
end

--- Writes what has gathered; the runner calls it at the end of a seed.
-- @raise an error object: message with the seed's line, code, the server's fields
function Session:flush()
  self.buffer:flush()
end

--- Makes a session; tilth does it for each seed.
-- @tparam table options { db, null, models = function() -> Models | nil, message, code, detail, maker (of tilth.seed.defaults),
--   is_caller = function(chunk's source) -> bool: whose lines errors show, folder, progress = function(label, total) -> closable with set }
-- @treturn Session session; its field `tables` holds the counts a table
function session.new(options)
  local self = setmetatable({
    db = options.db, null = options.null, load_models = options.models, maker = options.maker,
    is_caller = options.is_caller, folder = options.folder, progress = options.progress,
    operations = {},
  }, Session)
  self.on_error = function(op, place, message, code, detail)
    fail_verb(self, op, place, message, code, detail)
  end
  self.on_counts = function(op, call, inserted, updated, unchanged)
    self.tally:add(op.binding.label, call.counts, inserted, updated, unchanged)
  end
  self.on_deleted = function(op, call, count, kind)
    self.tally:add_lacking(op.binding.label, call.counts, count, kind)
  end
  self.buffer = buffer.new(options.db, options.null, self.on_counts, self.on_error)
  self.references = references.new(self)
  self.tally = tally.new(function() self.buffer:flush() end)
  self.tables = self.tally.tables
  return self
end

return session
