--- The names of bins: tilth_bin_<yyyymmddhhmmss>_<schema>, never longer than PostgreSQL allows.
local names = {}

local PREFIX <const> = "tilth_bin_"
local NAME_BYTES <const> = 63

-- Cuts between characters: half a character is no valid name.
local function cut(text, bytes)
  if #text <= bytes then
    return text
  end
  while bytes > 0 and (text:byte(bytes + 1) & 0xC0) == 0x80 do
    bytes = bytes - 1
  end
  return text:sub(1, bytes)
end

--- Chooses a bin for each schema, none of them taken.
-- @tparam table schemas list of schema names
-- @tparam string stamp yyyymmddhhmmss
-- @tparam table taken list of bins that exist
-- @treturn table schema name -> bin name
function names.choose(schemas, stamp, taken)
  assert(stamp:match("^%d+$") and #stamp == 14, "a stamp has 14 digits")
  local used, chosen = {}, {}
  for _, name in ipairs(taken) do
    used[name] = true
  end
  for _, schema in ipairs(schemas) do
    local head, number = PREFIX .. stamp .. "_", 1
    local name = head .. cut(schema, NAME_BYTES - #head)
    while used[name] do
      number = number + 1
      local suffix = "_" .. number
      name = head .. cut(schema, NAME_BYTES - #head - #suffix) .. suffix
    end
    used[name] = true
    chosen[schema] = name
  end
  return chosen
end

--- Tells whether a name is one that only a bin has.
-- @tparam string name
-- @treturn boolean
function names.is_bin(name)
  return name:find("^tilth_bin_%d%d%d%d%d%d%d%d%d%d%d%d%d%d_") ~= nil
end

return names
