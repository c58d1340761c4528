--- How many columns of a terminal a text takes, and text that can't disturb the terminal. Pure.
local width = {}

--- First and last code points of characters that take two columns (Unicode's East Asian Wide, and pictures).
local WIDE <const> = {
  { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0x33FF }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF },
  { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
  { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
}
--- Marks that are put over the character before them.
local COMBINING <const> = { { 0x0300, 0x036F }, { 0x200B, 0x200F }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F } }

local function within(ranges, code)
  for _, range in ipairs(ranges) do
    if code < range[1] then
      return false
    elseif code <= range[2] then
      return true
    end
  end
  return false
end

local function of_code(code)
  if code < 0x300 then
    return 1
  end
  return within(COMBINING, code) and 0 or within(WIDE, code) and 2 or 1
end

--- The columns that a text takes.
-- @tparam string text without control characters
-- @treturn integer
function width.of(text)
  if not text:find("[\128-\255]") then
    return #text
  end
  local sum = 0
  for _, code in utf8.codes(text) do
    sum = sum + of_code(code)
  end
  return sum
end

--- A text in one line: control characters, which could steer the terminal, and broken bytes are written out.
-- @tparam string text
-- @treturn string
function width.plain(text)
  if not utf8.len(text) then
    text = text:gsub("[\128-\255]", function(byte)
      return ("\\x%02x"):format(byte:byte())
    end)
  end
  text = text:gsub("\r?\n", "↵"):gsub("\t", "  ")
  text = text:gsub("[%c\127]", function(character)
    return ("\\x%02x"):format(character:byte())
  end)
  -- U+0080 to U+009F steer terminals too, and these marks turn the direction of what follows.
  return (text:gsub("\194[\128-\159]", "?"):gsub("\226\128[\170-\174]", "?"):gsub("\226\129[\166-\169]", "?"))
end

--- A text cut to so many columns, with an ellipsis where something is missing.
-- @tparam string text
-- @tparam integer most columns
-- @treturn string
function width.cut(text, most)
  if width.of(text) <= most then
    return text
  end
  local sum = 0
  for position, code in utf8.codes(text) do
    sum = sum + of_code(code)
    if sum > most - 1 then
      return text:sub(1, position - 1) .. "…"
    end
  end
  return text
end

return width
