--- A flag of database operations that stands in the repository.
local pipeline_flag_committed = {
  id = "pipeline-flag-committed",
  about = "RESET_DATABASE, RUN_SEED and the like are set for one build, never committed.",
}

local finding = require("tilth.pipeline.finding")
local variable = require("tilth.variable")

local function applies(pipeline, setting)
  if setting.scratch or not variable.is_flag(setting.name) or finding.passes_on(setting.value) then
    return false
  elseif setting.name ~= "RESET_DATABASE_CONFIRM" and not finding.is_yes(setting.value) then
    return false
  elseif setting.kind == "dotenv" then
    -- A .env that is not committed is one machine's own affair.
    return pipeline:tracks(setting.full_path) == true and not finding.is_harmless_file(setting.file)
  elseif setting.kind == "compose" then
    return not finding.is_harmless_file(setting.file)
  end
  return not setting.command or setting.command.build
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_flag_committed.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, setting in ipairs(pipeline and pipeline:settings() or {}) do
    if applies(pipeline, setting) then
      findings[#findings + 1] = finding.at(pipeline, pipeline_flag_committed, setting, { severity = "warn", name = setting.name,
        message = ("%s is committed, so it holds for every build of every branch that has this file."):format(setting.name),
        advice = "Remove the line. Set the variable in the console for one branch and one build "
          .. "(Amplify: App settings, Environment variables), and remove it afterwards." })
    end
  end
  return findings
end

return pipeline_flag_committed
