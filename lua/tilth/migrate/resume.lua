--- Where a file that ran statement by statement goes on after a stop.
-- @module tilth.migrate.resume

local resume = {}

local sql = require("tilth.sql")

-- The text up to the end of statement number `count`.
local function prefix(statements, text, count)
  if count == 0 then
    return ""
  end
  local last = statements[count]
  return text:sub(1, last.position + #last.text - 1)
end

--- The checksum of the statements that are done.
-- @tparam function sha256
-- @tparam string text the file's text
-- @tparam {table,...} statements of sql.split
-- @tparam integer count how many are done
-- @treturn string
function resume.checksum(sha256, text, statements, count)
  return sha256(prefix(statements, text, count))
end

--- Is the part that was done still the same? A later statement may have been mended since.
-- @tparam function sha256
-- @tparam string text the file's text as it is now
-- @tparam table mark what history.read_mark found: { done, prefix }
-- @treturn boolean
function resume.fits(sha256, text, mark)
  local statements = sql.split(text)
  if mark.running or not statements or mark.done > #statements then
    return false
  end
  return resume.checksum(sha256, text, statements, mark.done) == mark.prefix
end

return resume
