--- Reads a Docker Compose file: commands and environments of the services. Pure.
local compose = {}

local facts = require("tilth.pipeline.facts")
local yaml = require("tilth.pipeline.yaml")

--- Reads the file.
-- @tparam string text
-- @tparam string file path for messages
-- @treturn table facts, see tilth.pipeline.facts
function compose.read(text, file)
  local found = facts.new(file, "compose")
  -- A file for one developer's machine is no deployment.
  local name, deploys = file:lower():match("[^/]*$"), true
  for _, word in ipairs({ "dev", "test", "local", "override" }) do
    deploys = deploys and not name:find(word, 1, true)
  end
  for _, document in ipairs(found:yaml(text)) do
    for _, entry in ipairs((yaml.get(document, "services") or {}).entries or {}) do
      local context = { label = "service " .. entry.key, build = deploys }
      found:environment(yaml.get(entry.value, "environment"), "environment", entry.key)
      for _, key in ipairs({ "entrypoint", "command" }) do
        local node = yaml.get(entry.value, key)
        if node and node.kind == "list" then
          found:exec(node, context)
        else
          found:commands(node, context)
        end
      end
    end
  end
  return found
end

return compose
