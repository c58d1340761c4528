--- A failed migration leads to a reset, a db push or a drop.
local pipeline_failure_destroys = {
  id = "pipeline-failure-destroys",
  about = "No command that deletes data runs because a migration failed.",
}

local finding = require("tilth.pipeline.finding")

local DEEDS <const> = {
  reset = "a reset deletes all data", drop = "a command drops the data", push = "`db push` changes the schema past the migrations",
}

local function destroyer(pipeline, command)
  for _, handler in ipairs(command.handler and command.handler.commands or {}) do
    local kinds = pipeline:does(handler)
    for _, kind in ipairs({ "reset", "drop", "push" }) do
      if kinds[kind] then
        return kind, kinds[kind]
      end
    end
  end
  return nil
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_failure_destroys.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, command in ipairs(pipeline and pipeline.commands or {}) do
    local kinds = pipeline:does(command)
    if (kinds.migrate or kinds.flow) and not command.context.scratch then
      local kind, culprit = destroyer(pipeline, command)
      if kind then
        local loss = kind == "push" and culprit.tool.accepts_loss and ", and accepts that data is lost" or ""
        findings[#findings + 1] = finding.at(pipeline, pipeline_failure_destroys, command, { severity = "warn",
          message = ("when the migration fails, %s%s. A lock or a network error is reason enough for that."):format(DEEDS[kind], loss),
          advice = "Let the build fail instead: write `tilth flow`, or the migration alone. "
            .. "A migration that failed under tilth has changed nothing." })
      end
    end
  end
  return findings
end

return pipeline_failure_destroys
