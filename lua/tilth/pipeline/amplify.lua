--- Reads amplify.yml: commands of every phase, variables, published and cached folders. Pure.
local amplify = {}

local facts = require("tilth.pipeline.facts")
local yaml = require("tilth.pipeline.yaml")

local SECTIONS <const> = { "backend", "frontend", "test" }
local PHASES <const> = { "preBuild", "build", "postBuild", "preTest", "test", "postTest" }

local function read_section(found, app, section, base)
  local node = yaml.get(app, section)
  for _, phase in ipairs(PHASES) do
    found:commands(yaml.get(node, "phases", phase, "commands"), {
      label = section .. " " .. phase, build = true, phase = phase, section = section,
    })
  end
  found:folder(yaml.get(node, "artifacts", "baseDirectory"), "published", base)
  found:folder(yaml.get(node, "cache", "paths"), "cached", base)
  for _, entry in ipairs((yaml.get(node, "artifacts", "secondary") or {}).entries or {}) do
    found:folder(yaml.get(entry.value, "baseDirectory"), "published", base)
  end
end

--- Reads the file.
-- @tparam string text
-- @tparam string file path for messages
-- @treturn table facts, see tilth.pipeline.facts
function amplify.read(text, file)
  local found = facts.new(file, "amplify")
  for _, document in ipairs(found:yaml(text)) do
    found:environment(yaml.get(document, "env", "variables"), "env.variables")
    local apps = yaml.get(document, "applications")
    for _, app in ipairs(apps and apps.items or { document }) do
      local root = yaml.get(app, "appRoot")
      if app ~= document then
        found:environment(yaml.get(app, "env", "variables"), "env.variables")
      end
      for _, section in ipairs(SECTIONS) do
        read_section(found, app, section, root and root.text)
      end
    end
  end
  return found
end

return amplify
