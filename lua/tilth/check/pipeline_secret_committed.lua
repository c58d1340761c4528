--- A password or a key that stands in the repository.
local pipeline_secret_committed = {
  id = "pipeline-secret-committed",
  about = "No password or key is committed.",
}

local finding = require("tilth.pipeline.finding")
local variable = require("tilth.variable")

local PLACEHOLDERS <const> = {
  "change", "secret", "example", "placeholder", "dummy", "test", "xxx", "your", "todo", "postgres", "password", "hunter", "foobar", "none",
  "true", "false",
}

-- Databases on the same machine, and services of a container's own network.
local function is_near(host)
  local name = host:lower()
  return not name:find(".", 1, true) or name:find("^127%.") or name:find("%.internal$") or name:find("%.local$") or name:find("example%.")
end

local function is_placeholder(value)
  for _, word in ipairs(PLACEHOLDERS) do
    if value:lower():find(word, 1, true) then
      return true
    end
  end
  return #value < 8
end

local function reason(setting)
  local host = variable.url_password(setting.value)
  if host then
    return not is_near(host) and "its value is a URL with a password" or nil
  end
  local why = variable.secret("VALUE", setting.value)
  if why then
    return why
  end
  -- Names alone prove little: tests and examples are full of them.
  local kept = setting.kind == "amplify" or setting.kind == "dotenv" or (setting.kind == "dockerfile" and setting.where == "ENV")
  if kept and not variable.is_public(setting.name) and not is_placeholder(setting.value) then
    why = variable.secret(setting.name)
    return why and not setting.name:find("^AWS_") and why or nil
  end
  return nil
end

local function is_committed(pipeline, setting)
  if setting.kind == "dotenv" then
    return pipeline:tracks(setting.full_path) == true and not finding.is_harmless_file(setting.file)
  end
  return not setting.scratch
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_secret_committed.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, setting in ipairs(pipeline and pipeline:settings() or {}) do
    local why = not finding.passes_on(setting.value) and is_committed(pipeline, setting) and reason(setting)
    if why then
      findings[#findings + 1] = finding.at(pipeline, pipeline_secret_committed, setting, { severity = "warn", name = setting.name,
        message = ("%s holds a secret (%s) and is committed: everybody who can read the repository has it."):format(setting.name, why),
        advice = "Change the secret, since the history keeps it; set the variable in the console or in a secret store, "
          .. "and remove the line." })
    end
  end
  return findings
end

return pipeline_secret_committed
