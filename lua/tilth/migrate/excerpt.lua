--- Finds a character of an SQL file and shows its line with a caret under it. Counts characters, not bytes.
-- @module tilth.migrate.excerpt

local excerpt = {}

local BEFORE <const> = 2
local WIDTH <const> = 110

-- utf8.offset that takes any text: broken bytes count as characters of their own.
local function byte_of(text, character)
  if utf8.len(text) then
    return utf8.offset(text, character) or #text + 1
  end
  return math.min(character, #text + 1)
end

local function characters(text)
  return utf8.len(text) or #text
end

local function cut(text, from, to)
  if not utf8.len(text) then
    return text:sub(from, to)
  end
  local first = utf8.offset(text, from) or #text + 1
  local last = (utf8.offset(text, to + 1) or #text + 1) - 1
  return text:sub(first, last)
end

--- Finds a position.
-- @tparam string text
-- @tparam integer character counted from 1, as the server does
-- @treturn integer line
-- @treturn integer column, in characters
function excerpt.locate(text, character)
  local before = text:sub(1, byte_of(text, math.max(character, 1)) - 1)
  local _, breaks = before:gsub("\n", "")
  -- Back from the end: a pattern that ends in $ would begin anew at each character of a long line.
  local last = before:sub(before:match("^.*\n()") or 1)
  return breaks + 1, characters(last) + 1
end

--- The number of the character at a byte.
-- @tparam string text
-- @tparam integer byte counted from 1
-- @treturn integer
function excerpt.character(text, byte)
  return characters(text:sub(1, byte - 1)) + 1
end

local function lines_of(text, first, last)
  local lines, number = {}, 0
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    if number >= first then
      lines[#lines + 1] = line
    end
    if number >= last then
      break
    end
  end
  return lines
end

-- The window of a long line in which the caret is.
local function clip(line, column)
  if characters(line) <= WIDTH then
    return line, column
  end
  local from = math.max(column - WIDTH // 2, 1)
  local text = cut(line, from, from + WIDTH - 1)
  if from > 1 then
    return "..." .. text, column - from + 4
  end
  return text .. "...", column
end

--- The line of a position, the two before it, and a caret.
-- @tparam string text
-- @tparam integer line
-- @tparam integer|nil column none: no caret
-- @treturn string
function excerpt.show(text, line, column)
  local first = math.max(line - BEFORE, 1)
  local shown = {}
  for offset, content in ipairs(lines_of(text, first, line)) do
    local number = first + offset - 1
    local caret_at
    content, caret_at = clip(content, number == line and column or 1)
    shown[#shown + 1] = ("%5d | %s"):format(number, content)
    if number == line and column then
      local pad = cut(content, 1, caret_at - 1):gsub("[^\t]", " ")
      if utf8.len(content) then
        pad = cut(content, 1, caret_at - 1):gsub("[%z\1-\127\194-\244][\128-\191]*", function(character)
          return character == "\t" and "\t" or " "
        end)
      end
      shown[#shown + 1] = "      | " .. pad .. "^"
    end
  end
  return table.concat(shown, "\n")
end

return excerpt
