--- Reads RESET_DATABASE_CONFIRM=<database>[@yyyy-mm-dd]: a reset bound to one database, until a day. Pure.
local confirm = {}

local flags = require("tilth.flags")

local function valid_day(text)
  local year, month, day = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if not year then
    return nil
  end
  local time = os.time({ year = tonumber(year), month = tonumber(month), day = tonumber(day), hour = 12 })
  return os.date("%Y-%m-%d", time) == text and year .. month .. day or nil
end

--- Judges a confirmation.
-- @tparam string|nil text the variable's value
-- @tparam string database the database's name
-- @tparam string now yyyymmddhhmmss, by the server's clock
-- @treturn[1] boolean true when it confirms
-- @treturn[2] nil
-- @treturn[2] string "absent", "database" (another one is named), "day" (no such date), "expired" or "space" (it would, but for white space
--   around it)
function confirm.judge(text, database, now)
  if text == nil then
    return nil, "absent"
  elseif text == database then
    -- A database's name may hold an @ of its own.
    return true
  end
  local bare = flags.trim(text)
  if bare ~= text then
    local ok, why = confirm.judge(bare, database, now)
    return nil, ok and "space" or why
  end
  local name, day = text:match("^(.*)@([^@]*)$")
  if not name or name ~= database then
    return nil, "database"
  end
  local until_day = valid_day(day)
  if not until_day then
    return nil, "day"
  elseif now:sub(1, 8) > until_day then
    return nil, "expired"
  end
  return true
end

--- The value that confirms a reset today.
-- @tparam string database
-- @tparam string now yyyymmddhhmmss
-- @treturn string
function confirm.suggest(database, now)
  return ("%s@%s-%s-%s"):format(database, now:sub(1, 4), now:sub(5, 6), now:sub(7, 8))
end

return confirm
