--- Reads YAML's scalars: literal and folded blocks, quoted and plain ones over one or several lines. Pure.
local yaml_scalar = {}

local ESCAPES <const> = { n = "\n", t = "\t", r = "\r", ["0"] = "\0", ["\""] = "\"", ["\\"] = "\\", ["/"] = "/", e = "\27", [" "] = " " }

local function is_blank(line)
  return line:find("^%s*$") ~= nil
end

-- The lines of a block, without their indentation, and how deep it is.
local function block_lines(reader, indent, given)
  local rows, depth = {}, given and indent + given
  while reader.at <= reader.last do
    local line = reader.lines[reader.at]
    if is_blank(line) then
      rows[#rows + 1] = { text = depth and line:sub(depth + 1) or "", line = reader.at, blank = true }
    else
      local deep = #line:match("^ *")
      if deep <= indent or (depth and deep < depth) then
        break
      end
      depth = depth or deep
      rows[#rows + 1] = { text = line:sub(depth + 1), line = reader.at }
    end
    reader.at = reader.at + 1
  end
  while rows[#rows] and rows[#rows].blank do
    rows[#rows] = nil
  end
  return rows
end

--- Reads a block that begins with `|` or `>` on the current line.
-- @tparam table reader of tilth.pipeline.yaml
-- @tparam string head from the `|` or `>` on
-- @tparam integer indent of what holds the block
-- @treturn table scalar node
function yaml_scalar.block(reader, head, indent)
  local node = { kind = "scalar", line = reader.at, segments = {}, style = head:sub(1, 1) == "|" and "literal" or "folded", block = true }
  local given = tonumber(head:match("^[|>][+-]?(%d)"))
  reader.at = reader.at + 1
  local parts, length = {}, 0
  local function add(text)
    parts[#parts + 1] = text
    length = length + #text
  end
  local before
  for _, row in ipairs(block_lines(reader, indent, given)) do
    if before then
      -- Folding makes a blank of a line break, but not beside blank lines or lines that stand further in.
      local stands = before.blank or row.blank or row.text:find("^%s") or before.text:find("^%s")
      add(node.style == "folded" and not stands and " " or "\n")
    end
    node.segments[#node.segments + 1] = { offset = length + 1, line = row.line }
    add(row.text)
    before = row
  end
  node.text = table.concat(parts)
  node.last_line = before and before.line or node.line
  if not node.segments[1] then
    node.segments[1], node.empty = { offset = 1, line = node.line }, true
  end
  return node
end

local function unescape(text)
  return (text:gsub("\\(.)", function(char)
    return ESCAPES[char]
  end))
end

-- Where a quoted scalar ends in a text; nil when it goes on below.
local function quote_end(text, quote, from)
  local at = from
  while at <= #text do
    local char = text:sub(at, at)
    if char == "\\" and quote == "\"" then
      at = at + 1
    elseif char == quote then
      if quote == "'" and text:sub(at + 1, at + 1) == "'" then
        at = at + 1
      else
        return at
      end
    end
    at = at + 1
  end
  return nil
end

local function finish(node, parts)
  node.text = table.concat(parts, " ")
  local offset = 1
  for index, part in ipairs(parts) do
    node.segments[index] = { offset = offset, line = node.rows[index] }
    offset = offset + #part + 1
  end
  node.last_line, node.rows = node.rows[#node.rows], nil
  return node
end

local function read_quoted(reader, node, rest)
  local quote, parts = rest:sub(1, 1), {}
  local text, from = rest, 2
  while true do
    local close = quote_end(text, quote, from)
    local part = text:sub(from, close and close - 1 or -1)
    if not close then
      part = part:gsub("%s+$", ""):gsub("\\$", "")
    end
    parts[#parts + 1] = quote == "'" and part:gsub("''", "'") or unescape(part)
    node.rows[#node.rows + 1] = reader.at
    reader.at = reader.at + 1
    if close then
      break
    elseif reader.at > reader.last then
      reader:note(node.line, "a quote is never closed")
      break
    end
    text, from = reader.lines[reader.at]:gsub("^%s+", ""), 1
  end
  return finish(node, parts)
end

local function without_comment(text)
  return text:gsub("%s+#.*$", ""):gsub("%s+$", "")
end

--- Reads a plain or quoted scalar that begins on the current line.
-- @tparam table reader of tilth.pipeline.yaml
-- @tparam string rest the line from the scalar on
-- @tparam integer indent of what holds it; lines further in go on with it
-- @treturn table scalar node
function yaml_scalar.flow(reader, rest, indent)
  local node = { kind = "scalar", line = reader.at, segments = {}, rows = {}, style = "plain" }
  if rest:find("^[\"']") then
    node.style = "quoted"
    return read_quoted(reader, node, rest)
  end
  local parts = { (without_comment(rest)) }
  node.rows[1] = reader.at
  local commented = rest ~= parts[1] and rest:find("%s#") ~= nil
  reader.at = reader.at + 1
  while not commented and reader.at <= reader.last do
    local line = reader.lines[reader.at]
    local deep = #line:match("^ *")
    if is_blank(line) or deep <= indent or line:find("^%s*#") then
      break
    end
    parts[#parts + 1] = without_comment(line:gsub("^%s+", ""))
    node.rows[#node.rows + 1] = reader.at
    commented = line:find("%s#") ~= nil
    reader.at = reader.at + 1
  end
  return finish(node, parts)
end

return yaml_scalar
