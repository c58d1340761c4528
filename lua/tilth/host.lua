--- Whose machine this is: the user and the host's name, for builds that no CI has named.
local host = {}

local fs = require("tilth.fs")
local process = require("tilth.process")

local function user_name(uid)
  for line in (fs.read("/etc/passwd") or ""):gmatch("[^\n]+") do
    local name, found = line:match("^([^:]*):[^:]*:(%d+):")
    if math.tointeger(tonumber(found)) == uid then
      return name
    end
  end
  return "uid " .. uid
end

--- Describes this machine. The kernel is asked, because variables such as USER are often missing in containers.
-- @treturn table { user, hostname (nil when the kernel does not say) }
function host.describe()
  local name = fs.read("/proc/sys/kernel/hostname")
  return { user = user_name(process.self().uid), hostname = name and name:match("%S+") }
end

return host
