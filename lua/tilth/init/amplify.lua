--- Puts `tilth flow` in the place of the commands in amplify.yml that reset, migrate, seed and build. Pure.
-- Only whole lines are changed, and only what it is sure of; the result is read again before it is given back.
local amplify = {}

local commands = require("tilth.pipeline.commands")
local tool = require("tilth.pipeline.tool")
local yaml = require("tilth.pipeline.yaml")

local PHASES <const> = { "preBuild", "build", "postBuild" }
local HELPERS <const> = {
  ["["] = true, ["[["] = true, test = true, echo = true, printf = true, ["true"] = true, [":"] = true, exit = true, ["false"] = true,
}
local ROLES <const> = { migrate = "migrate", push = "migrate", reset = "reset", seed = "seed", flow = "flow", ["migrate-dev"] = "migrate" }

local function kind_of(command)
  local found = tool.identify(command.words)
  if found.script and not found.kind then
    local maybe = found.maybe and tool.identify(found.maybe).kind
    return maybe or tool.guess(found.script), found
  end
  return found.kind, found
end

-- What one statement is for: reset, migrate, seed, build, flow, "talk" (echo and the like) or other.
local function role_of(list)
  local role, database, other
  for _, command in ipairs(list) do
    local kind, found = kind_of(command)
    database = database or (kind and ROLES[kind])
    if kind and ROLES[kind] then
      -- What a statement does for sure counts more than what it does when that fails.
      role = (role == "migrate" or role == "flow") and role or ROLES[kind]
    elseif #list == 1 and found.program == "npm" and found.script == "build" and #command.assignments == 0 and #found.args == 1 then
      return "build"
    elseif not HELPERS[command.words[1] or ""] or #command.redirects > 0 then
      other = true
    end
  end
  if other then
    return "other", database == "migrate"
  end
  return role or "talk"
end

local FLAGS <const> = { RESET_DATABASE = true, RUN_SEED = true }
local TALK <const> = { echo = true, printf = true }
local OWN_OPTIONS <const> = { ["--schema"] = true, ["--config"] = true }
local WRAPPERS <const> = { env = true, ["cross-env"] = true, ["env-cmd"] = true, dotenv = true, ["dotenv-cli"] = true, dotenvx = true,
  doppler = true, infisical = true, op = true, chamber = true, railway = true, ["with-env"] = true }

local function own_environment(command)
  if #command.assignments > 0 then
    return true
  end
  for _, word in ipairs(command.words) do
    if WRAPPERS[word] or word:find("^[%a_][%w_]*=") then
      return true
    end
  end
  return false
end

-- What a statement would lose as `tilth flow`: a condition besides the flags, an environment or options of its own.
local function particular(text, list)
  for _, command in ipairs(list) do
    local name = command.words[1]
    if TALK[name] then
      local from, to = text:find(command.text, 1, true)
      text = from and text:sub(1, from - 1) .. text:sub(to + 1) or text
    elseif own_environment(command) then
      return "with an environment of its own"
    end
    for _, word in ipairs(command.words) do
      local option = word:match("^%-%-%a+")
      if option and OWN_OPTIONS[option] then
        return "with the option " .. option
      end
    end
  end
  for name in text:gmatch("%$[{]?([%a_][%w_]*)") do
    if not FLAGS[name] then
      return "depending on $" .. name
    end
  end
  return nil
end

