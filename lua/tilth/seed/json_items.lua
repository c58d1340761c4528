--- Reads a JSON array of objects one object at a time, so that memory stays flat for any size. Pure.
local json_items = {}

--- Where the object that begins at `from` ends, or nil when the text ends before it.
local function object_end(text, from)
  local depth, position = 0, from
  while true do
    position = text:find('[{}%[%]"]', position)
    if not position then
      return nil
    end
    local char = text:sub(position, position)
    if char == '"' then
      repeat
        position = text:find('[\\"]', position + 1)
        if not position then
          return nil
        end
        local escaped = text:sub(position, position) == "\\"
        position = escaped and position + 1 or position
      until not escaped
    elseif char == "{" or char == "[" then
      depth = depth + 1
    else
      depth = depth - 1
      if depth == 0 then
        return position
      end
    end
    position = position + 1
  end
end

local function fail(path, number, text)
  error(("%s: element %d: %s"):format(path, number, text), 0)
end

--- Makes the reader of an array's elements.
-- @param chunks function() -> text | nil
-- @param decode function(text) -> value | nil, message
-- @param path   for messages
-- @return function() -> object | nil at the end; raises on malformed text
function json_items.reader(chunks, decode, path)
  local text, position, number, state = "", 1, 0, "start"
  local function more()
    local chunk = chunks()
    if not chunk then
      return false
    end
    text, position = text:sub(position) .. chunk, 1
    return true
  end
  local function next_char()
    while true do
      position = text:find("%S", position)
      if position then
        return text:sub(position, position)
      end
      position = #text + 1
      if not more() then
        return nil
      end
    end
  end
  local function object()
    while true do
      local stop = object_end(text, position)
      if stop then
        local value, message = decode(text:sub(position, stop))
        position = stop + 1
        return value, message
      elseif not more() then
        return nil, "the file ends inside it"
      end
    end
  end
  return function()
    if state == "start" then
      if text == "" then
        more()
        position = text:sub(1, 3) == "\u{FEFF}" and 4 or 1
      end
      if next_char() ~= "[" then
        error(path .. ": expected a JSON array of objects: [ {...}, {...} ]", 0)
      end
      position, state = position + 1, "first"
    elseif state == "end" then
      return nil
    end
    local char = next_char()
    number = number + 1
    if char == "]" and (state == "first" or state == "after") then
      state, position = "end", position + 1
      if next_char() then
        error(path .. ": text follows the end of the array", 0)
      end
      return nil
    end
    if state == "after" then
      if char ~= "," then
        fail(path, number, "expected a comma or ] before it")
      end
      position = position + 1
      char = next_char()
    end
    if char ~= "{" then
      fail(path, number, char and "is not an object" or "the file ends before the array does")
    end
    local value, message = object()
    if not value then
      fail(path, number, message)
    end
    state = "after"
    return value
  end
end

return json_items
