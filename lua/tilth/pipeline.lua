--- Observes the files that a deployment is made of, for the checks: every command, variable and folder in them.
-- Reads only; nothing is run. A value of a variable that is committed is kept for the checks and shown by none.
local pipeline = {}

local commands = require("tilth.pipeline.commands")
local dotenv = require("tilth.dotenv")
local facts = require("tilth.pipeline.facts")
local find = require("tilth.pipeline.find")
local git_index = require("tilth.pipeline.git_index")
local path = require("tilth.path")
local text_lines = require("tilth.pipeline.text_lines")
local tool = require("tilth.pipeline.tool")

local READERS <const> = {
  amplify = "tilth.pipeline.amplify", workflow = "tilth.pipeline.workflow", gitlab = "tilth.pipeline.gitlab",
  compose = "tilth.pipeline.compose", dockerfile = "tilth.pipeline.dockerfile", package = "tilth.pipeline.package_scripts",
}

local Pipeline = {}
Pipeline.__index = Pipeline

local function read_dotenv(text, file)
  local found = facts.new(file, "dotenv")
  local values, message, _, entries = dotenv.parse(text)
  if not values then
    found.notes[1] = { line = entries.line, text = message }
    return found
  end
  for _, entry in ipairs(entries) do
    found:variable(entry.name, values[entry.name], entry.line, ".env file", file)
  end
  return found
end

local function read_shell(text, file)
  local found = facts.new(file, "shell")
  local first = text:match("^#![^\n]*") or ""
  found:script(text, function(offset)
    local _, count = text:sub(1, offset - 1):gsub("\n", "")
    return count + 1
  end, { label = "script", build = false, errexit = first:find("%s%-%a*e") ~= nil })
  return found
end

local function read_facts(kind, text, file)
  if kind == "source" then
    return facts.new(file, "source")
  elseif kind == "dotenv" then
    return read_dotenv(text, file)
  elseif kind == "shell" then
    return read_shell(text, file)
  end
  return require(READERS[kind]).read(text, file)
end

-- `sh -c "..."`: what is in the quotes is a script of its own; its failure goes where that of the shell goes.
local function add_inline(self, command, found, script)
  local inner = commands.list({ text = command.tool.inline, context = { lost = command.lost }, line_at = function()
    return command.line
  end })
  for _, one in ipairs(inner) do
    one.handler = one.handler or (not one.lost and command.handler) or nil
    one.guards = #one.guards > 0 and one.guards or command.guards
    self:add_command(one, found, script)
  end
end

