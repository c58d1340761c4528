--- What a person should know about a reset that is going to happen.
local reset_notice = {
  id = "reset-notice",
  about = "Says what a reset puts aside, and what stays tied to it.",
}

local keep = require("tilth.reset.keep")
local protection = require("tilth.reset.protection")
local scope = require("tilth.reset.scope")
local size = require("tilth.reset.size")

local function finding(severity, message, advice)
  return { id = reset_notice.id, severity = severity, message = message, advice = advice }
end

-- The bins that go for good after this reset, by what the ledger knows of them.
local function surplus(observed, request)
  local settings, ledger = observed.settings, observed.ledger or {}
  local count = settings and settings.get and settings:get("reset_keep")
  if not count or request and request.restore then
    return {}
  end
  local names = observed.reset.names
  local resets = scope.own(ledger.resets or {}, names)
  resets[#resets + 1] = { id = 0, kind = "reset", state = "done", build_status = "done", schemas = { { schema = names[1], bin = "" } } }
  local texts = {}
  for _, reset in ipairs(keep.surplus(resets, count)) do
    if reset.id ~= 0 then
      local bins = {}
      for _, entry in ipairs(reset.schemas) do
        bins[#bins + 1] = entry.bin and ("%s, %s"):format(entry.bin, size.text(entry.bytes or 0))
      end
      texts[#texts + 1] = ("reset %d of %s UTC (%s)"):format(reset.id, reset.at or "?", table.concat(bins, "; "))
    end
  end
  return texts
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function reset_notice.run(observed, plan)
  local findings, open = {}, observed.ledger and observed.ledger.open_reset
  if open and scope.touches(open, scope.names(observed.target, observed.project)) then
    findings[1] = finding("note", ("reset %d (%s UTC) was cut short; the next run takes it back first"):format(open.id, open.at))
  end
  for _, action in ipairs(plan.actions) do
    if action.kind == "reset" and not action.empty then
      local state = observed.reset
      findings[#findings + 1] = finding("note", ("the reset puts aside %s: %s"):format(
        table.concat(action.schemas, ", "), table.concat(protection.evidence(observed), "; ")),
        plan.request and plan.request.into and "`tilth reset undo --database-url ...` with the URL of that database brings it back."
          or "`tilth reset undo` brings it back.")
      local gone = surplus(observed, plan.request)
      if #gone > 0 then
        findings[#findings + 1] = finding("note", "what an earlier reset has put aside goes for good when the migrations have gone well: "
          .. table.concat(gone, "; "), "reset = { keep = 2 } in tilth.config.lua keeps one more; `tilth reset undo` brings it back now.")
      end
      if #state.references > 0 then
        findings[#findings + 1] = finding("warn", "tables that go into the bin refer to tables that stay: "
          .. table.concat(state.references, "; "), "Rows that are deleted there touch the bin, until `tilth reset purge`.")
      end
      if #state.event_triggers > 0 then
        findings[#findings + 1] = finding("note", "event triggers see the reset's DDL: " .. table.concat(state.event_triggers, ", "))
      end
    end
  end
  return findings
end

return reset_notice
