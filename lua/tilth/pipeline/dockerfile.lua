--- Reads a Dockerfile: RUN, CMD and ENTRYPOINT, and the variables of ENV and ARG. Pure.
local dockerfile = {}

local facts = require("tilth.pipeline.facts")
local shell_tokens = require("tilth.pipeline.shell_tokens")
local text_lines = require("tilth.pipeline.text_lines")
local yaml = require("tilth.pipeline.yaml")

-- An instruction with the lines that belong to it. A comment between continued lines is none of its text.
local function read_instruction(lines, at)
  local first, parts = at, {}
  while lines[at] do
    local line = lines[at]
    if at > first and line:find("^%s*#") then
      line = "\\"
    end
    parts[#parts + 1] = line
    at = at + 1
    if not line:find("\\%s*$") then
      break
    end
  end
  local here = parts[1]:find("^%s*%u+") and parts[1]:match("<<%-?[\"']?([%w_]+)[\"']?%s*$")
  local body_from
  if here then
    body_from = at
    while lines[at] and lines[at]:gsub("^\t+", "") ~= here do
      at = at + 1
    end
    at = at + 1
  end
  return { text = table.concat(parts, "\n"), line = first, body_from = body_from, body_to = body_from and at - 2 }, at
end

local function lines_from(first)
  return function(offset, text)
    local _, count = text:sub(1, offset - 1):gsub("\n", "")
    return first + count
  end
end

local function add_script(found, text, first, context)
  local line_of = lines_from(first)
  found:script(text, function(offset)
    return line_of(offset, text)
  end, context)
end

local function add_command(found, instruction, rest, context, lines)
  if instruction.body_from then
    add_script(found, table.concat(lines, "\n", instruction.body_from, instruction.body_to), instruction.body_from, context)
  elseif rest:find("^%s*%[") then
    local nodes = yaml.parse((rest:gsub("\\\n", " ")))
    if nodes[1] and nodes[1].kind == "list" then
      nodes[1].line = instruction.line
      for _, item in ipairs(nodes[1].items) do
        item.line = instruction.line
      end
      found:exec(nodes[1], context)
    end
  else
    -- What stands before the command keeps its place, as blanks.
    local head = #instruction.text - #rest
    add_script(found, (" "):rep(head) .. rest, instruction.line, context)
  end
end

local function add_variables(found, rest, line, where)
  local tokens = shell_tokens.read(rest)
  local name, value = rest:match("^%s*([%a_][%w_]*)%s+([^\n]*)$")
  if name and not rest:match("^%s*[%a_][%w_]*=") then
    found:variable(name, value, line, where)
    return
  end
  for _, token in ipairs(tokens) do
    name, value = (token.text or ""):match("^([%a_][%w_]*)=(.*)$")
    if name then
      local _, count = rest:sub(1, token.first - 1):gsub("\n", "")
      found:variable(name, value, line + count, where)
    end
  end
end

--- Reads the file.
-- @tparam string text
-- @tparam string file path for messages
-- @treturn table facts, see tilth.pipeline.facts
function dockerfile.read(text, file)
  local found, lines, at = facts.new(file, "dockerfile"), text_lines.of(text), 1
  local context = { label = "image", build = true }
  while lines[at] do
    local instruction
    if lines[at]:find("^%s*#") or lines[at]:find("^%s*$") then
      at = at + 1
    else
      instruction, at = read_instruction(lines, at)
      local word, rest = instruction.text:match("^%s*(%a+)%s+(.*)$")
      word = (word or ""):upper()
      if word == "RUN" then
        repeat
          local before = rest
          rest = rest:gsub("^%-%-[%w-]+=?%S*%s+", "")
        until rest == before
      end
      if word == "RUN" or word == "CMD" or word == "ENTRYPOINT" then
        add_command(found, instruction, rest, context, lines)
      elseif word == "ENV" or word == "ARG" then
        add_variables(found, rest, instruction.line, word)
      elseif word == "SHELL" then
        context = { label = "image", build = true, errexit = rest:find("%-%a*e") ~= nil, pipefail = rest:find("pipefail", 1, true) ~= nil }
      end
    end
  end
  return found
end

return dockerfile
