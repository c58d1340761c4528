--- Migrations through a pooler while a direct URL exists.
local pipeline_pooled_url = {
  id = "pipeline-pooled-url",
  about = "Migrations go by the direct URL, not through a pooler.",
}

local finding = require("tilth.pipeline.finding")

local DIRECT_NAMES <const> = {
  "DIRECT_URL", "DIRECT_DATABASE_URL", "DATABASE_URL_UNPOOLED", "POSTGRES_URL_NON_POOLING", "POSTGRES_DIRECT_URL", "UNPOOLED_DATABASE_URL",
}
local ADVICE <const> = "Name the direct URL for migrations: `directUrl = env(\"%s\")` in the schema's datasource, "
  .. "or `--database-url \"$%s\"` for tilth. A pooler breaks session locks and prepared statements."

local function is_pooled(value)
  return value:find("%-pooler%.") or value:find("pooler%.supabase%.com") or value:find(":6543/") or value:find("pgbouncer=true", 1, true)
    or value:find("%.proxy%-[%w-]+%.[%w-]+%.rds%.amazonaws%.com") or value:find("%.proxy%-[%w-]+%.rds%.[%w-]+%.amazonaws%.com%.cn")
end

local function is_pooled_name(name)
  return name == "POSTGRES_PRISMA_URL" or name:find("POOLED") and not name:find("UNPOOLED") or name:find("POOLER") or name:find("PGBOUNCER")
end

-- The schema or prisma.config names a direct URL: migrations use that one already.
local function is_solved(project)
  local schema, config = project.schema and project.schema.datasource or {}, project.prisma_config or {}
  return schema.direct_url ~= nil or config.direct_url ~= nil or config.url ~= nil
end

local function direct_beside(settings, setting)
  for _, name in ipairs(DIRECT_NAMES) do
    for _, other in ipairs(settings) do
      if other.name == name and other.full_path == setting.full_path and other.value ~= "" and not is_pooled(other.value) then
        return name
      end
    end
  end
  return nil
end

local function migrates(pipeline, command)
  local kinds = command and pipeline:does(command) or {}
  return kinds.migrate or kinds.flow or kinds.reset
end

local function of_setting(pipeline, settings, setting)
  if setting.name ~= "DATABASE_URL" or setting.scratch then
    return nil
  elseif setting.command and migrates(pipeline, setting.command) then
    local name = setting.value:match("^%$%{?([%a_][%w_]*)")
    if name and is_pooled_name(name) then
      return ("%s goes through a pooler"):format(name), "DIRECT_URL"
    end
  end
  local direct = is_pooled(setting.value) and direct_beside(settings, setting)
  if direct then
    return ("DATABASE_URL goes through a pooler, and %s stands beside it unused for migrations"):format(direct), direct
  end
  return nil
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_pooled_url.run(observed)
  local pipeline, findings, target = observed.pipeline, {}, observed.target
  if not pipeline or is_solved(observed.project or {}) then
    return findings
  end
  local settings = pipeline:settings()
  for _, setting in ipairs(settings) do
    local what, direct = of_setting(pipeline, settings, setting)
    if what and not (setting.kind == "dotenv" and finding.is_harmless_file(setting.file)) then
      findings[#findings + 1] = finding.at(pipeline, pipeline_pooled_url, setting, { severity = "warn", name = setting.name,
        message = what .. ".", advice = ADVICE:format(direct, direct) })
    end
  end
  if target and target.pooled and target.direct_variable then
    findings[#findings + 1] = { id = pipeline_pooled_url.id, severity = "warn",
      advice = ADVICE:format(target.direct_variable, target.direct_variable),
      message = ("%s goes through a pooler (%s), and %s is set but not used."):format(target.source, target.pooled_why,
        target.direct_variable) }
  end
  return findings
end

return pipeline_pooled_url
