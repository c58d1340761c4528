--- How the transaction of a file and its history row begins, so that what the file asks of its transaction can hold. Pure.
-- @module tilth.migrate.opening

local opening = {}

local statement = require("tilth.migrate.statement")

local SAVEPOINT <const> = "tilth_file"

-- Nobody sets a transaction with more, and a file may be one statement of many megabytes.
local LONGEST <const> = 65536

local LEVELS <const> = { "serializable", "repeatable read", "read committed", "read uncommitted" }

-- The level that a file asks for in its first statement: what makes the history before it would come too late for that.
local function isolation(first)
  if #first > LONGEST then
    return ""
  end
  local words = statement.body(first):lower():gsub("%s+", " ")
  if words:find("^set transaction[ _]") or words:find("^set local transaction_") then
    for _, level in ipairs(LEVELS) do
      if words:find(level, 1, true) then
        return " ISOLATION LEVEL " .. level:upper()
      end
    end
  end
  return ""
end

--- What stands before a file's text.
-- @tparam string first the file's first statement
-- @tparam string prelude the SQL that makes the history, or ""
-- @tparam integer count the statements in it
-- @tparam boolean|nil fenced the file makes its transaction read only: a savepoint ends that before the row is written
-- @treturn string
-- @treturn integer how many statements it has
function opening.head(first, prelude, count, fenced)
  local begin = "BEGIN" .. isolation(first) .. "; " .. prelude
  if fenced then
    return begin .. "SAVEPOINT " .. SAVEPOINT .. "; ", count + 2
  end
  return begin, count + 1
end

--- What stands behind the file's text, before the row.
-- @tparam boolean|nil fenced
-- @treturn string
function opening.tail(fenced)
  return fenced and "RELEASE SAVEPOINT " .. SAVEPOINT .. "; " or ""
end

return opening
