--- Cuts a seed command into words as Prisma does, with quotes understood. Pure.
local command = {}

--- Splits at runs of spaces; `\ ` is a space inside a word; a quoted part is one, and an unpaired quote is itself.
-- @param text the command
-- @return list of words
function command.split(text)
  local words, word, position = {}, nil, 1
  while position <= #text do
    local char = text:sub(position, position)
    local close = (char == '"' or char == "'") and text:find(char, position + 1, true)
    if char:find("%s") then
      if word then
        words[#words + 1] = word
      end
      word, position = nil, position + 1
    elseif char == "\\" and text:sub(position + 1, position + 1):find("[ \"']") then
      word, position = (word or "") .. text:sub(position + 1, position + 1), position + 2
    elseif close then
      word, position = (word or "") .. text:sub(position + 1, close - 1), close + 1
    else
      word, position = (word or "") .. char, position + 1
    end
  end
  if word then
    words[#words + 1] = word
  end
  return words
end

--- The value of PATH with `node_modules/.bin` of a folder and its parents in front, as npm sets it.
-- @param folder absolute path
-- @param path   PATH as it is
-- @return text
function command.path(folder, path)
  local parts = {}
  while folder and folder ~= "" do
    parts[#parts + 1] = folder .. "/node_modules/.bin"
    folder = folder:match("^(.*)/[^/]+$")
  end
  parts[#parts + 1] = "/node_modules/.bin"
  if path and path ~= "" then
    parts[#parts + 1] = path
  end
  return table.concat(parts, ":")
end

return command
