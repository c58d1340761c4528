--- The old schema stays on the disk beside what is made anew: is there room for both?
local reset_disk = {
  id = "reset-disk",
  about = "A reset needs room for the old schema and for the new one.",
}

local size = require("tilth.reset.size")

--- Runs the check. Where the server's disk can't be asked, it has nothing to say.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_disk.run(observed, plan)
  local free = observed.reset and observed.reset.disk_free
  for _, action in ipairs(plan.actions) do
    if free and action.kind == "reset" and free < action.bytes then
      return { { id = reset_disk.id, severity = "block", exit = 3,
        message = ("the server's disk has %s free, and the schema that the reset keeps in the bin has %s: the new one may not fit "
          .. "beside it. Nothing was changed."):format(size.text(free), size.text(action.bytes)),
        advice = "Free space on the server (`tilth reset purge` drops old bins), or allow it in tilth.config.lua: "
          .. "severities = { [\"reset-disk\"] = { severity = \"warn\", reason = \"...\" } }." } }
    end
  end
  return {}
end

return reset_disk
