--- What of a plan, an outcome and the flags may be written down: names and numbers, never a value.
local summary = {}

-- A field that is not named here does not reach the ledger: a command line, for instance, may hold a secret.
local ACTION_FIELDS = { "kind", "name", "sha256", "schemas", "empty", "mode" }
local STEP_FIELDS = { "kind", "name", "status", "seconds", "mode", "statements", "schemas", "bins", "reset_id", "exit",
  "file", "format", "verified", "rows", "bytes" }
local ERROR_TEXT_BYTES = 2000

local function pick(source, fields)
  local copy = {}
  for _, field in ipairs(fields) do
    copy[field] = source[field]
  end
  return copy
end

local function pick_all(list, fields)
  local copies = {}
  for index, entry in ipairs(list or {}) do
    copies[index] = pick(entry, fields)
  end
  return copies
end

--- The actions of a plan.
-- @tparam table|nil plan { actions = {...} }
-- @treturn table a list of plain tables
function summary.plan(plan)
  return pick_all(plan and plan.actions, ACTION_FIELDS)
end

--- The steps of an outcome, and how it ended.
-- @tparam table outcome { ok, steps, error }
-- @tparam[opt] function mask takes secrets out of the error's text
-- @treturn table { ok, steps, error = { message, code } | nil }
function summary.outcome(outcome, mask)
  local short = { ok = outcome.ok and true or false, steps = pick_all(outcome.steps, STEP_FIELDS) }
  for index, step in ipairs(outcome.steps or {}) do
    if step.tables then
      short.steps[index].tables = pick_all(step.tables, { "table", "inserted", "updated", "deleted", "unchanged" })
    end
  end
  if outcome.error then
    local text = tostring(outcome.error.message or "")
    text = mask and mask(text) or text
    -- Cut at a character's start: the server refuses half a character.
    local cut = #text > ERROR_TEXT_BYTES and utf8.offset(text, 0, ERROR_TEXT_BYTES + 1) or nil
    short.error = { message = cut and text:sub(1, cut - 1) or text, code = outcome.error.code and tostring(outcome.error.code) }
  end
  return short
end

--- The flags that were seen: whether they were set, not what they held.
-- @tparam table|nil flags
-- @treturn table { reset = { set, meant }, seed = { set, meant }, confirm = bool }
function summary.flags(flags)
  flags = flags or {}
  local short = { confirm = flags.confirm ~= nil }
  for _, name in ipairs({ "reset", "seed" }) do
    local flag = flags[name] or {}
    short[name] = { set = flag.set and true or false, meant = flag.meant and true or false }
  end
  return short
end

--- The word for the ledger's status column.
-- @tparam table outcome { ok, steps, error, refused }
-- @treturn string done, failed, refused or interrupted
function summary.status(outcome)
  if outcome.ok then
    return "done"
  end
  local code = outcome.error and outcome.error.code
  if outcome.refused or code == "unsafe" then
    return "refused"
  end
  return code == "interrupted" and "interrupted" or "failed"
end

return summary
