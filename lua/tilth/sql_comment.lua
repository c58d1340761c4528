--- Passes over the comments in front of a statement of SQL. Pure.
local sql_comment = {}

-- The place behind a comment that begins at `position`: PostgreSQL lets them nest.
local function behind_block(text, position)
  local depth, at = 0, position
  repeat
    local found, _, mark = text:find("([/*][*/])", at)
    if not found then
      return nil
    elseif mark == "/*" then
      depth, at = depth + 1, found + 2
    elseif mark == "*/" then
      depth, at = depth - 1, found + 2
    else
      at = found + 1
    end
  until depth == 0
  return at
end

--- The text behind blanks and comments at its beginning.
-- @tparam string text
-- @treturn string "" where nothing else is there
-- @treturn boolean|nil true: a comment is still open
function sql_comment.skip(text)
  local position = 1
  while true do
    position = text:find("%S", position)
    if not position then
      return ""
    elseif text:find("^%-%-", position) then
      position = text:find("\n", position, true) or #text + 1
    elseif text:find("^/%*", position) then
      position = behind_block(text, position)
      if not position then
        return "", true
      end
    else
      return text:sub(position)
    end
  end
end

return sql_comment
