--- Says what the pipeline checks could not read, so that nobody takes silence for safety.
local pipeline_not_understood = {
  id = "pipeline-not-understood",
  about = "Says which parts of the pipeline's files the checks could not read.",
}

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function pipeline_not_understood.run(observed, plan)
  local findings = {}
  -- Said when somebody asks for checks, not in every build.
  if not (plan and plan.request and plan.request.command == "check") then
    return findings
  end
  for _, note in ipairs(observed.pipeline and observed.pipeline.notes or {}) do
    findings[#findings + 1] = { id = pipeline_not_understood.id, severity = "note", file = note.file, line = note.line,
      path = note.full_path, message = ("%s:%d: not checked: %s."):format(note.file, note.line, note.text) }
  end
  return findings
end

return pipeline_not_understood
