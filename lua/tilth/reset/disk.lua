--- How much room the server's disk has for what is made anew while the old schema is kept.
local disk = {}

local fs = require("tilth.fs")

-- Only a role that may see it gets a row, and only on this machine does the folder mean anything.
local FOLDER <const> = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'"
local LOOPBACK <const> = { localhost = true, ["127.0.0.1"] = true, ["::1"] = true }

--- The free bytes of the disk that holds the server's data.
-- @tparam Db db
-- @tparam table target
-- @treturn integer|boolean bytes; false where they can't be known: a server elsewhere, or a role that may not ask
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function disk.free(db, target)
  local host = target.host or ""
  if host:sub(1, 1) ~= "/" and not LOOPBACK[host] then
    return false
  end
  local folder, message, code, detail = db:value(FOLDER)
  if folder == nil then
    return nil, "cannot ask for the server's data folder: " .. message, code, detail
  end
  return folder and fs.exists(folder, "directory") and fs.disk_free(folder) or false
end

return disk