function Pipeline:add_command(command, found, script)
  command.file, command.full_path, command.kind = found.file, found.path, found.kind
  command.context = script.context
  command.build = script.context.build or false
  command.tool = tool.identify(command.words)
  self.commands[#self.commands + 1] = command
  if script.context.name then
    local list = self.scripts[script.context.name] or {}
    list[#list + 1], self.scripts[script.context.name] = command, list
  end
  local list = self.by_file[found.path] or {}
  list[#list + 1], self.by_file[found.path] = command, list
  if command.tool.inline then
    add_inline(self, command, found, script)
  end
end

function Pipeline:add(files, entry)
  if self.seen[entry.path] then
    return
  end
  self.seen[entry.path] = true
  local name = path.relative(entry.path, self.root)
  name = name:sub(1, 1) == "/" and self.repository and path.relative(entry.path, self.repository) or name
  local text, why = find.read(files, entry.path)
  if not text then
    self.notes[#self.notes + 1] = { file = name, line = 1, text = why }
    return
  end
  local found = read_facts(entry.kind, text, name)
  found.path = entry.path
  self.files[#self.files + 1] = { name = name, path = entry.path, kind = entry.kind }
  self.texts[entry.path] = text_lines.of(text)
  for _, script in ipairs(found.scripts) do
    local list, notes = commands.list(script)
    for _, command in ipairs(list) do
      self:add_command(command, found, script)
    end
    table.move(notes, 1, #notes, #found.notes + 1, found.notes)
  end
  for _, key in ipairs({ "variables", "folders", "notes" }) do
    for _, one in ipairs(found[key]) do
      one.file, one.full_path, one.kind = name, entry.path, key == "folders" and one.kind or found.kind
      self[key][#self[key] + 1] = one
    end
  end
end

-- The place of a shell script that a command names, as seen from the folders it may be run in. Inside an image the
-- script has another path: there its name is looked for where such scripts are kept.
local function script_file(files, self, command)
  local named, places = command.tool.file, {}
  local beside = path.dirname(command.full_path)
  for _, folder in ipairs({ beside, self.root, self.repository or self.root }) do
    places[#places + 1] = path.join(folder, named)
  end
  if command.kind == "dockerfile" or command.kind == "compose" then
    for _, folder in ipairs({ ".", "docker", "scripts", "bin" }) do
      places[#places + 1] = path.join(beside, folder, path.basename(named))
    end
  end
  for _, file in ipairs(places) do
    local found = files.stat(file, "follow")
    -- An absolute path is one of the machine or the image that runs it, never of this one.
    local ours = path.relative(file, self.repository or self.root) ~= file
    if ours and found and found.type == "file" then
      return file
    end
  end
  return nil
end

local function looks_like_shell(files, file)
  if file:find("%.sh$") or file:find("%.bash$") then
    return true
  end
  local text = find.read(files, file)
  return text ~= nil and text:find("^#![^\n]*sh%f[%W]") ~= nil
end

-- Shell scripts that commands name are read too, and the scripts that those name. Whether a build runs them shows later.
local function follow_scripts(files, self)
  local index = 1
  while index <= #self.commands do
    local command = self.commands[index]
    local named = command.tool.file
    local file = named and not named:find("node_modules", 1, true) and script_file(files, self, command)
    if file and looks_like_shell(files, file) then
      command.runs_file = file
      self:add(files, { path = file, kind = "shell" })
    end
    index = index + 1
  end
end

local function runs_of(self, command)
  local found = command.tool
  if command.runs_file then
    return self.by_file[command.runs_file] or {}
  elseif not found.script then
    return {}
  end
  local list = {}
  for _, name in ipairs({ "pre" .. found.script, found.script, "post" .. found.script }) do
    for _, one in ipairs(self.scripts[name] or {}) do
      list[#list + 1] = one
    end
  end
  if not self.scripts[found.script] and found.maybe then
    command.tool = tool.identify(found.maybe)
  end
  return list
end

-- What a build reaches through scripts counts as part of the build.
local function spread_build(self)
  local queue = {}
  for _, command in ipairs(self.commands) do
    command.runs = runs_of(self, command)
    if command.build then
      queue[#queue + 1] = command
    end
  end
  while #queue > 0 do
    for _, inner in ipairs(table.remove(queue).runs) do
      if not inner.build then
        inner.build, queue[#queue + 1] = true, inner
      end
    end
  end
end

local function collect_kinds(command, kinds, seen)
  if seen[command] then
    return kinds
  end
  seen[command] = true
  if command.tool.kind then
    kinds[command.tool.kind] = kinds[command.tool.kind] or command
  end
  for _, inner in ipairs(command.runs or {}) do
    collect_kinds(inner, kinds, seen)
  end
  if command.tool.script and #(command.runs or {}) == 0 and not command.tool.kind then
    local guess = tool.guess(command.tool.script)
    if guess then
      kinds[guess] = kinds[guess] or command
    end
  end
  return kinds
end

--- What a command does to a database, itself or through the scripts that it runs.
-- @tparam table command of `commands`
-- @treturn table kind (see tilth.pipeline.tool) to the command that does it
function Pipeline:does(command)
  self.kinds[command] = self.kinds[command] or collect_kinds(command, {}, {})
  return self.kinds[command]
end

--- Every place that gives a variable a value: env sections, .env files, assignments before commands, `export`.
-- @treturn table list of { name, value, file, full_path, line, kind, where, scope, scratch, command | nil }
function Pipeline:settings()
  local list = table.move(self.variables, 1, #self.variables, 1, {})
  local function add(command, name, value)
    list[#list + 1] = {
      name = name, value = value, file = command.file, full_path = command.full_path, line = command.line, kind = command.kind,
      where = "command", scratch = command.context.scratch or false, command = command,
    }
  end
  for _, command in ipairs(self.commands) do
    for _, one in ipairs(command.assignments) do
      add(command, one.name, one.value)
    end
    -- export A=b, env A=b x, cross-env A=b x, docker run -e A=b
    for _, word in ipairs(command.words) do
      local name, value = word:match("^([%a_][%w_]*)=(.*)$")
      if name then
        add(command, name, value)
      end
    end
  end
  return list
end

local function tracked_files(files, repository)
  if not repository then
    return nil
  end
  local folder = path.join(repository, ".git")
  local found = files.stat(folder)
  if found and found.type == "file" then
    -- A work tree of its own names the folder of its index in a file.
    local text = files.read(folder)
    local named = text and text:match("^gitdir:%s*(.-)%s*$")
    folder = named and path.join(repository, named) or folder
  end
  local data = files.read(path.join(folder, "index"))
  return data and git_index.names(data)
end

--- Is a file tracked by git?
-- @tparam string file absolute path
-- @treturn boolean|nil nil when that cannot be told
function Pipeline:tracks(file)
  if not self.tracked or not self.repository then
    return nil
  end
  return self.tracked[path.relative(file, self.repository)] or false
end

--- Observes the pipeline of a project.
-- @tparam table files a module with read, list and stat
-- @tparam table project as found by tilth.project
-- @treturn table { root, repository, files, commands, variables, folders, notes, texts, tracked, scripts } with `does`, `settings`
--   and `tracks`
function pipeline.observe(files, project)
  local repository = find.repository(files, project.root)
  local self = setmetatable({
    root = project.root, repository = repository, files = {}, commands = {}, variables = {}, folders = {}, notes = {}, texts = {},
    scripts = {}, by_file = {}, seen = {}, kinds = {},
  }, Pipeline)
  for _, entry in ipairs(find.files(files, project.root, repository)) do
    self:add(files, entry)
  end
  follow_scripts(files, self)
  spread_build(self)
  self.tracked = tracked_files(files, repository)
  return self
end

return pipeline
