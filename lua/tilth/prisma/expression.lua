--- Values, function calls and attribute arguments of the Prisma schema language.
--
-- A value is { kind = "string", value } | { kind = "number", value = text } | { kind = "constant", value = text }
-- | { kind = "array", items } | { kind = "function", name, args }; an argument is { name = text|nil, value = value }.
local expression = {}

local find, byte, sub = string.find, string.byte, string.sub

local SIMPLE_ESCAPES <const> = { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f", ["\\"] = "\\", ["\""] = "\"", ["/"] = "/" }

local read_value

-- \uD83D\uDE00 is one character written as two.
local function unicode_escape(src, at)
  local text = src.text
  local high = tonumber(text:match("^\\u(%x%x%x%x)", at) or src:fail(at, "\\u needs four hex digits"), 16)
  if high >= 0xD800 and high <= 0xDBFF then
    local low = tonumber(text:match("^\\u(%x%x%x%x)", at + 6) or "0", 16)
    if low < 0xDC00 or low > 0xDFFF then
      src:fail(at, "the escape is half a character", "Write both halves: \\uD83D\\uDE00.")
    end
    return utf8.char(0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00)), at + 12
  elseif high >= 0xDC00 and high <= 0xDFFF then
    src:fail(at, "the escape is half a character", "Write both halves: \\uD83D\\uDE00.")
  end
  return utf8.char(high), at + 6
end

--- Reads a string with escapes.
-- @tparam table src the source
-- @tparam number pos of the opening quote
-- @treturn string the value
-- @treturn number position after the closing quote
function expression.string(src, pos)
  local text = src.text
  local _, stop, plain = find(text, "^\"([^\"\\\r\n]*)\"", pos)
  if stop then
    return plain, stop + 1
  end
  local out, at = {}, pos + 1
  while true do
    local special = find(text, "[\"\\\r\n]", at)
    local char = special and sub(text, special, special)
    if not special or char == "\n" or char == "\r" then
      src:fail(pos, "the string that begins here is not closed on its line", "Close it with \"; write a line break as \\n.")
    end
    out[#out + 1] = sub(text, at, special - 1)
    if char == "\"" then
      return table.concat(out), special + 1
    end
    local escape = sub(text, special + 1, special + 1)
    if escape == "u" then
      out[#out + 1], at = unicode_escape(src, special)
    elseif SIMPLE_ESCAPES[escape] then
      out[#out + 1], at = SIMPLE_ESCAPES[escape], special + 2
    else
      src:fail(special, "unknown escape in the string", "Write a backslash as \\\\.")
    end
  end
end

-- `name:` or nothing before a value.
local function argument(src, pos)
  local _, stop, name = find(src.text, "^([%a_][%w_]*)[ \t]*:", pos)
  if not stop then
    local value, after = read_value(src, pos)
    return { value = value }, after
  end
  local from = src:skip(stop + 1)
  local next_byte = byte(src.text, from)
  if next_byte == 44 or next_byte == 41 or not next_byte then -- "," or ")"
    src:fail(pos, ("the argument \"%s\" has no value"):format(name))
  end
  local value, after = read_value(src, from)
  return { name = name, value = value }, after
end

--- Reads a list of arguments.
-- @tparam table src the source
-- @tparam number pos of the opening parenthesis
-- @treturn table list of { name, value }
-- @treturn number position after the closing parenthesis
function expression.arguments(src, pos)
  local text, args = src.text, {}
  local at = src:skip(pos + 1)
  while byte(text, at) ~= 41 do -- ")"
    if not byte(text, at) then
      src:fail(pos, "the parenthesis that opens here is never closed")
    end
    args[#args + 1], at = argument(src, at)
    at = src:skip(at)
    local next_byte = byte(text, at)
    if next_byte == 44 then -- ","
      at = src:skip(at + 1)
    elseif next_byte ~= 41 then
      src:fail(at, "expected a comma or a closing parenthesis")
    end
  end
  return args, at + 1
end

local function array(src, pos)
  local text, items = src.text, {}
  local at = src:skip(pos + 1)
  while byte(text, at) ~= 93 do -- "]"
    if not byte(text, at) then
      src:fail(pos, "the bracket that opens here is never closed")
    end
    items[#items + 1], at = read_value(src, at)
    at = src:skip(at)
    local next_byte = byte(text, at)
    if next_byte == 44 then
      at = src:skip(at + 1)
    elseif next_byte ~= 93 then
      src:fail(at, "expected a comma or a closing bracket")
    end
  end
  return { kind = "array", items = items }, at + 1
end

--- Reads one value.
-- @tparam table src the source
-- @tparam number pos of its first character
-- @treturn table the value
-- @treturn number position after it
function expression.value(src, pos)
  local text = src.text
  local first = byte(text, pos)
  if first == 34 then -- the quote
    local value, after = expression.string(src, pos)
    return { kind = "string", value = value }, after
  elseif first == 91 then -- "["
    return array(src, pos)
  end
  local _, stop, name = find(text, "^([%a_\x80-\xff][%w_.\x80-\xff-]*)", pos)
  if stop then
    local open = find(text, "[^ \t]", stop + 1)
    if open and byte(text, open) == 40 then -- "("
      local args, after = expression.arguments(src, open)
      return { kind = "function", name = name, args = args }, after
    end
    return { kind = "constant", value = name }, stop + 1
  end
  _, stop = find(text, "^%-?%d+%.?%d*", pos)
  if stop then
    return { kind = "number", value = sub(text, pos, stop) }, stop + 1
  end
  return src:fail(pos, first and "expected a value" or "the file ends where a value is expected")
end

read_value = expression.value

return expression
