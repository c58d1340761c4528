--- What a reader of a pipeline file finds: scripts, variables, folders that are published or cached, notes.
local facts = {}

local yaml = require("tilth.pipeline.yaml")

local Facts = {}
Facts.__index = Facts

--- Starts with nothing.
-- @tparam string file path for messages
-- @tparam string kind "amplify", "workflow", "gitlab", "compose", "dockerfile", "package", "dotenv" or "shell"
-- @treturn table { file, kind, scripts, variables, folders, notes } with the methods below
function facts.new(file, kind)
  return setmetatable({ file = file, kind = kind, scripts = {}, variables = {}, folders = {}, notes = {} }, Facts)
end

--- Adds a script with lines of its own.
-- @tparam string text
-- @tparam function line_at offset to line
-- @tparam table context { label, build, errexit, pipefail, lost, scratch, pull_request, name }
-- @tparam[opt] table state of a shell that goes on from an earlier script
function Facts:script(text, line_at, context, state)
  self.scripts[#self.scripts + 1] = { text = text, line_at = line_at, context = context, state = state }
end

--- Adds every command of a YAML node: one scalar, or a list of them.
-- @tparam table|nil node
-- @tparam table context as of `script`
-- @tparam[opt] table state as of `script`
function Facts:commands(node, context, state)
  for _, item in ipairs(node and node.items or {}) do
    if item.kind == "map" then
      self.notes[#self.notes + 1] = { line = item.line, text = "to YAML this command is a \"key: value\", for its \": \"; quote it" }
    end
  end
  for _, scalar in ipairs(yaml.scalars(node)) do
    self:script(scalar.text, function(offset)
      return yaml.line_at(scalar, offset)
    end, context, state)
  end
end

--- Adds one variable with its committed value.
-- @tparam string name
-- @tparam string value
-- @tparam integer line
-- @tparam[opt] string where in words, such as "env.variables"
-- @tparam[opt] string scope that variables beside it share
-- @tparam[opt] boolean scratch whether its database lives and dies with the job
function Facts:variable(name, value, line, where, scope, scratch)
  self.variables[#self.variables + 1] = {
    name = name, value = value, line = line, where = where, scope = scope or where, scratch = scratch or false,
  }
end

--- Adds the variables of a YAML map, or of a list of NAME=value.
-- @tparam table|nil node
-- @tparam string where
-- @tparam[opt] string scope
-- @tparam[opt] boolean scratch
function Facts:environment(node, where, scope, scratch)
  for _, entry in ipairs(node and node.entries or {}) do
    if entry.value.kind == "scalar" then
      self:variable(entry.key, entry.value.text, entry.line, where, scope, scratch)
    end
  end
  for _, item in ipairs(node and node.items or {}) do
    local name, value = (item.text or ""):match("^([%a_][%w_]*)=(.*)$")
    if name then
      self:variable(name, value, item.line, where, scope, scratch)
    end
  end
end

--- Adds folders.
-- @tparam table|nil node a scalar or a list
-- @tparam string kind "published" or "cached"
-- @tparam[opt] string base folder that the paths start from
function Facts:folder(node, kind, base)
  for _, scalar in ipairs(yaml.scalars(node)) do
    self.folders[#self.folders + 1] = { path = scalar.text, kind = kind, line = scalar.line, base = base }
  end
end

--- Reads the file's YAML; what is not understood goes to the notes.
-- @tparam string text
-- @treturn table list of documents
function Facts:yaml(text)
  local documents, notes = yaml.parse(text)
  table.move(notes, 1, #notes, #self.notes + 1, self.notes)
  return documents
end

--- A quoted copy of words, so that they read as one command again.
-- @tparam table words
-- @treturn string
function facts.quote(words)
  local parts = {}
  for index, word in ipairs(words) do
    parts[index] = word:find("^[%w_./:@%%+=,-]+$") and word or "'" .. word:gsub("'", "'\\''") .. "'"
  end
  return table.concat(parts, " ")
end

--- Adds a command in its exec form: a list of words, of which a shell may be the first.
-- @tparam table node list
-- @tparam table context as of `script`
function Facts:exec(node, context)
  local words, line = {}, node.line
  for index, scalar in ipairs(yaml.scalars(node)) do
    words[index] = scalar.text
    line = index == 1 and scalar.line or line
  end
  self:script(facts.quote(words), function()
    return line
  end, context)
end

return facts
