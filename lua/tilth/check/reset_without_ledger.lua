--- Without a ledger a reset could be neither judged nor undone.
local reset_without_ledger = {
  id = "reset-without-ledger",
  about = "A reset needs tilth's ledger in the database.",
}

local schema = require("tilth.ledger.schema")

local function trouble(ledger)
  if ledger.exists and not ledger.readable then
    return "may not read tilth's ledger (the schema tilth)", "the owner of the schema tilth grants it: GRANT USAGE ON SCHEMA tilth, "
      .. "and SELECT, INSERT, UPDATE on its tables"
  elseif ledger.exists and not ledger.writable then
    return "may not write to tilth's ledger (the schema tilth)", "the owner of the schema tilth grants INSERT and UPDATE on its tables"
  elseif not ledger.exists and not ledger.may_create then
    return "may not make tilth's ledger (the schema tilth)", "the database's owner grants CREATE ON DATABASE"
  elseif ledger.version and ledger.version > schema.version then
    return "is older than the tilth that made this database's ledger", "use the newer tilth here as well"
  end
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_without_ledger.run(observed, plan)
  for _, action in ipairs(plan.actions) do
    if action.kind == "reset" then
      local what, way = trouble(observed.ledger)
      return what and { { id = reset_without_ledger.id, severity = "block", exit = 3,
        message = "this program " .. what .. ", and a reset that is not noted can't be undone. Nothing was changed.",
        advice = "What helps: " .. way .. "." } } or {}
    end
  end
  return {}
end

return reset_without_ledger
