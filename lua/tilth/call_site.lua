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

--- A test for `find`: is a chunk a file or standard input, and none of tilth's own? Embedded ones are called lua/tilth/...; from a
-- folder they carry its path.
-- @tparam[opt] string folder of tilth's own modules (TILTH_LUADIR)
-- @treturn function (a chunk's source) -> boolean
function call_site.is_script(folder)
  return function(source)
    return source == "=stdin" or source:sub(1, 1) == "@" and source:sub(2, 11) ~= "lua/tilth/"
      and not (folder and source:sub(2, #folder + 2) == folder .. "/")
  end
end

--- The name by which the script called the function at a level.
local function called_as(level)
  local info = debug.getinfo(level, "n")
  return info and info.name and info.name .. ": " or ""
end

--- A message that names a line of tilth's, told of the line that called: what was given there is wrong far more often than tilth is.
-- Any other message is given back as it is. For a handler of errors, while the stack still stands.
-- @param raised what was raised
-- @tparam function is_caller as of `find`
-- @return text, or what was raised
function call_site.blame(raised, is_caller)
  local place, words = (type(raised) == "string" and raised or ""):match("^(%S*tilth/[%w_/]+%.lua:%d+): (.*)$")
  -- Lua shortens the path of a long chunk's name, from the left.
  if not place or place:sub(1, 3) ~= "..." and is_caller("@" .. place:match("^(.*):%d+$")) then
    return raised
  end
  for level = 2, DEEPEST_FRAME do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return raised
    elseif info.currentline > 0 and is_caller(info.source) then
      local site = ("%s:%d"):format(info.source:sub(2), info.currentline)
      local its_own = site:match("[^/]*$") == place:match("[^/]*$")
      return its_own and raised or ("%s: %s%s (raised at %s)"):format(site, called_as(level), words, place)
    end
  end
  return raised
end

return call_site
