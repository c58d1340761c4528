--- Reads the names of the tracked files out of git's index (versions 2 to 4). Pure.
local git_index = {}

local FIXED <const> = 62 -- bytes of an entry before its name, with SHA-1 names of objects
local EXTENDED <const> = 0x4000

local function varint(data, at)
  local byte = data:byte(at)
  local value = byte & 127
  while byte & 128 ~= 0 do
    at = at + 1
    byte = data:byte(at)
    value = ((value + 1) << 7) | (byte & 127)
  end
  return value, at + 1
end

local function read_entries(data, version, count)
  local names, at, before = {}, 13, ""
  for _ = 1, count do
    local flags = (">I2"):unpack(data, at + FIXED - 2)
    local from = at + FIXED + ((version > 2 and flags & EXTENDED ~= 0) and 2 or 0)
    local stop
    if version == 4 then
      local cut
      cut, from = varint(data, from)
      stop = data:find("\0", from, true)
      before = before:sub(1, #before - cut) .. data:sub(from, stop - 1)
      at = stop + 1
    else
      stop = data:find("\0", from, true)
      before = data:sub(from, stop - 1)
      -- Entries are filled up with zeros to a multiple of eight.
      at = at + ((stop - at) // 8 + 1) * 8
    end
    names[before] = true
  end
  return names
end

--- Reads an index.
-- @tparam string data the bytes of .git/index
-- @treturn[1] table set of paths, as seen from the repository's root
-- @treturn[2] nil when it cannot be read
function git_index.names(data)
  if data:sub(1, 4) ~= "DIRC" or #data < 12 then
    return nil
  end
  local version, count = (">I4I4"):unpack(data, 5)
  if version < 2 or version > 4 then
    return nil
  end
  local ok, names = pcall(read_entries, data, version, count)
  return ok and names or nil
end

return git_index
