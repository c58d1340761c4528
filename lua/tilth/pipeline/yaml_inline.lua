--- Reads YAML's inline lists and maps: `[a, "b"]`, `{ a: 1, b: [2] }`, over one or several lines. Pure.
local yaml_inline = {}

local Scan = {}
Scan.__index = Scan

-- The text up to the bracket that closes it, and the line of each of its parts.
local function gather(reader, rest)
  local parts, segments, offset = {}, {}, 1
  local depth, quote = 0, nil
  local text = rest
  while true do
    local stop
    for at = 1, #text do
      local char = text:sub(at, at)
      if quote then
        quote = char ~= quote and quote or nil
      elseif char == "#" and (at == 1 or text:sub(at - 1, at - 1):find("%s")) then
        text = text:sub(1, at - 1)
        break
      elseif char == "\"" or char == "'" then
        quote = char
      elseif char == "[" or char == "{" then
        depth = depth + 1
      elseif char == "]" or char == "}" then
        depth = depth - 1
        if depth == 0 then
          stop = at
          break
        end
      end
    end
    segments[#segments + 1] = { offset = offset, line = reader.at }
    parts[#parts + 1] = text:sub(1, stop or -1)
    offset = offset + #parts[#parts] + 1
    reader.at = reader.at + 1
    if stop or reader.at > reader.last then
      return table.concat(parts, " "), segments, stop ~= nil
    end
    text = reader.lines[reader.at]
  end
end

function Scan:line()
  local line
  for _, segment in ipairs(self.segments) do
    if segment.offset <= self.at then
      line = segment.line
    end
  end
  return line
end

function Scan:skip()
  self.at = self.text:find("%S", self.at) or #self.text + 1
  return self.text:sub(self.at, self.at)
end

function Scan:scalar()
  local line, quote = self:line(), self:skip():match("[\"']")
  local text
  if quote then
    local stop = self.text:find(quote, self.at + 1, true) or #self.text + 1
    text = self.text:sub(self.at + 1, stop - 1)
    self.at = stop + 1
  else
    -- A colon ends a key only before a blank; `a:b` is one word.
    local from, stop = self.at, self.at
    while stop <= #self.text and not self.text:find("^[,%]}]", stop) and not self.text:find("^:%s", stop) do
      stop = stop + 1
    end
    text = self.text:sub(from, stop - 1):gsub("%s+$", "")
    self.at = stop
  end
  return { kind = "scalar", text = text, line = line, segments = { { offset = 1, line = line } }, style = quote and "quoted" or "plain" }
end

function Scan:node()
  local char = self:skip()
  if char == "[" then
    return self:list()
  elseif char == "{" then
    return self:map()
  end
  return self:scalar()
end

function Scan:list()
  local list = { kind = "list", items = {}, line = self:line(), inline = true }
  self.at = self.at + 1
  while true do
    local char = self:skip()
    if char == "]" or char == "" then
      self.at = self.at + 1
      return list
    elseif char == "," then
      self.at = self.at + 1
    else
      local before = self.at
      list.items[#list.items + 1] = self:node()
      self.at = self.at == before and before + 1 or self.at
    end
  end
end

function Scan:map()
  local map = { kind = "map", entries = {}, line = self:line(), inline = true }
  self.at = self.at + 1
  while true do
    local char = self:skip()
    if char == "}" or char == "" then
      self.at = self.at + 1
      return map
    elseif char == "," then
      self.at = self.at + 1
    else
      local before, key = self.at, self:scalar()
      local value = { kind = "scalar", text = "", line = key.line, segments = key.segments, empty = true }
      if self:skip() == ":" then
        self.at = self.at + 1
        if not self:skip():find("[,}]") then
          value = self:node()
        end
      end
      map.entries[#map.entries + 1] = { key = key.text, line = key.line, value = value }
      self.at = self.at == before and before + 1 or self.at
    end
  end
end

--- Reads the inline value that begins on the current line.
-- @tparam table reader of tilth.pipeline.yaml
-- @tparam string rest the line from the bracket on
-- @treturn table node, see tilth.pipeline.yaml
function yaml_inline.read(reader, rest)
  local line = reader.at
  local text, segments, closed = gather(reader, rest)
  if not closed then
    reader:note(line, "a bracket is never closed")
  end
  return setmetatable({ text = text, segments = segments, at = 1 }, Scan):node()
end

return yaml_inline
