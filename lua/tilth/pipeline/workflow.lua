--- Reads a workflow of GitHub Actions: the `run` steps of its jobs, variables, what triggers it. Pure.
local workflow = {}

local facts = require("tilth.pipeline.facts")
local yaml = require("tilth.pipeline.yaml")

local function is_true(node)
  return node ~= nil and node.kind == "scalar" and (node.text == "true" or node.text == "yes" or node.text == "on")
end

local function by_pull_request(document)
  local on = yaml.get(document, "on") or yaml.get(document, "true")
  if not on then
    return false
  end
  local names = {}
  for _, scalar in ipairs(yaml.scalars(on)) do
    names[scalar.text] = true
  end
  for _, entry in ipairs(on.entries or {}) do
    names[entry.key] = true
  end
  return names.pull_request or names.pull_request_target or false
end

-- A database that lives and dies with the job holds nothing that could be lost.
local function has_scratch(job)
  for _, entry in ipairs((yaml.get(job, "services") or {}).entries or {}) do
    local image = yaml.get(entry.value, "image")
    local name = ((image and image.text or "") .. " " .. entry.key):lower()
    if name:find("postgres") or name:find("postgis") or name:find("timescale") or name:find("pgvector") then
      return true
    end
  end
  return false
end

local function lost_by(...)
  for _, node in ipairs({ ... }) do
    local flag, line = yaml.get(node, "continue-on-error")
    if is_true(flag) then
      return { how = "continue-on-error", line = line }
    end
  end
  return nil
end

local function read_job(found, name, job, pull_request, document)
  local scratch = has_scratch(job)
  found:environment(yaml.get(job, "env"), "env", name, scratch)
  local default_shell = yaml.get(job, "defaults", "run", "shell") or yaml.get(document, "defaults", "run", "shell")
  for index, step in ipairs((yaml.get(job, "steps") or {}).items or {}) do
    found:environment(yaml.get(step, "env"), "env", name .. " " .. index, scratch)
    local shell = yaml.get(step, "shell") or default_shell
    local words = shell and shell.text or ""
    local condition = yaml.get(step, "if") or yaml.get(job, "if")
    found:commands(yaml.get(step, "run"), {
      label = "job " .. name, build = true, errexit = words == "" or words == "bash" or words == "sh" or words:find("%-%a*e") ~= nil,
      -- Only a shell that is named gets `-o pipefail`.
      pipefail = words == "bash" or words:find("pipefail") ~= nil, lost = lost_by(step, job), scratch = scratch,
      pull_request = pull_request and not (condition and condition.text:find("pull_request", 1, true)),
    })
  end
end

--- Reads the file.
-- @tparam string text
-- @tparam string file path for messages
-- @treturn table facts, see tilth.pipeline.facts
function workflow.read(text, file)
  local found = facts.new(file, "workflow")
  for _, document in ipairs(found:yaml(text)) do
    found:environment(yaml.get(document, "env"), "env", "workflow")
    local pull_request = by_pull_request(document)
    for _, entry in ipairs((yaml.get(document, "jobs") or {}).entries or {}) do
      read_job(found, entry.key, entry.value, pull_request, document)
    end
  end
  return found
end

return workflow
