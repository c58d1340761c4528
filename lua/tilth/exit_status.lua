--- The one map from failure codes to exit statuses (docs/architecture.md; README lists them).
local exit_status = {
  DONE = 0,
  FAILED = 1,
  USAGE = 2,
  REFUSED = 3,
  UNREACHABLE = 4,
  BUG = 99,
}

local BY_CODE = {
  usage = exit_status.USAGE,
  config = exit_status.USAGE,
  P1012 = exit_status.USAGE,
  P1013 = exit_status.USAGE,
  none = exit_status.USAGE,
  unsafe = exit_status.REFUSED,
  unreachable = exit_status.UNREACHABLE,
  P1000 = exit_status.UNREACHABLE,
  P1001 = exit_status.UNREACHABLE,
  P1003 = exit_status.UNREACHABLE,
  P1010 = exit_status.UNREACHABLE,
  P1011 = exit_status.UNREACHABLE,
  P1017 = exit_status.UNREACHABLE,
}

--- The exit status of a failure.
-- @param code   what the failing function returned beside its message
-- @param detail table; detail.exit decides when it is there (a child's own status, for instance)
-- @return integer
function exit_status.of(code, detail)
  if detail and detail.exit then
    return detail.exit
  end
  return BY_CODE[code] or exit_status.FAILED
end

return exit_status
