--- Compares a file with the checksum that the history keeps, as leniently as Prisma does.
-- @module tilth.migrate.checksum

local checksum = {}

local REPLACEMENT <const> = "\xEF\xBF\xBD"

-- Very old Prisma wrote each byte of the hash without its leading zero.
local function unpadded_bytes(digest)
  local bytes = {}
  for byte in digest:gmatch("%x%x") do
    bytes[#bytes + 1] = byte:sub(1, 1) == "0" and byte:sub(2) or byte
  end
  return table.concat(bytes)
end

-- The text as Node decodes it: each broken sequence becomes one U+FFFD.
local function decoded(text)
  local parts, from = {}, 1
  while true do
    local length, broken = utf8.len(text, from)
    if length then
      parts[#parts + 1] = text:sub(from)
      return table.concat(parts)
    end
    parts[#parts + 1] = text:sub(from, broken - 1) .. REPLACEMENT
    from = broken + 1
    if from > #text then
      return table.concat(parts)
    end
  end
end

--- Says how a file relates to a stored checksum.
-- @tparam function sha256
-- @tparam string text the file's bytes
-- @tparam string stored what the history holds
-- @treturn string "same", "line endings" (only those differ), "encoding" (Prisma stored the hash of the repaired
--   text) or "edited"
function checksum.compare(sha256, text, stored)
  local shape = (#stored ~= 64 and stored ~= "") and unpadded_bytes or function(digest)
    return digest
  end
  if shape(sha256(text)) == stored then
    return "same"
  end
  local unix = text:gsub("\r\n", "\n")
  if shape(sha256(unix)) == stored or shape(sha256((unix:gsub("\n", "\r\n")))) == stored
    or shape(sha256((text:gsub("\n", "\r\n")))) == stored then
    return "line endings"
  end
  if not utf8.len(text) and shape(sha256(decoded(text))) == stored then
    return "encoding"
  end
  return "edited"
end

return checksum
