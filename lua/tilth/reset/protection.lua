--- Decides whether a database is protected from resets, and says why. Pure.
local protection = {}

local size = require("tilth.reset.size")

local RANK <const> = { development = 1, preview = 2, staging = 3, production = 4 }
local DAY <const> = 86400

--- Beyond these a database is protected whatever it is called; `limits` in tilth.config.lua changes them.
local LIMITS <const> = { reset_rows = 50000000, reset_bytes = 20 * 2 ^ 30, reset_quiet_days = 7 }

local function limit(observed, name)
  local config = observed.project and observed.project.config
  local own = config and config.limits and tonumber(config.limits[name])
  return own or LIMITS[name]
end

local function is_local(target)
  local host = target and target.host
  return not host or host == "" or host:sub(1, 1) == "/" or host == "localhost" or host == "::1" or host:find("^127%.") ~= nil
end

--- The stricter of the database's mark and the client's environment.
-- @tparam table observed with ledger and environment
-- @treturn string
function protection.environment(observed)
  local client = observed.environment and observed.environment.name or "development"
  local mark = observed.ledger and observed.ledger.environment
  if mark and not RANK[mark] then
    return "production"
  end
  return mark and RANK[mark] > (RANK[client] or RANK.production) and mark or client
end

--- What speaks for a database that is in use, as short sentences.
-- @tparam table observed with reset
-- @treturn table list of texts
function protection.evidence(observed)
  local state, list = observed.reset, {}
  local life, tables, bytes = state.life or {}, 0, 0
  for _, schema in ipairs(state.schemas) do
    tables, bytes = tables + schema.tables, bytes + schema.bytes
  end
  list[1] = ("%d tables, %s, about %d rows"):format(tables, size.text(bytes), life.estimate or 0)
  if life.last_at then
    list[#list + 1] = ("last written %s UTC (%s)"):format(life.last_at, life.last_in)
  end
  if (life.sessions or 0) > 0 then
    list[#list + 1] = ("%d other sessions (%s)"):format(life.sessions, life.session_names or "unnamed")
  end
  if life.first_at then
    list[#list + 1] = "in use since " .. life.first_at
  end
  return list
end

local function by_evidence(observed, reasons)
  local life = observed.reset.life or {}
  if (life.estimate or 0) > limit(observed, "reset_rows") then
    reasons[#reasons + 1] = ("it holds about %d rows"):format(life.estimate)
  elseif (life.bytes or 0) > limit(observed, "reset_bytes") then
    reasons[#reasons + 1] = "it is " .. size.text(life.bytes) .. " large"
  end
  -- A developer's machine or a preview that points at somebody else's database by mistake.
  local client = observed.environment and observed.environment.name
  local mild = client == "development" or client == "preview"
  local recent = life.last_ago and life.last_ago < limit(observed, "reset_quiet_days") * DAY
  if mild and not observed.ledger.environment and not is_local(observed.target) and recent and (life.sessions or 0) > 0 then
    reasons[#reasons + 1] = ("it is in use by others, and nothing says that it is a %s database"):format(client)
  end
end

--- Why a reset of this database needs to be confirmed.
-- @tparam table observed with reset, ledger, environment, settings, target
-- @treturn table list of reasons, empty when it is not protected
function protection.reasons(observed)
  local reasons, ledger = {}, observed.ledger or {}
  local mark = ledger.environment
  if mark == "production" then
    reasons[1] = ("it is marked as production (%s UTC, by %s)"):format(ledger.environment_at or "?", ledger.environment_by or "?")
  elseif mark and not RANK[mark] then
    -- Somebody has written it by hand, and may have meant production.
    reasons[1] = ("it is marked as \"%s\", which is no environment that tilth knows, and so counts as production"):format(mark)
  end
  local client = observed.environment and observed.environment.name
  if client == "preview" and mark and mark ~= "production" and (RANK[mark] or 0) > RANK.preview then
    -- Variables of all branches hold for previews, too.
    reasons[#reasons + 1] = ("this build is a preview (%s), and the database is not its own but marked as %s (%s UTC, by %s)"):format(
      observed.environment.source or "?", mark, ledger.environment_at or "?", ledger.environment_by or "?")
  elseif client == "production" then
    reasons[#reasons + 1] = ("this build is for production (%s)"):format(observed.environment.source or "?")
  end
  local used = ledger.production
  if used and mark ~= "production" and client ~= "production" then
    -- The mark is of the first use, which may have been somebody's own machine.
    reasons[#reasons + 1] = ("builds for production work with it, the last one %s (%s UTC)"):format(used.job or used.build, used.at or "?")
  end
  if observed.settings and observed.settings:get("protected") then
    reasons[#reasons + 1] = "tilth.config.lua says protected = true"
  end
  if observed.reset then
    by_evidence(observed, reasons)
  end
  return reasons
end

return protection
