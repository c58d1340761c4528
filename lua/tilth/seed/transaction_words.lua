--- Finds statements that would end or open a transaction behind the runner's back. Pure.
local transaction_words = {}

local WORDS <const> = {
  BEGIN = true, START = true, COMMIT = true, END = true, ROLLBACK = true, ABORT = true, SAVEPOINT = true, RELEASE = true,
}

local function first_words(text)
  local position = 1
  while true do
    position = text:find("%S", position)
    if not position then
      return ""
    elseif text:find("^%-%-", position) then
      position = text:find("\n", position, true) or #text + 1
    elseif text:find("^/%*", position) then
      local _, stop = text:find("*/", position + 2, true)
      position = (stop or #text) + 1
    else
      return text:match("^%a+", position) or "", text:match("^%a+%s+(%a+)", position) or ""
    end
  end
end

--- The word that makes a statement one about transactions.
-- @param text one SQL statement
-- @return "COMMIT" and the like, or nil
function transaction_words.find(text)
  local first, second = first_words(text)
  first = first:upper()
  if WORDS[first] or (first == "PREPARE" and second and second:upper() == "TRANSACTION") then
    return first
  end
end

return transaction_words
