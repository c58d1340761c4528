--- The generator of the reference (scripts/reference), for tests.
local reference = {}

local env = require("tilth.core.env")

--- The root of the source tree.
-- @treturn string
function reference.root()
  return assert(env.get("TILTH_SOURCE"), "make check sets TILTH_SOURCE")
end

--- A module of the generator.
-- @tparam string name such as "pages"
-- @treturn any
function reference.module(name)
  local folder = reference.root() .. "/scripts/?.lua"
  if not package.path:find(folder, 1, true) then
    package.path = package.path .. ";" .. folder
  end
  return require("reference." .. name)
end

return reference
