--- Sizes for people. Pure.
local size = {}

local UNITS <const> = { "bytes", "kB", "MB", "GB", "TB" }

--- A number of bytes as text.
-- @tparam number bytes
-- @treturn string such as "8.0 kB"
function size.text(bytes)
  local index = 1
  while bytes >= 1024 and index < #UNITS do
    bytes, index = bytes / 1024, index + 1
  end
  return index == 1 and ("%d bytes"):format(bytes) or ("%.1f %s"):format(bytes, UNITS[index])
end

return size
