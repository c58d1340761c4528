--- `prisma migrate dev` in a build.
local pipeline_migrate_dev = {
  id = "pipeline-migrate-dev",
  about = "`prisma migrate dev` is for development: it may reset the database it finds.",
}

local finding = require("tilth.pipeline.finding")

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_migrate_dev.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, command in ipairs(pipeline and pipeline.commands or {}) do
    if command.tool.kind == "migrate-dev" and command.build and not command.context.scratch then
      findings[#findings + 1] = finding.at(pipeline, pipeline_migrate_dev, command, { severity = "warn",
        message = "`migrate dev` is part of a build. It resets a database whose history differs from the files, and writes new migrations.",
        advice = "Write `tilth flow`, or `tilth migrate deploy`; keep `migrate dev` for your own machine." })
    end
  end
  return findings
end

return pipeline_migrate_dev
