--- Writes and reads backups of tilth's own format: the rows of tables by COPY, with flat memory.
local copy = {}

local container = require("tilth.backup.container")
local hash = require("tilth.hash")
local json = require("tilth.json")
local manifest = require("tilth.backup.manifest")

--- The columns of a table that COPY carries: generated ones come by themselves.
-- @tparam Db db
-- @tparam table entry { schema, name, columns }
-- @treturn string SQL: table and list of columns
function copy.table_sql(db, entry)
  local columns = {}
  for _, column in ipairs(entry.columns) do
    if not column.generated then
      columns[#columns + 1] = db:identifier(column.name)
    end
  end
  local name = db:identifier(entry.schema) .. "." .. db:identifier(entry.name)
  -- A table may have no column at all, and rows all the same.
  return #columns == 0 and name or ("%s (%s)"):format(name, table.concat(columns, ", "))
end

local function write_table(db, writer, number, entry)
  local ok, message, code, detail = writer:frame("table", json.encode({ number = number }))
  if not ok then
    return nil, message, code, detail
  end
  local digest, bytes, failure = hash.stream(), 0, nil
  -- What goes wrong with the file must stop the query: only an error gets out of a sink.
  local done = table.pack(pcall(db.copy_out, db, "COPY " .. copy.table_sql(db, entry) .. " TO STDOUT", function(chunk)
    local written, why, number_of, more = writer:frame("data", chunk)
    if not written then
      failure = { why, number_of, more }
      error(failure, 0)
    end
    digest:update(chunk)
    bytes = bytes + #chunk
  end))
  if failure then
    return nil, table.unpack(failure, 1, 3)
  elseif not done[1] then
    error(done[2], 0)
  elseif not done[2] then
    return nil, ("cannot read the rows of %s.%s: %s"):format(entry.schema, entry.name, done[3]), done[4], done[5]
  elseif done[2] ~= entry.rows then
    return nil, ("%s.%s gave %d rows where %d were counted"):format(entry.schema, entry.name, done[2], entry.rows), "failed"
  end
  return writer:frame("rows", json.encode({ rows = entry.rows, bytes = bytes, sha256 = digest:digest() }))
end

--- Writes a backup.
-- @tparam Db db within the transaction of backup/snapshot.lua
-- @tparam string path
-- @tparam table header the manifest
-- @tparam table migrations { name, text }
-- @tparam[opt] function on_table called with each table before its rows are read
-- @treturn integer the file's bytes
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function copy.write(db, path, header, migrations, on_table)
  local writer <close>, message, code, detail = container.create(path)
  if not writer then
    return nil, message, code, detail
  end
  local ok
  ok, message, code, detail = writer:frame("header", json.encode(header, { sort = true, replace = true }))
  for _, migration in ipairs(migrations) do
    if ok and migration.text then
      ok, message, code, detail = writer:frame("migration", migration.name .. "\n" .. migration.text)
    end
  end
  for number, entry in ipairs(header.tables) do
    if ok then
      if on_table then
        on_table(entry)
      end
      ok, message, code, detail = write_table(db, writer, number, entry)
    end
  end
  if ok then
    ok, message, code, detail = writer:finish()
  end
  if not ok then
    return nil, message, code, detail
  end
  return writer.bytes
end

local function wrong(path, what)
  return nil, ("%s is not a whole backup: %s"):format(path, what), "failed",
    { advice = "It was cut short or changed after it was made. Use another backup; this one cannot be trusted." }
end

--- The data of one table, frame by frame; `close` checks it against what was written at its end.
local function table_source(reader, entry)
  local state = { digest = hash.stream(), rows = 0, bytes = 0 }
  local function source()
    if state.summary or state.failure then
      return nil
    end
    local kind, payload, code, detail = reader:next()
    if kind == "data" then
      local _, lines = payload:gsub("\n", "")
      state.digest:update(payload)
      state.rows, state.bytes = state.rows + lines, state.bytes + #payload
      return payload
    elseif kind == "rows" then
      state.summary = json.decode(payload)
      return nil
    end
    state.failure = kind and { ("it has `%s` where rows of %s.%s belong"):format(kind, entry.schema, entry.name) }
      or { payload, code, detail, read = true }
    -- The rows so far must not be taken for all of them.
    error(state.failure, 0)
  end
  local function finish()
    local summary = state.summary
    if type(summary) ~= "table" or summary.rows ~= state.rows or summary.bytes ~= state.bytes
      or summary.sha256 ~= state.digest:digest() or state.rows ~= entry.rows then
      return wrong(reader.path, ("the rows of %s.%s are not those that were written"):format(entry.schema, entry.name))
    end
    return true
  end
  return source, finish, state
end

local function read_table(reader, header, payload, on_table)
  local number = (json.decode(payload) or {}).number
  local entry = header.tables[number]
  if not entry then
    return wrong(reader.path, "it has rows of a table that its header does not name")
  end
  local source, finish, state = table_source(reader, entry)
  local done = table.pack(pcall(on_table, entry, source))
  local failure = state.failure
  if failure and failure.read then
    return nil, table.unpack(failure, 1, 3)
  elseif failure then
    return wrong(reader.path, failure[1])
  elseif not done[1] then
    error(done[2], 0)
  elseif done[2] == nil then
    return nil, table.unpack(done, 3, 5)
  end
  local ok, message, code, detail = finish()
  if not ok then
    return nil, message, code, detail
  end
  return number
end

local function drain(_, source)
  while source() do end -- luacheck: ignore 542
  return true
end

--- Gives one frame behind the header to its handler.
local function hand_over(reader, header, handlers, kind, payload, seen)
  if kind == "migration" then
    return not handlers.migration or handlers.migration(payload:match("^([^\n]*)\n(.*)$"))
  elseif kind ~= "table" then
    return wrong(reader.path, ("it has `%s` where a table belongs"):format(kind))
  end
  local number, message, code, detail = read_table(reader, header, payload, handlers.rows or drain)
  if number and number ~= seen then
    return wrong(reader.path, "its tables are not in the order of its header")
  end
  return number, message, code, detail
end

--- Reads a backup from beginning to end, and makes sure that it is whole.
-- @tparam string path
-- @tparam table handlers header(manifest), migration(name, text) and rows(entry, source), which has to call source() until it gives
--   nil; each of them returns true, or nil, message, code, detail to stop. Any may be absent.
-- @treturn table the manifest
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function copy.read(path, handlers)
  local reader <close>, message, code, detail = container.open(path)
  if not reader then
    return nil, message, code, detail
  end
  local header
  header, message, code, detail = reader:expect("header")
  if header then
    header, message, code, detail = manifest.check(header, path)
  end
  if not header then
    return nil, message, code, detail
  end
  local ok, seen = true, 0
  if handlers.header then
    ok, message, code, detail = handlers.header(header)
  end
  while ok do
    local kind, payload
    kind, payload, code, detail = reader:next()
    if not kind then
      return nil, payload, code, detail
    elseif kind == "end" then
      break
    end
    seen = seen + (kind == "table" and 1 or 0)
    ok, message, code, detail = hand_over(reader, header, handlers, kind, payload, seen)
  end
  if not ok then
    return nil, message, code, detail
  elseif seen ~= #header.tables then
    return wrong(path, ("it has %d tables where its header names %d"):format(seen, #header.tables))
  end
  return header
end

--- Reads the migrations in a backup, which stand before its rows.
-- @tparam string path
-- @treturn table list of { name, text }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function copy.migrations(path)
  local reader <close>, message, code, detail = container.open(path)
  if not reader then
    return nil, message, code, detail
  end
  local header
  header, message, code, detail = reader:expect("header")
  local list = {}
  while header do
    local kind, payload
    kind, payload, code, detail = reader:next()
    if not kind then
      return nil, payload, code, detail
    elseif kind ~= "migration" then
      return list
    end
    local name, text = payload:match("^([^\n]*)\n(.*)$")
    -- The name becomes a folder's name.
    if not name or name:find("/", 1, true) or name:find("^%.*$") then
      return wrong(path, "it has a migration with an impossible name")
    end
    list[#list + 1] = { name = name, text = text }
  end
  return nil, message, code, detail
end

--- Reads only what a backup says about itself.
-- @tparam string path
-- @treturn table the manifest
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function copy.header(path)
  local reader <close>, message, code, detail = container.open(path)
  if not reader then
    return nil, message, code, detail
  end
  local header
  header, message, code, detail = reader:expect("header")
  if not header then
    return nil, message, code, detail
  end
  return manifest.check(header, path)
end

return copy
