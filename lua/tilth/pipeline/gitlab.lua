--- Reads .gitlab-ci.yml: scripts of the jobs, variables, caches and artifacts. Pure.
local gitlab = {}

local facts = require("tilth.pipeline.facts")
local yaml = require("tilth.pipeline.yaml")

local RESERVED <const> = {
  stages = true, variables = true, include = true, workflow = true, image = true, services = true, cache = true, spec = true,
}

local function scratch_of(job, document)
  for _, holder in ipairs({ job, document }) do
    local services = yaml.get(holder, "services")
    for _, item in ipairs(services and services.items or {}) do
      local name = item.text or (yaml.get(item, "name") or {}).text or ""
      if name:find("postgres") or name:find("postgis") or name:find("pgvector") then
        return true
      end
    end
  end
  return false
end

local function for_merge_requests(job)
  for _, key in ipairs({ "rules", "only" }) do
    local node = yaml.get(job, key)
    for _, item in ipairs(node and node.items or {}) do
      local condition = item.text or (yaml.get(item, "if") or {}).text or ""
      if condition:find("merge_request") then
        return true
      end
    end
  end
  return false
end

local function read_job(found, name, job, document)
  local scratch = scratch_of(job, document)
  local flag, line = yaml.get(job, "allow_failure")
  local lost = flag and flag.text == "true" and { how = "allow_failure", line = line } or nil
  -- before_script and script run in one shell, so what `set` changed stays.
  local state = { errexit = true, pipefail = true }
  local context = {
    label = "job " .. name, build = true, errexit = true, pipefail = true, lost = lost, scratch = scratch,
    pull_request = for_merge_requests(job),
  }
  found:environment(yaml.get(job, "variables"), "variables", name, scratch)
  found:commands(yaml.get(job, "before_script"), context, state)
  found:commands(yaml.get(job, "script"), context, state)
  local after, after_line = yaml.get(job, "after_script")
  found:commands(after, { label = "job " .. name, build = true, scratch = scratch, lost = { how = "after_script", line = after_line } })
  found:folder(yaml.get(job, "cache", "paths"), "cached")
  if name == "pages" then
    found:folder(yaml.get(job, "artifacts", "paths"), "published")
  end
end

--- Reads the file.
-- @tparam string text
-- @tparam string file path for messages
-- @treturn table facts, see tilth.pipeline.facts
function gitlab.read(text, file)
  local found = facts.new(file, "gitlab")
  for _, document in ipairs(found:yaml(text)) do
    found:environment(yaml.get(document, "variables"), "variables", "pipeline")
    found:folder(yaml.get(document, "cache", "paths"), "cached")
    read_job(found, "default", { kind = "map", entries = {
      { key = "before_script", value = yaml.get(document, "before_script") or {} },
      { key = "after_script", value = yaml.get(document, "after_script") or {} },
    } }, document)
    for _, entry in ipairs(document.entries or {}) do
      if not RESERVED[entry.key] and entry.value.kind == "map" then
        read_job(found, entry.key, entry.value, document)
      end
    end
  end
  return found
end

return gitlab
