--- Reads the answer of the statement that observes the ledger into a table. Pure.
local state = {}

local json = require("tilth.json")

local ENTITIES = { lt = "<", gt = ">", amp = "&", quot = '"', ["#x0d"] = "\r", ["#xd"] = "\r" }

--- The JSON text inside what query_to_xml gives.
-- @tparam string|nil xml
-- @treturn string|nil the text, nil when no row was there
function state.text_of_xml(xml)
  local inner = xml and xml:match("<j>(.*)</j>")
  return inner and (inner:gsub("&(#?%w+);", ENTITIES))
end

local function open_resets(resets)
  local open = {}
  for _, reset in ipairs(resets) do
    if reset.state == "open" then
      open[#open + 1] = reset
    end
  end
  return open
end

--- Makes observed.ledger.
-- @tparam table row the first row of the observing statement
-- @treturn table { exists, readable, writable, may_create, version, environment, environment_at, environment_by,
--   production = the newest build for production since the mark was made, builds, running, spent, plain, reset_since, seed_since,
--   seed_builds, resets, open, open_reset, seeds }; a brief look has last_flagged (this app and branch ran with a flag last time)
--   in the place of most of it
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function state.read(row)
  local ledger = {
    exists = row.found, readable = row.readable, writable = row.writable, may_create = row.may_create,
    has_schema = row.has_schema, builds = {}, running = {}, resets = {}, open = {}, seeds = {},
  }
  local text = state.text_of_xml(row.state)
  if not text then
    return ledger
  end
  local content, message = json.decode(text)
  if not content then
    return nil, "cannot read tilth's ledger in this database: " .. message, "failed"
  end
  content = json.without_nulls(content)
  local seeds = content.seeds or {}
  content.seeds = nil
  for name, value in pairs(content) do
    ledger[name] = value
  end
  for _, seed in ipairs(seeds) do
    ledger.seeds[seed.name] = seed
  end
  ledger.open = open_resets(ledger.resets)
  ledger.open_reset = ledger.open[#ledger.open]
  return ledger
end

return state
