--- Decides whether somebody has really asked for it: at a terminal by the database's name, elsewhere by --force. Pure.
local consent = {}

local confirm = require("tilth.reset.confirm")

local function refuse(message, advice)
  return nil, message, "unsafe", { advice = advice }
end

--- Judges what was said.
-- @tparam table asked { what = "undo the reset", database, now, force, interactive, typed = what was typed at the prompt,
--   agent = a coding agent's name | nil, reasons = why the database is protected (list), confirm = RESET_DATABASE_CONFIRM }
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "unsafe"
-- @treturn[2] table { advice }
function consent.judge(asked)
  local protected = #asked.reasons > 0
  if asked.agent and protected then
    return refuse(("%s asks to %s on %s, which is protected: %s. Nothing was changed."):format(
      asked.agent, asked.what, asked.database, table.concat(asked.reasons, "; ")), "A person has to run this.")
  elseif asked.typed ~= nil then
    if asked.typed == asked.database then
      return true
    end
    return refuse(("what was typed is not the database's name, so that tilth does not %s. Nothing was changed."):format(asked.what))
  elseif not asked.force then
    return refuse(("this would %s on %s, and nobody is there to ask. Nothing was changed."):format(asked.what, asked.database),
      "Use --force to run it without a question.")
  elseif protected and not confirm.judge(asked.confirm, asked.database, asked.now) then
    return refuse(("%s is protected: %s. Nothing was changed."):format(asked.database, table.concat(asked.reasons, "; ")),
      ("Set RESET_DATABASE_CONFIRM=%s to go on all the same."):format(confirm.suggest(asked.database, asked.now)))
  end
  return true
end

return consent
