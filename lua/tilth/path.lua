--- File paths as text: joining, splitting, making relative. Touches no disk.
local path = {}

--- Tells whether a path starts at the root.
-- @tparam string text a path
-- @treturn boolean
function path.is_absolute(text)
  return text:sub(1, 1) == "/"
end

--- Removes `.`, `..` and doubled slashes, without looking at the disk.
-- @tparam string text a path
-- @treturn string the same place, written plainly ("." for nothing)
function path.normalize(text)
  local absolute = path.is_absolute(text)
  local parts = {}
  for part in text:gmatch("[^/]+") do
    if part == ".." and #parts > 0 and parts[#parts] ~= ".." then
      parts[#parts] = nil
    elseif part ~= "." and not (part == ".." and absolute) then
      parts[#parts + 1] = part
    end
  end
  local joined = table.concat(parts, "/")
  if absolute then
    return "/" .. joined
  end
  return joined == "" and "." or joined
end

--- Joins path parts; an absolute part starts anew.
-- @tparam string ... parts
-- @treturn string a normalized path
function path.join(...)
  local joined = ""
  for _, part in ipairs({ ... }) do
    if path.is_absolute(part) or joined == "" then
      joined = part
    else
      joined = joined .. "/" .. part
    end
  end
  return path.normalize(joined)
end

--- The folder that holds a path.
-- @tparam string text a path
-- @treturn string "/" for the root, "." for a bare name
function path.dirname(text)
  local plain = path.normalize(text)
  local folder = plain:match("^(.*)/[^/]*$")
  if not folder then
    return "."
  end
  return folder == "" and "/" or folder
end

--- The last part of a path.
-- @tparam string text a path
-- @treturn string
function path.basename(text)
  return path.normalize(text):match("[^/]*$")
end

--- A path as seen from a folder, for messages.
-- @tparam string text a path
-- @tparam string from the folder it is seen from
-- @treturn string relative when it lies inside that folder, else as given
function path.relative(text, from)
  local plain, base = path.normalize(text), path.normalize(from)
  if plain == base then
    return "."
  end
  if base ~= "/" then
    base = base .. "/"
  end
  if plain:sub(1, #base) == base then
    return plain:sub(#base + 1)
  end
  return plain
end

return path
