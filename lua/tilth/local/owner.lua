--- Who a private server runs as, and whether that user can reach its folders. PostgreSQL refuses to run as root.
local owner = {}

local fs = require("tilth.fs")
local process = require("tilth.process")

local NAMES <const> = { "postgres", "nobody" }

--- Finds a user in the text of a passwd file.
local function passwd_entry(text, name)
  for line in text:gmatch("[^\n]+") do
    local found, uid, gid = line:match("^([^:]*):[^:]*:(%d+):(%d+):")
    if found == name then return { name = name, uid = math.tointeger(tonumber(uid)), gid = math.tointeger(tonumber(gid)) } end
  end
end

--- Chooses the user of a server.
-- An ordinary user keeps being that one. Root becomes the owner of the data where there is some, else the user
-- postgres, else nobody.
-- @tparam string data the data folder
-- @tparam[opt] table world `files` and `self` (fakes)
-- @treturn table `{ uid, gid, name, drop = bool }`, drop: the server must change to this user
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function owner.choose(data, world)
  local files = world and world.files or fs
  local self = (world and world.self or process.self)()
  local present = files.stat(data, "follow")
  if self.euid ~= 0 then
    if present and present.uid ~= self.euid then
      return nil, ("%s belongs to user %d, and this is user %d"):format(data, present.uid, self.euid), "config",
        { advice = "run tilth as the user who made it, or move that folder away" }
    end
    return { uid = self.euid, gid = self.gid, name = "this user", drop = false }
  end
  if present and present.uid ~= 0 then
    return { uid = present.uid, gid = present.gid, name = "user " .. present.uid, drop = true }
  end
  local passwd = files.read("/etc/passwd") or ""
  for _, name in ipairs(NAMES) do
    local user = passwd_entry(passwd, name)
    if user and user.uid ~= 0 then
      user.drop = true
      return user
    end
  end
  return nil, "PostgreSQL refuses to run as root, and this machine has neither a user postgres nor nobody", "config",
    { advice = "run tilth as an ordinary user, or make a user postgres" }
end

--- Whether a user may pass through a folder. Root's other groups are dropped with root, so they do not count.
local function may_enter(found, user)
  local shift = found.uid == user.uid and 6 or found.gid == user.gid and 3 or 0
  return (found.mode >> shift) & 1 == 1
end

--- Names the first folder on the way to a path that a user cannot pass through.
-- @tparam string path absolute; need not exist
-- @tparam table user as of `choose`
-- @tparam[opt] table world `files`
-- @treturn string folder
-- @treturn[2] nil when all of them can be passed
function owner.unreachable(path, user, world)
  local files = world and world.files or fs
  if not user.drop then return nil end
  local folder = ""
  for component in path:gmatch("[^/]+") do
    local found = files.stat(folder == "" and "/" or folder, "follow")
    if not found then return nil end
    if not may_enter(found, user) then return folder == "" and "/" or folder end
    folder = folder .. "/" .. component
  end
  local last = files.stat(folder, "follow")
  if last and last.type == "directory" and not may_enter(last, user) then return folder end
  return nil
end

--- Makes a folder that only the user of the server can enter; one that exists must already be that.
-- @tparam string path
-- @tparam table user as of `choose`
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table detail
function owner.private_folder(path, user)
  local made, message, code = fs.mkdir(path, 448) -- 448: rwx------
  if not made then return nil, message, code end
  local found
  found, message, code = fs.stat(path)
  if not found then return nil, message, code end
  if found.type == "directory" and user.drop and found.uid == 0 then
    made, message, code = fs.chown(path, user.uid, user.gid)
    if not made then return nil, message, code end
    found = fs.stat(path)
  end
  if found.type ~= "directory" or found.uid ~= user.uid or found.mode & 63 ~= 0 then -- 63: any right for others
    return nil, ("%s must be a folder of %s that nobody else can enter, and is not"):format(path, user.name), "config",
      { advice = "look what it is, and remove it if nothing needs it" }
  end
  return true
end

return owner
