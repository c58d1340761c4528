--- Where in somebody's script a function of tilth was called: `deploy.lua:12`.
local call_site = {}

local DEEPEST_FRAME <const> = 40

--- Finds the innermost line that is not tilth's own.
-- @tparam function is_caller (a chunk's source, as `@deploy.lua`) -> boolean
-- @treturn string|nil FILE:LINE, nil where no such chunk is running
function call_site.find(is_caller)
  for level = 2, DEEPEST_FRAME do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return nil
    end
    if info.currentline > 0 and is_caller(info.source) then
      return info.source:sub(2) .. ":" .. info.currentline
    end
  end
  return nil
end

return call_site
