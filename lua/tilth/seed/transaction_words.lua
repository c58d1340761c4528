--- Finds statements that would end or open a transaction behind the runner's back. Pure.
local transaction_words = {}

local sql_comment = require("tilth.sql_comment")

local WORDS <const> = {
  BEGIN = true, START = true, COMMIT = true, END = true, ROLLBACK = true, ABORT = true, SAVEPOINT = true, RELEASE = true,
}

--- The word that makes a statement one about transactions.
-- @param text one SQL statement
-- @return "COMMIT" and the like, or nil
function transaction_words.find(text)
  local body = sql_comment.skip(text)
  local first, second = (body:match("^%a+") or ""):upper(), body:match("^%a+%s+(%a+)")
  if WORDS[first] or (first == "PREPARE" and second and second:upper() == "TRANSACTION") then
    return first
  end
end

return transaction_words
