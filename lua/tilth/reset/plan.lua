--- From what was observed, what a reset has to do. Pure.
local plan = {}

local names = require("tilth.reset.names")
local size = require("tilth.reset.size")
local stale = require("tilth.reset.stale")

-- More migrations than any history has: a restore that was cut short never counts as complete, since its rows may be missing.
local NEVER <const> = 2147483647

local function has_anything(schema)
  return schema.oid ~= nil and schema.objects > 0
end

local function chosen_schemas(state)
  local filled = {}
  for _, schema in ipairs(state.schemas) do
    if has_anything(schema) then
      filled[#filled + 1] = schema.name
    end
  end
  return filled
end

--- The actions of a reset: none, or one.
-- An empty schema is left as it is, and the action stays: that the flag was used must be noted all the same.
-- @tparam table observed with reset, ledger, flags, build, migrations, settings
-- @tparam[opt] table request
-- @treturn table list of { kind = "reset", text,
--   schemas = { names }, bins = { schema -> bin }, all, history, empty, bytes, tables, expected }
-- @treturn table list of { kind = "reset", why }
function plan.actions(observed, request)
  local state = observed.reset
  local spent = stale.judge(observed, request)
  if spent and spent.policy == "skip" then
    return {}, { { kind = "reset", why = "RESET_DATABASE is still set, and " .. spent.text .. "; reset.stale = \"skip\"" } }
  end
  local schemas = chosen_schemas(state)
  local bytes, tables = 0, 0
  for _, schema in ipairs(state.schemas) do
    bytes, tables = bytes + schema.bytes, tables + schema.tables
  end
  -- A history table outside of the listed schemas gets a bin of its own.
  local wanted = table.move(schemas, 1, #schemas, 1, {})
  if state.history then
    wanted[#wanted + 1] = state.history.schema
  end
  local empty = #schemas == 0 and not state.history
  local text = empty and "an empty database: nothing to clear"
    or ("%s (%d tables, %s) into the bin"):format(table.concat(state.names, ", "), tables, size.text(bytes))
  return { {
    kind = "reset", text = text, schemas = schemas, bins = names.choose(wanted, state.now, state.bins), all = state.names,
    history = state.history, empty = empty, bytes = bytes, tables = tables,
    expected = request and request.restore and NEVER or #(observed.migrations or {}),
  } }, {}
end

return plan
