--- The versions of tilth and of what is linked into it.
local version = {}

local core = require("tilth.core.version")

--- All versions.
-- @return { tilth, lua, libpq, openssl, jansson }, texts
function version.all()
  return core
end

--- One line for people.
-- @return text
function version.text()
  return ("tilth %s (Lua %s, libpq %s, OpenSSL %s)"):format(core.tilth, core.lua, core.libpq, core.openssl)
end

return version
