--- Chooses the folder of a private server's Unix socket.
local socket = {}

local fs = require("tilth.fs")
local hash = require("tilth.hash")
local owner = require("tilth.local.owner")

-- The name is fixed by the port, which stays the usual one: the folder is what tells servers apart.
local NAME <const> = "/.s.PGSQL.5432"
local LIMIT <const> = 107

--- The port in the name of the socket file.
socket.PORT = 5432

--- Whether server and client can both use a folder: the address of a Unix socket holds 107 bytes, and commas and
-- quotes separate folders in the server's setting and hosts in the client's.
-- @tparam string folder
-- @treturn bool
function socket.is_usable(folder)
  return #folder + #NAME <= LIMIT and not folder:find("[,\"'\\%c]") and not folder:find("^@")
    and not folder:find("^%s") and not folder:find("%s$")
end

--- Where the socket goes when the wanted folder cannot hold it: short, and the same for the same wish.
-- @tparam string wanted
-- @tparam table user as of owner.choose
-- @tparam table env variables, for XDG_RUNTIME_DIR
-- @treturn string
function socket.fallback(wanted, user, env)
  local short = hash.sha256(wanted):sub(1, 16)
  local runtime = env.XDG_RUNTIME_DIR
  -- The runtime folder belongs to the user who logged in, so it serves no other one.
  if runtime and runtime:sub(1, 1) == "/" and not user.drop then
    local folder = runtime .. "/tilth-" .. short
    if socket.is_usable(folder) then return folder end
  end
  return ("/tmp/tilth-%d-%s"):format(user.uid, short)
end

--- Removes a folder of `fallback` when nothing is in it any more. The caller holds the lock of the data folder.
-- @tparam string folder
function socket.tidy(folder)
  -- A socket in use keeps the folder; whatever else fails leaves an empty folder, which harms nobody.
  if folder:find("/tilth%-[%d%x%-]+$") then fs.remove(folder) end
end

--- Makes the folder for the socket, private to the user of the server.
-- @tparam string wanted
-- @tparam table user as of owner.choose
-- @tparam table env
-- @treturn string the folder
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table detail
function socket.folder(wanted, user, env)
  local folder = socket.is_usable(wanted) and wanted or socket.fallback(wanted, user, env)
  local made, message, code, detail = owner.private_folder(folder, user)
  if not made then return nil, "the folder of the server's socket: " .. message, code, detail end
  return folder
end

return socket
