--- The actions of a restore, behind the reset that puts aside what is there. Pure.
local restore_plan = {}

--- The actions.
-- @tparam table observed
-- @tparam table request with restore = a backup of backup/source.lua, whole = the database was made for it
-- @treturn table list of { kind = "restore", name, text, path, format, schemas, whole }
-- @treturn table list of what is left out: nothing
function restore_plan.actions(observed, request)
  local backup = request.restore
  local header = backup.header
  return { {
    kind = "restore", name = backup.path:match("[^/]*$"), path = backup.path, format = backup.kind, whole = request.whole,
    schemas = observed.reset.names, text = ("%s%s"):format(backup.path, header and " of " .. header.at or ""),
  } }, {}
end

return restore_plan
