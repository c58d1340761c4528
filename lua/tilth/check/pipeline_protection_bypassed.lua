--- A lock or a protection that a variable switches off for good.
local pipeline_protection_bypassed = {
  id = "pipeline-protection-bypassed",
  about = "No variable switches off a lock or a protection in every build.",
}

local finding = require("tilth.pipeline.finding")

local OFF <const> = { [""] = true, ["0"] = true, ["false"] = true, no = true, off = true }

local NAMES <const> = {
  PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK = "two builds may migrate the same database at once",
  PRISMA_USER_CONSENT_FOR_DANGEROUS_AI_ACTION = "a coding agent may reset the database without anybody's word",
  DISABLE_DATABASE_ENVIRONMENT_CHECK = "a production database may be dropped like any other",
}

local function reason(name, value)
  if NAMES[name] then
    return not OFF[value:lower()] and NAMES[name] or nil
  elseif name == "FLYWAY_CLEAN_DISABLED" and value:lower() == "false" then
    return "`flyway clean` may delete everything"
  end
  return nil
end

local function advice_for(name)
  if name == "PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK" then
    return "Remove it. tilth asks for Prisma's lock again and again, says who holds it, and lets go of it when a build is killed."
  end
  return "Remove it; set it by hand, for one command, when it is really meant."
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_protection_bypassed.run(observed)
  local pipeline, findings, told = observed.pipeline, {}, {}
  if not pipeline then
    return findings
  end
  for _, setting in ipairs(pipeline:settings()) do
    local why = reason(setting.name, setting.value)
    if why and not setting.scratch then
      told[setting.name] = true
      findings[#findings + 1] = finding.at(pipeline, pipeline_protection_bypassed, setting, { severity = "warn", name = setting.name,
        message = ("with %s, %s."):format(setting.name, why), advice = advice_for(setting.name) })
    end
  end
  for name in pairs(NAMES) do
    local value = observed.env and observed.env[name]
    if value and not OFF[value:lower()] and not told[name] then
      findings[#findings + 1] = { id = pipeline_protection_bypassed.id, severity = "warn", advice = advice_for(name),
        message = ("%s is set in the environment: %s."):format(name, NAMES[name]) }
    end
  end
  return findings
end

return pipeline_protection_bypassed
