--- When a backup is part of a plan: on request, and before a protected database is reset. Pure.
local plan = {}

local obstacles = require("tilth.reset.obstacles")
local protection = require("tilth.reset.protection")

local function action(observed, options)
  local text = "the " .. observed.target.text .. (options.why and ", " .. options.why or "")
  return {
    kind = "backup", name = observed.target.database, text = text,
    file = options.file, dir = options.dir, format = options.format, automatic = options.automatic,
  }
end

--- The actions of `tilth backup`.
-- @tparam table observed
-- @tparam table request with backup = { file, dir, format }
-- @treturn table list of { kind = "backup", name, text, file, dir, format }
-- @treturn table list of { kind = "backup", why }
function plan.actions(observed, request)
  return { action(observed, request.backup) }, {}
end

--- What comes before a reset.
-- @tparam table observed
-- @tparam table reset the action of reset/plan.lua
-- @treturn table list of actions: one backup, or none
-- @treturn table list of { kind = "backup", why }
function plan.before_reset(observed, reset)
  -- Whoever consents to a reset under others' feet gets a backup, on any database.
  if not reset.empty and #obstacles.ties(observed.reset) > 0 then
    return { action(observed, { why = "before its reset (others are tied to it)", automatic = true }) }, {}
  end
  local reasons = reset.empty and {} or protection.reasons(observed)
  if #reasons == 0 or not observed.reset.rows then
    return {}, {}
  elseif observed.settings and observed.settings:get("backup_automatic") == false then
    return {}, { { kind = "backup", why = "No backup before the reset: tilth.config.lua says backup.automatic = false." } }
  end
  return { action(observed, { why = "before its reset (" .. reasons[1] .. ")", automatic = true }) }, {}
end

return plan
