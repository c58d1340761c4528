--- One file of a Prisma schema under reading: where lines begin, what may be skipped, and how errors are said.
local source = {}

local find, byte = string.find, string.byte

local methods = {}
methods.__index = methods

--- Begins reading a file.
-- @tparam string path for messages
-- @tparam string text
-- @treturn table
function source.new(path, text)
  if find(text, "^\xEF\xBB\xBF") then
    -- Three blanks in its place keep every position true.
    text = "   " .. text:sub(4)
  end
  return setmetatable({ path = path, text = text, line = 1, line_start = 1 }, methods)
end

--- Line and column of a position. Positions must not go back from one call to the next.
-- @tparam number position in bytes
-- @treturn number line
-- @treturn number column, in bytes
function methods:advance(position)
  local text, line, start = self.text, self.line, self.line_start
  while true do
    local newline = find(text, "\n", start, true)
    if not newline or newline >= position then
      break
    end
    line, start = line + 1, newline + 1
  end
  self.line, self.line_start = line, start
  return line, position - start + 1
end

--- Line and column of any position, counted afresh.
-- @tparam number position in bytes
-- @treturn number line
-- @treturn number column, in characters
function methods:place(position)
  local before = self.text:sub(1, position - 1)
  local _, newlines = before:gsub("\n", "")
  local start = before:match("^.*\n()") or 1
  local head = before:sub(start)
  return newlines + 1, (utf8.len(head) or #head) + 1
end

--- The byte position of an item that has line and column.
-- @tparam table item
-- @treturn number
function methods:position_of(item)
  local start = 1
  for _ = 2, item.line do
    start = (find(self.text, "\n", start, true) or #self.text) + 1
  end
  return start + item.column - 1
end

--- Raises a problem of the schema; `schema.parse` turns it into nil, message, code, detail.
-- @tparam number position where it is
-- @tparam string text what is wrong
-- @tparam[opt] string advice
function methods:fail(position, text, advice)
  local line, column = self:place(math.min(position, #self.text + 1))
  error({ schema_problem = true, file = self.path, line = line, column_number = column, text = text, advice = advice }, 0)
end

--- Skips blanks, line breaks and comments; used where a line break means nothing.
-- @tparam number position
-- @treturn number position of the next token, or of the end
function methods:skip(position)
  local text = self.text
  while true do
    position = find(text, "[^ \t\r\n\f]", position)
    if not position then
      return #text + 1
    end
    if byte(text, position) ~= 47 then -- "/"
      return position
    end
    position = self:after_comment(position)
  end
end

--- Passes a comment.
-- @tparam number position of its first slash
-- @treturn number position after it (of the line break, for a line comment)
-- @treturn string|nil the text, for a documentation comment (`///`)
function methods:after_comment(position)
  local text = self.text
  local next_byte = byte(text, position + 1)
  if next_byte == 42 then -- "*"
    local _, stop = find(text, "*/", position + 2, true)
    if not stop then
      self:fail(position, "the comment that begins here is never closed", "Close it with */.")
    end
    return stop + 1
  elseif next_byte ~= 47 then
    self:fail(position, "unexpected \"/\"", "A comment begins with // or ///.")
  end
  local stop = find(text, "[\r\n]", position) or #text + 1
  if byte(text, position + 2) == 47 then
    return stop, text:sub(position + 3, stop - 1):match("^ ?(.-)%s*$")
  end
  return stop
end

return source
