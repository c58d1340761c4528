--- Tells whether RESET_DATABASE was left set: an earlier build used it, ended well, and none without it came since. Pure.
local stale = {}

local function setting(observed, name)
  local settings = observed.settings
  if settings and settings.get then
    return (settings:get(name))
  end
end

--- "build 0000000041 (flow, 2026-11-20 10:11:12 UTC, commit abc1234)".
-- @tparam table build an entry of the ledger
-- @treturn string
function stale.describe(build)
  local parts = { build.command }
  if build.at then
    parts[#parts + 1] = build.at .. " UTC"
  end
  if build.commit then
    parts[#parts + 1] = "commit " .. build.commit:sub(1, 12)
  end
  return ("build %s (%s)"):format(build.job or build.build, table.concat(parts, ", "))
end

-- At a developer's machine the flag stands in the command itself and is not left over, unless it comes from a file such as .env.
local function stands_in_command(flag, build, request)
  return build.kind == "local" and ((flag.source or "environment") == "environment" or not (request and request.by_flags))
end

--- Judges the flag.
-- @tparam table observed with flags, build, ledger, settings
-- @tparam[opt] table request its by_flags: the flags have asked for it, and no command by its name
-- @treturn[1] table { policy = "refuse" | "skip" | "reset", spent, since, text }
-- @treturn[2] nil when the flag is not set, or not spent
function stale.judge(observed, request)
  local flag, build, ledger = observed.flags and observed.flags.reset, observed.build or {}, observed.ledger or {}
  if not (flag and flag.set) or stands_in_command(flag, build, request) then
    return nil
  end
  local spent = ledger.spent
  if not spent or spent.id <= (ledger.plain or 0) then
    return nil
  end
  return {
    policy = setting(observed, "reset_stale") or "refuse", spent = spent, since = ledger.reset_since or spent,
    text = stale.describe(spent) .. " has reset this database with it already",
  }
end

return stale
