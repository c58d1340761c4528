--- Frees the space of a bin. The only place that drops a schema.
local purge = {}

local resets = require("tilth.ledger.resets")
local attempt = require("tilth.reset.attempt")
local names = require("tilth.reset.names")
local observe = require("tilth.reset.observe")
local size = require("tilth.reset.size")

local function bins_of(reset)
  local list = {}
  for _, entry in ipairs(reset.schemas) do
    if entry.bin then
      list[#list + 1] = { name = entry.bin, oid = entry.oid }
    end
  end
  if reset.history and reset.history.bin then
    list[#list + 1] = { name = reset.history.bin }
  end
  return list
end

local function refuse(message, advice)
  return nil, message, "unsafe", { advice = advice }
end

-- Only what is certainly a bin of this reset, and nobody else's, may be dropped.
local function verify(state, bins)
  for index, wanted in ipairs(bins) do
    local schema = state.schemas[index]
    if not names.is_bin(wanted.name) then
      return refuse(("%s is not the name of a bin"):format(wanted.name), "The ledger was changed by hand; nothing is dropped.")
    elseif schema.oid and wanted.oid and schema.oid ~= wanted.oid then
      return refuse(("schema %s is not the one that the reset put there"):format(wanted.name),
        "Look at it, and drop it by hand if it is not needed.")
    elseif #schema.extensions > 0 then
      -- Dropping it would drop every column of its types, wherever it is.
      return refuse(("extension %s lives in %s"):format(schema.extensions[1].name, wanted.name),
        "Drop the extension, or move it: ALTER EXTENSION ... SET SCHEMA.")
    elseif schema.oid and not schema.may_rename then
      return refuse(("schema %s belongs to %s"):format(wanted.name, schema.owner), "Let its owner purge it.")
    end
  end
  if #state.dependents > 0 then
    return refuse("objects outside of the bin depend on it: " .. table.concat(state.dependents, "; "), "Drop them first.")
  elseif #state.inheritance > 0 then
    return refuse("tables inherit across the bin's border: " .. table.concat(state.inheritance, "; "), "Detach them first.")
  end
  return true
end

-- The lock comes before the look, so that no row can slip in between look and drop.
local function holds_rows(db, state)
  local list = {}
  for _, entry in ipairs(state.tables) do
    list[#list + 1] = db:identifier(entry.schema) .. "." .. db:identifier(entry.name)
  end
  if #list > 0 then
    local ok, message, code, detail = db:script("LOCK TABLE " .. table.concat(list, ", ") .. " IN ACCESS EXCLUSIVE MODE")
    if not ok then
      return nil, message, code, detail
    end
  end
  local fresh, message, code, detail = observe.catalog(db, state.names, "", true)
  if not fresh then
    return nil, message, code, detail
  end
  return observe.rows(db, fresh)
end

local function drop(db, state)
  local dropped, bytes = {}, 0
  for _, schema in ipairs(state.schemas) do
    if schema.oid then
      local ok, message, code, detail = db:script("SET LOCAL client_min_messages = warning; DROP SCHEMA "
        .. db:identifier(schema.name) .. " CASCADE")
      if not ok then
        return nil, ("cannot drop %s: %s"):format(schema.name, message), code, detail
      end
      dropped[#dropped + 1], bytes = schema.name, bytes + schema.bytes
    end
  end
  return dropped, bytes
end

local function act(db, id, options)
  local reset, message, code, detail = resets.lock(db, id)
  if not reset then
    return nil, message, code, detail
  elseif reset.state ~= "done" then
    return nil, ("reset %d is %s; only a finished one can be purged"):format(id, reset.state), "usage"
  end
  local bins, list = bins_of(reset), {}
  for index, wanted in ipairs(bins) do
    list[index] = wanted.name
  end
  local state
  state, message, code, detail = observe.catalog(db, list, "", true)
  if not state then
    return nil, message, code, detail
  end
  local ok
  ok, message, code, detail = verify(state, bins)
  if ok and options.only_without_rows then
    local rows
    rows, message, code, detail = holds_rows(db, state)
    if rows then
      return false
    end
    ok = rows ~= nil
  end
  if not ok then
    return nil, message, code, detail
  end
  local dropped, bytes = drop(db, state)
  if not dropped then
    return nil, bytes, code, detail
  end
  ok, message, code, detail = resets.mark(db, id, "purged", options)
  if not ok then
    return nil, message, code, detail
  end
  return ("Purged the bin of reset %d: %s, %s freed"):format(id, table.concat(dropped, ", "), size.text(bytes))
end

--- Drops the bins of one reset.
-- @tparam Db db
-- @tparam integer id of the reset
-- @tparam[opt] table options { build_id, why, only_without_rows = true leaves a bin that holds a row }
-- @treturn string|boolean a sentence; false when rows were found and it was left alone
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function purge.run(db, id, options)
  return attempt.run(db, "the purge", function()
    return act(db, id, options or {})
  end)
end

return purge
