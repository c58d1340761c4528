--- Finds what nobody can read in a file that runs statement by statement, before anything of it runs.
-- @module tilth.migrate.syntax

local syntax = {}

local sql = require("tilth.sql")

-- The tree of a longer one takes much memory.
local LONGEST <const> = 262144

-- The server reads a message to its end before it runs the first statement in it, and runs nothing behind one that failed.
local STOP <const> = "SELECT 'tilth asks for the syntax of a migration here, nothing of which runs'::pg_catalog.int4;\n"
local STOPPED <const> = "22P02"

local function is_readable(list)
  for _, item in ipairs(list) do
    if #item.text <= LONGEST and not sql.parse(item.text) then
      return false
    end
  end
  return true
end

--- Looks with the parser of PostgreSQL 15; where that gives up the server is asked, which may know more. It is not asked
-- without need, because it writes what has failed into its log.
-- @tparam table db
-- @tparam string text the file
-- @tparam {table,...} list its statements, of sql.split
-- @treturn boolean true, also where it cannot be said: the statements themselves will tell
-- @treturn nil,string,string,table,table the server's failure, and { position = character in the file|nil }
function syntax.check(db, text, list)
  -- Which strings end where depends on settings that the file makes while it runs.
  if text:lower():find("standard_conforming_strings", 1, true) or is_readable(list) then
    return true
  end
  local _, message, code, detail = db:script(STOP .. text)
  if code == STOPPED or (detail and detail.lost) then
    return true
  end
  return nil, message, code, detail, { position = detail and detail.position and detail.position - #STOP }
end

return syntax
