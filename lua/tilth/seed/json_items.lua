--- Reads a JSON array of objects one object at a time, so that memory stays flat for any size. Pure.
local json_items = {}

local QUOTE <const>, OPEN_BRACE <const>, OPEN_BRACKET <const> = 34, 123, 91

--- Where the string that begins at `from` ends, or nil when the text ends before it.
local function string_end(text, from)
  local _, plain = text:find('^[^\\"]*"', from + 1)
  if plain then
    return plain
  end
  local position = from
  while true do
    position = text:find('[\\"]', position + 1)
    if not position or text:byte(position) == QUOTE then
      return position
    end
    position = position + 1
  end
end

--- Where the object that begins at `from` ends, or nil when the text ends before it.
local function object_end(text, from)
  local depth, position = 0, from
  while position do
    position = text:find('[{}%[%]"]', position)
    local char = position and text:byte(position)
    if char == QUOTE then
      position = string_end(text, position)
    elseif char == OPEN_BRACE or char == OPEN_BRACKET then
      depth = depth + 1
    elseif char then
      depth = depth - 1
      if depth == 0 then
        return position
      end
    end
    position = position and position + 1
  end
  return nil
end

local Reader = {}
Reader.__index = Reader

local function fail(self, text)
  error(("%s: element %d: %s"):format(self.path, self.number, text), 0)
end

--- Reads on. False: there is no more.
function Reader:more()
  local chunk = self.chunks()
  if not chunk then
    return false
  end
  self.text, self.position = self.text:sub(self.position) .. chunk, 1
  return true
end

--- The next character that is no blank, which is not passed; nil at the end.
function Reader:next_char()
  repeat
    local found = self.text:find("%S", self.position)
    self.position = found or #self.text + 1
    if found then
      return self.text:sub(found, found)
    end
  until not self:more()
  return nil
end

--- The object that begins here; nil and why not.
function Reader:object()
  repeat
    local stop = object_end(self.text, self.position)
    if stop then
      local value, message = self.decode(self.text:sub(self.position, stop))
      self.position = stop + 1
      return value, message
    end
  until not self:more()
  return nil, "the file ends inside it"
end

function Reader:begin()
  self:more()
  self.position = self.text:sub(1, 3) == "\u{FEFF}" and 4 or 1
  if self:next_char() ~= "[" then
    error(self.path .. ": expected a JSON array of objects: [ {...}, {...} ]", 0)
  end
  self.position, self.state = self.position + 1, "first"
end

function Reader:finish()
  self.state, self.position = "end", self.position + 1
  if self:next_char() then
    error(self.path .. ": text follows the end of the array", 0)
  end
end

--- The next element; nil at the end.
function Reader:element()
  local char = self:next_char()
  self.number = self.number + 1
  if char == "]" then
    return self:finish()
  end
  if self.state == "after" then
    if char ~= "," then
      fail(self, "expected a comma or ] before it")
    end
    self.position = self.position + 1
    char = self:next_char()
  end
  if char ~= "{" then
    fail(self, char and "is not an object" or "the file ends before the array does")
  end
  local value, message = self:object()
  if not value then
    fail(self, message)
  end
  self.state = "after"
  return value
end

--- Makes the reader of an array's elements.
-- @param chunks function() -> text | nil
-- @param decode function(text) -> value | nil, message
-- @param path   for messages
-- @return function() -> object | nil at the end; raises on malformed text
function json_items.reader(chunks, decode, path)
  local self = setmetatable({ chunks = chunks, decode = decode, path = path, text = "", position = 1, number = 0, state = "start" }, Reader)
  return function()
    if self.state == "start" then
      self:begin()
    end
    return self.state ~= "end" and self:element() or nil
  end
end

return json_items
