--- The versions of tilth and of what is linked into it.
local version = {}

local core = require("tilth.core.version")

--- All versions.
-- @treturn table `{ tilth, lua, libpq, openssl, jansson }`, texts
function version.all()
  return core
end

--- One line for people.
-- @treturn string
function version.text()
  return ("tilth %s (Lua %s, libpq %s, OpenSSL %s)"):format(core.tilth, core.lua, core.libpq, core.openssl)
end

return version