local function statements_of(scalar)
  local list, by_node = {}, {}
  local found = commands.list({ text = scalar.text, context = {}, line_at = function(offset)
    return yaml.line_at(scalar, offset)
  end })
  for _, command in ipairs(found) do
    local node = command.statement
    if not node then
      return nil
    end
    if not by_node[node] then
      by_node[node] = { commands = {}, first = yaml.line_at(scalar, node.first), last = yaml.line_at(scalar, node.last), scalar = scalar,
        text = scalar.text:sub(node.first, node.last) }
      list[#list + 1] = by_node[node]
    end
    table.insert(by_node[node].commands, command)
  end
  for _, statement in ipairs(list) do
    statement.role, statement.mixed = role_of(statement.commands)
    statement.particular = particular(statement.text, statement.commands)
    for _, command in ipairs(statement.commands) do
      statement.last = math.max(statement.last, command.last_line)
    end
  end
  return list
end

local function entries_of(items)
  local entries = {}
  for _, scalar in ipairs(items) do
    local list = scalar.kind == "scalar" and statements_of(scalar)
    for _, statement in ipairs(list or { { role = "other", scalar = scalar } }) do
      entries[#entries + 1] = statement
    end
  end
  return entries
end

-- From the migration on: resets before it, seeds and the build after it, as long as nothing else is between them.
local function find_range(entries)
  local at
  for index, entry in ipairs(entries) do
    if entry.role == "flow" then
      return nil, "flow"
    end
    at = at or (entry.role == "migrate" and index)
  end
  if not at then
    return nil
  end
  local from, to = at, at
  local index = at - 1
  while index >= 1 and (entries[index].role == "reset" or entries[index].role == "talk") do
    from = entries[index].role == "reset" and index or from
    index = index - 1
  end
  index = at + 1
  while index <= #entries and (entries[index].role == "seed" or entries[index].role == "talk" or entries[index].role == "migrate") do
    to = entries[index].role ~= "talk" and index or to
    index = index + 1
  end
  local builds = entries[index] and entries[index].role == "build"
  return { from = from, to = builds and index or to, builds = builds }
end

local function split_lines(text)
  local lines = {}
  for line in (text:gsub("\r\n", "\n"):gsub("\n$", "") .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

local function is_remark(line)
  return line:find("^%s*#") ~= nil or line:find("^%s*$") ~= nil
end

local function last_line(scalar)
  return scalar.last_line or scalar.line
end

-- Marks the lines that go; returns nil where a line holds something else as well.
local function mark(entries, range, gone)
  local covered, first = {}, nil
  for index = range.from, range.to do
    covered[entries[index].scalar] = covered[entries[index].scalar] or {}
    table.insert(covered[entries[index].scalar], entries[index])
  end
  local counts = {}
  for _, entry in ipairs(entries) do
    counts[entry.scalar] = (counts[entry.scalar] or 0) + 1
  end
  for scalar, list in pairs(covered) do
    local whole = #list == counts[scalar]
    if not whole and scalar.style ~= "literal" then
      return nil
    end
    if whole then
      first = math.min(first or math.huge, scalar.item_line)
      for line = scalar.item_line, last_line(scalar) do
        gone[line] = { scalar = scalar, whole = true }
      end
    end
    for _, entry in ipairs(whole and {} or list) do
      first = math.min(first or math.huge, entry.first)
      for line = entry.first, entry.last do
        gone[line] = { scalar = scalar }
      end
    end
  end
  for index, entry in ipairs(entries) do
    if (index < range.from or index > range.to) and entry.first then
      for line = entry.first, entry.last do
        if gone[line] then
          return nil
        end
      end
    end
  end
  return first
end

-- Remarks between the lines that go, and those right above that speak of them, go too.
local function mark_remarks(lines, gone, first)
  local last = first
  for line in pairs(gone) do
    last = math.max(last, line)
  end
  for line = first, last do
    if not gone[line] and is_remark(lines[line]) then
      gone[line] = {}
    end
  end
  local line = first - 1
  while line >= 1 and lines[line]:find("^%s*#") do
    local lower = lines[line]:lower()
    if not (lower:find("reset") or lower:find("migrat") or lower:find("seed") or lower:find("prisma")) then
      break
    end
    gone[line] = {}
    line = line - 1
  end
end

local function write(text, lines, gone, first, command)
  local out = {}
  for number, line in ipairs(lines) do
    if number == first then
      local indent = line:match("^%s*")
      out[#out + 1] = indent .. (gone[number].whole and "- " or "") .. command
    elseif not gone[number] then
      out[#out + 1] = line
    end
  end
  local joined = table.concat(out, "\n") .. (text:find("\n$") and "\n" or "")
  return text:find("\r\n", 1, true) and joined:gsub("\n", "\r\n") or joined
end

local function apps_of(document)
  local apps = yaml.get(document, "applications")
  return apps and apps.items or { document }
end

local function all_commands(text)
  local list = {}
  for _, document in ipairs((yaml.parse(text))) do
    for _, app in ipairs(apps_of(document)) do
      for _, section in ipairs({ "backend", "frontend" }) do
        for _, phase in ipairs(PHASES) do
          for _, entry in ipairs(entries_of((yaml.get(app, section, "phases", phase, "commands") or {}).items or {})) do
            for _, command in ipairs(entry.commands or {}) do
              list[#list + 1] = command.text
            end
          end
        end
      end
    end
  end
  return list
end

-- Nothing but what was meant to go may have gone.
local function is_right(before, after, removed, command)
  local wanted, skip = {}, {}
  for _, text in ipairs(removed) do
    skip[text] = (skip[text] or 0) + 1
  end
  for _, text in ipairs(all_commands(before)) do
    if (skip[text] or 0) > 0 then
      skip[text] = skip[text] - 1
    else
      wanted[#wanted + 1] = text
    end
  end
  local got, met = {}, false
  for _, text in ipairs(all_commands(after)) do
    if text == command and not met then
      met = true
    else
      got[#got + 1] = text
    end
  end
  return met and table.concat(wanted, "\0") == table.concat(got, "\0")
end

local function change(text, node, entries, range, program)
  for index = range.from, range.to do
    local entry = entries[index]
    if entry.particular and entry.role ~= "talk" then
      return nil, ("line %d does its database work %s, which tilth init can't carry over: put `%s flow` there by hand"):format(
        entry.first, entry.particular, program)
    end
  end
  local lines, gone = split_lines(text), {}
  local first = not node.inline and mark(entries, range, gone)
  if not first then
    return nil, "its commands share lines with others"
  end
  mark_remarks(lines, gone, first)
  local command = program .. (range.builds and " flow" or " flow --no-build")
  local after, removed = write(text, lines, gone, first, command), {}
  for index = range.from, range.to do
    for _, one in ipairs(entries[index].commands) do
      removed[#removed + 1] = one.text
    end
  end
  if not is_right(text, after, removed, command) then
    return nil, "it is written in a way that tilth does not dare to change"
  end
  return after
end

--- Rewrites an amplify.yml.
-- @tparam string text
-- @tparam[opt] string program how tilth is called, default "tilth"
-- @treturn[1] string the new text
-- @treturn[2] nil
-- @treturn[2] string why there is none: "`tilth flow` is there already", or what stands in the way
function amplify.rewrite(text, program)
  local mixed
  for _, document in ipairs((yaml.parse(text))) do
    for _, app in ipairs(apps_of(document)) do
      for _, section in ipairs({ "backend", "frontend" }) do
        for _, phase in ipairs(PHASES) do
          local node = yaml.get(app, section, "phases", phase, "commands")
          local entries = entries_of(node and node.items or {})
          local range, why = find_range(entries)
          for _, entry in ipairs(entries) do
            mixed = mixed or (entry.mixed and entry.first)
          end
          if why == "flow" then
            return nil, "`tilth flow` is there already"
          elseif range then
            return change(text, node, entries, range, program or "tilth")
          end
        end
      end
    end
  end
  return nil, mixed and ("line %d migrates and does other things in one command"):format(mixed)
    or "it has no command that migrates the database"
end

return amplify
