--- Reads the YAML that pipelines are written in, with the line of every value. Pure.
-- Maps, lists, scalars of every style, inline lists and maps, anchors and merge keys; what else there is in YAML is named
-- in the notes.
local yaml = {}

local text_lines = require("tilth.pipeline.text_lines")
local yaml_inline = require("tilth.pipeline.yaml_inline")
local yaml_scalar = require("tilth.pipeline.yaml_scalar")

local Reader = {}
Reader.__index = Reader

function Reader:note(line, text)
  self.notes[#self.notes + 1] = { line = line, text = text }
end

-- Goes to the next line that says something; returns its indentation and its text.
function Reader:look()
  while self.at <= self.last do
    local line = self.lines[self.at]
    local indent, rest = line:match("^( *)(.*)$")
    if rest ~= "" and rest:sub(1, 1) ~= "#" and not rest:find("^\t*$") then
      if rest:sub(1, 1) == "\t" then
        self:note(self.at, "a tab where YAML wants spaces")
        return #indent, (rest:gsub("^\t+", ""))
      end
      return #indent, rest
    end
    self.at = self.at + 1
  end
  return nil
end

-- `key: value` or `key:`; the key, and what follows it.
local function split_key(text)
  local quote = text:match("^[\"']")
  if quote then
    local key, rest = text:match("^" .. quote .. "(.-)" .. quote .. "%s*:(.*)$")
    if key and (rest == "" or rest:find("^%s")) then
      return key, rest
    end
    return nil
  end
  if text:find("^[%[{&*!|>%%@`#?]") and not text:find("^[*&!][^%s:]+%s*:%s") then
    return nil
  end
  local from = 1
  while true do
    local colon = text:find(":", from, true)
    local comment = text:find("%s#")
    if not colon or (comment and comment < colon) then
      return nil
    end
    local following = text:sub(colon + 1, colon + 1)
    if following == "" or following:find("%s") then
      return text:sub(1, colon - 1):match("^(.-)%s*$"), text:sub(colon + 1)
    end
    from = colon + 1
  end
end

-- Takes `&anchor` and `!tag` off the front of a value.
function Reader:properties(text, line)
  local anchor
  while true do
    local kind, name, rest = text:match("^%s*([&!])(%S*)%s*(.*)$")
    if not kind or text:find("^%s*&&") then
      return text, anchor
    end
    if kind == "&" then
      anchor = name
    else
      self:note(line, "the tag !" .. name .. " is not followed")
    end
    text = rest
  end
end

function Reader:remember(anchor, node)
  if anchor and node then
    self.anchors[anchor] = node
  end
  return node
end

local function strip(text)
  return (text:gsub("^%s+", ""))
end

-- The value that follows `key:` or `- `, on the same line or below.
function Reader:value(rest, indent, list_may_align)
  local line, anchor = self.at
  rest, anchor = self:properties(strip(rest), line)
  if rest == "" or rest:sub(1, 1) == "#" then
    self.at = self.at + 1
    local deeper, text = self:look()
    local aligned = deeper == indent and list_may_align and text:find("^%-%s") or (deeper == indent and list_may_align and text == "-")
    if deeper and (deeper > indent or aligned) then
      return self:remember(anchor, self:block(deeper))
    end
    return self:remember(anchor, { kind = "scalar", text = "", line = line, segments = { { offset = 1, line = line } }, empty = true })
  elseif rest:find("^[|>]") then
    return self:remember(anchor, yaml_scalar.block(self, rest, indent))
  elseif rest:find("^%*[^%s]+%s*$") or rest:find("^%*[^%s]+%s+#") then
    self.at = self.at + 1
    local name = rest:match("^%*(%S+)")
    if not self.anchors[name] then
      self:note(line, "the anchor " .. name .. " is not defined above")
      return { kind = "scalar", text = "", line = line, segments = { { offset = 1, line = line } }, empty = true }
    end
    return self.anchors[name]
  elseif rest:find("^[%[{]") then
    return self:remember(anchor, yaml_inline.read(self, rest))
  end
  return self:remember(anchor, yaml_scalar.flow(self, rest, indent))
end

local function merge(map, value)
  for _, source in ipairs(value.kind == "list" and value.items or { value }) do
    for _, entry in ipairs(source.entries or {}) do
      map.entries[#map.entries + 1] = { key = entry.key, line = entry.line, value = entry.value, merged = true }
    end
  end
end

function Reader:map(indent)
  local map = { kind = "map", entries = {}, line = self.at }
  while true do
    local deep, text = self:look()
    if not deep or deep < indent or text:find("^%-%s") then
      return map
    end
    local key, rest = split_key(text)
    if deep > indent or not key then
      self:note(self.at, text:find("^%?") and "a key of several lines is not read" or "this line is no \"key: value\"; it is not read")
      self.at = self.at + 1
    else
      local line = self.at
      local value = self:value(rest, indent, true)
      if key == "<<" then
        merge(map, value)
      else
        map.entries[#map.entries + 1] = { key = key, line = line, value = value }
      end
    end
  end
end

function Reader:list(indent)
  local list = { kind = "list", items = {}, line = self.at }
  while true do
    local deep, text = self:look()
    if deep ~= indent or not (text:find("^%-%s") or text == "-") then
      return list
    end
    local line, after = self.at, text:sub(2)
    local inner = strip(after)
    local nested = inner:find("^%-%s") or (split_key(inner) and not inner:find("^[|>%[{]"))
    local item
    if nested then
      -- What follows the dash is a block of its own, as if it began on a line by itself.
      local column = indent + 1 + #after - #inner
      self.lines[self.at] = (" "):rep(column) .. inner
      item = self:block(column)
    else
      item = self:value(after, indent, false)
    end
    item.item_line = item.item_line or line
    list.items[#list.items + 1] = item
  end
end

--- Reads the block at the current line.
function Reader:block(indent)
  local _, text = self:look()
  if text:find("^%-%s") or text == "-" then
    return self:list(indent)
  elseif split_key(text) or text:find("^%?%s") then
    return self:map(indent)
  end
  return self:value(text, indent - 1, false)
end

local function documents(lines)
  local list, from = {}, 1
  for index, line in ipairs(lines) do
    if line:find("^%-%-%-%s*$") or line:find("^%-%-%-%s+#") or line:find("^%.%.%.%s*$") then
      list[#list + 1] = { from, index - 1 }
      from = index + 1
    elseif line:find("^%%%u") then
      lines[index] = ""
    end
  end
  list[#list + 1] = { from, #lines }
  return list
end

--- Reads a file.
-- A node is { kind = "map", entries = { { key, line, value } }, line }, { kind = "list", items, line } or
-- { kind = "scalar", text, line, segments = { { offset, line } }, style }.
-- @tparam string text
-- @treturn table list of the documents' nodes
-- @treturn table notes: list of { line, text } of what is not understood
function yaml.parse(text)
  local lines = text_lines.of((text:gsub("^\xEF\xBB\xBF", "")))
  local nodes, notes = {}, {}
  for _, range in ipairs(documents(lines)) do
    local reader = setmetatable({ lines = lines, at = range[1], last = range[2], anchors = {}, notes = notes }, Reader)
    local indent = reader:look()
    while indent do
      local before = reader.at
      nodes[#nodes + 1] = reader:block(indent)
      indent = reader:look()
      if indent and reader.at == before then
        reader:note(reader.at, "this line is not read")
        reader.at = reader.at + 1
        indent = reader:look()
      end
    end
  end
  return nodes, notes
end

--- The value below a node.
-- @tparam table|nil node
-- @tparam string ... keys of maps
-- @treturn[1] table node
-- @treturn[1] integer line of the last key
-- @treturn[2] nil
function yaml.get(node, ...)
  local line
  for _, key in ipairs({ ... }) do
    local found
    for _, entry in ipairs(node and node.entries or {}) do
      if entry.key == key and (not found or not entry.merged) then
        found = entry
      end
    end
    if not found then
      return nil
    end
    node, line = found.value, found.line
  end
  return node, line
end

--- The scalars of a node: its own, or those of its list, lists in lists too.
-- @tparam table|nil node
-- @treturn table list of scalar nodes
function yaml.scalars(node)
  local list = {}
  local function add(one)
    if one and one.kind == "scalar" and not one.empty then
      list[#list + 1] = one
    end
    for _, item in ipairs(one and one.items or {}) do
      add(item)
    end
  end
  add(node)
  return list
end

--- The line of an offset in a scalar's text.
-- @tparam table scalar node
-- @tparam integer offset from 1
-- @treturn integer line
function yaml.line_at(scalar, offset)
  local line = scalar.line
  for _, segment in ipairs(scalar.segments) do
    if segment.offset <= offset then
      line = segment.line
    end
  end
  return line
end

return yaml
