--- What the server's refusal of a statement inside a transaction asks for. Pure.
-- @module tilth.migrate.refusal

local refusal = {}

local statement = require("tilth.migrate.statement")

-- Only these can end a transaction from inside a body, where they stand alone.
local CALLERS <const> = { call = true, ["do"] = true }

-- They choose how a transaction runs, and mean nothing outside of one.
local SETTERS <const> = { set = true, reset = true, select = true }

--- Would the statement run outside of the transaction?
-- @tparam string|nil code the SQLSTATE: 25001 active transaction, 2D000 invalid termination, 55P04 new value of an enum
-- @tparam table|nil detail of the failure; its context says that a function ran the refused statement
-- @tparam string text the statement
-- @treturn boolean
function refusal.asks_to_leave(code, detail, text)
  local first = statement.body(text):match("^%a*"):lower()
  if code == "25001" then
    return not (detail and detail.context) and not SETTERS[first]
  elseif code == "2D000" then
    return CALLERS[first] or false
  end
  return code == "55P04"
end

return refusal
