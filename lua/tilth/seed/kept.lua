--- The rows that a COPY of rows has sent, kept in a file without a name: so that they can be sent again, and named in errors.
local kept = {}

local CHUNK <const> = 65536

local UNESCAPED <const> = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v" }

local Kept = {}
Kept.__index = Kept
Kept.__close = function(self)
  if self.options.keep then
    self.options.keep:close()
  end
end

--- The rows once more, as COPY's text.
-- @return function() -> chunk | nil at the end; nil when they could not be kept
function Kept:again()
  local file = self.options.keep
  if not file or self.options.lost then
    return nil
  end
  file:seek("set")
  return function() return file:read(CHUNK) end
end

local function value_of(text)
  if text == "\\N" then
    return nil
  end
  return (text:gsub("\\(.)", function(char) return UNESCAPED[char] or char end))
end

--- The values of one row, as text.
-- @param number of the row
-- @param shape  `position`: where a column's value stands
-- @return function(column name) -> text | nil; nil when the row was not kept
function Kept:values(number, shape)
  local file = self.options.keep
  local line
  if not file or self.options.lost or not file:seek("set") then
    return nil
  end
  for _ = 1, number do
    line = file:read("l")
  end
  if not line then
    return nil
  end
  local fields = {}
  for text in (line .. "\t"):gmatch("([^\t]*)\t") do
    fields[#fields + 1] = text
  end
  return function(column)
    local position = shape.position[column]
    return position and fields[position] and value_of(fields[position])
  end
end

--- Begins to keep: gives the COPY its file.
-- @param options of the COPY; gets `keep`
-- @return Kept, to be closed
function kept.new(options)
  options.keep = io.tmpfile()
  return setmetatable({ options = options }, Kept)
end

return kept
