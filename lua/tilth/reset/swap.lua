--- Puts binned schemas back into their places, and what stands there now into bins of its own. Runs inside a transaction.
local swap = {}

local bin = require("tilth.reset.bin")
local move = require("tilth.reset.move")
local names = require("tilth.reset.names")
local statements = require("tilth.reset.statements")

local function schema_names(reset)
  local list = {}
  for index, entry in ipairs(reset.schemas) do
    list[index] = entry.schema
  end
  return list
end

local function missing_bin(reset, state)
  local present = {}
  for _, name in ipairs(state.bins) do
    present[name] = true
  end
  for _, entry in ipairs(reset.schemas) do
    if entry.bin and not present[entry.bin] then
      return entry.bin
    end
  end
  if reset.history and reset.history.bin and not present[reset.history.bin] then
    return reset.history.bin
  end
  return nil
end

-- Extensions exist once in a database and follow the schema in use, so that later migrations find them on their path.
local function follow(lines, quote, entry, live)
  for _, extension in ipairs(live.extensions) do
    if extension.relocatable and extension.may then
      lines[#lines + 1] = ("ALTER EXTENSION %s SET SCHEMA %s"):format(quote(extension.name), quote(entry.schema))
    end
  end
end

-- What was moved is moved back; what stands there goes the way that its schema allows now.
local function move_back(db, entry, live, into)
  local oid, message, code, detail
  if live.objects > 0 then
    oid, message, code, detail = move.into_new(db, entry.schema, into)
    if not oid then
      return nil, message, code, detail
    end
  end
  local ok
  ok, message, code, detail = move.back(db, entry.bin, entry.schema)
  return ok and (oid or true), message, code, detail
end

local function fresh_extensions(entry, live, fresh)
  local before = {}
  for _, name in ipairs(entry.extensions or {}) do
    before[name] = true
  end
  for _, extension in ipairs(live.extensions) do
    if not before[extension.name] then
      fresh[#fresh + 1] = extension.name
    end
  end
end

local function put_back(db, entry, live, into, fresh)
  fresh_extensions(entry, live, fresh)
  if live.oid and (entry.moved or move.is_needed(live)) then
    return move_back(db, entry, live, into)
  end
  local quote = function(name) return db:identifier(name) end
  local lines = {}
  if live.oid then
    lines[1] = ("ALTER SCHEMA %s RENAME TO %s"):format(quote(entry.schema), quote(into))
  end
  lines[#lines + 1] = ("ALTER SCHEMA %s RENAME TO %s"):format(quote(entry.bin), quote(entry.schema))
  follow(lines, quote, entry, live)
  local ok, message, code, detail = db:script(table.concat(lines, ";\n"))
  return ok and (live.oid or true), message, code, detail
end

-- The OID of the bin that took what stands there now; true where nothing went anywhere.
local function one_schema(db, entry, live, into, fresh)
  if entry.bin then
    return put_back(db, entry, live, into, fresh)
  elseif entry.absent and live.oid then
    local ok, message, code, detail = db:script(
      ("ALTER SCHEMA %s RENAME TO %s"):format(db:identifier(entry.schema), db:identifier(into)))
    return ok and live.oid, message, code, detail
  elseif entry.empty and live.oid and live.objects > 0 then
    return bin.put_aside(db, live, into)
  end
  return true
end

-- What a swapped-out schema leaves in its place tells how to swap it in again.
local function record(entry, live, into, oid)
  if not live.oid then
    return { schema = entry.schema, absent = true }
  elseif oid == true then
    return { schema = entry.schema, empty = true }
  end
  local extensions = {}
  for index, extension in ipairs(live.extensions) do
    extensions[index] = extension.name
  end
  return {
    schema = entry.schema, bin = into, oid = oid, moved = oid ~= live.oid or nil, extensions = extensions, tables = live.tables,
    bytes = live.bytes,
  }
end

local function history_back(db, reset, state, into)
  local quote = function(name) return db:identifier(name) end
  local schema, from = reset.history.schema, reset.history.bin
  if state.history then
    local ok, message, code, detail = bin.move_history(db, schema, into)
    if not ok then
      return nil, message, code, detail
    end
  end
  -- Without CASCADE: it must be empty by now.
  return db:script(("%s; DROP SCHEMA %s"):format(statements.move_history(from, schema, quote), quote(from)))
end

--- Brings the schemas of a reset back.
-- @tparam Db db inside a transaction
-- @tparam table reset the locked row of the ledger
-- @tparam table state reset/observe.lua's catalog of the schemas named by swap.schemas(reset)
-- @treturn table { schemas, history } of what went into bins, for the ledger
-- @treturn table names of extensions that were not there before the reset
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function swap.run(db, reset, state)
  local gone = missing_bin(reset, state)
  if gone then
    return nil, ("the bin %s is no longer there; somebody dropped or renamed it"):format(gone), "failed",
      { advice = "Nothing was changed. If it was renamed, give it its name back and run `tilth reset undo` again." }
  end
  local list = schema_names(reset)
  local with_history = reset.history and table.move({ reset.history.schema }, 1, 1, #list + 1, table.move(list, 1, #list, 1, {})) or list
  local bins, out, fresh = names.choose(with_history, state.now, state.bins), { schemas = {} }, {}
  for index, entry in ipairs(reset.schemas) do
    local live, into = state.schemas[index], bins[entry.schema]
    local oid, message, code, detail = one_schema(db, entry, live, into, fresh)
    if not oid then
      return nil, ("cannot bring schema %s back: %s"):format(entry.schema, message), code, detail
    end
    out.schemas[index] = record(entry, live, into, oid)
  end
  if reset.history then
    local into = bins[reset.history.schema]
    local ok, message, code, detail = history_back(db, reset, state, into)
    if not ok then
      return nil, "cannot bring Prisma's history table back: " .. message, code, detail
    end
    out.history = state.history and { schema = reset.history.schema, bin = into } or nil
  end
  return out, fresh
end

--- The schemas that a reset was about.
-- @tparam table reset
-- @treturn table list of names
function swap.schemas(reset)
  return schema_names(reset)
end

return swap
