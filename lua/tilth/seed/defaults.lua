--- The values that Prisma's client makes and the database does not: cuid, cuid2, uuid, ulid, nanoid, now.
local defaults = {}

local BASE36 <const> = "0123456789abcdefghijklmnopqrstuvwxyz"
local CROCKFORD <const> = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
local NANOID <const> = "useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict"

local Maker = {}
Maker.__index = Maker

--- Makes a maker of values.
-- @param random function(n) -> n random bytes
-- @param now    function() -> seconds since 1970, with fractions
-- @return Maker
function defaults.new(random, now)
  return setmetatable({ random = random, now_seconds = now, counter = 0, pool = "", used = 0 }, Maker)
end

-- Random bytes from a pool: one request to the system for many values.
local function bytes(self, count)
  if self.used + count > #self.pool then
    self.pool, self.used = self.random(math.max(4096, count)), 0
  end
  local part = self.pool:sub(self.used + 1, self.used + count)
  self.used = self.used + count
  return part
end

local function letters(self, count, alphabet)
  local size, out = #alphabet, {}
  local limit = 256 - 256 % size
  while #out < count do
    local byte = bytes(self, 1):byte()
    -- A byte above the last whole multiple would favour the first letters.
    if byte < limit then
      local at = byte % size + 1
      out[#out + 1] = alphabet:sub(at, at)
    end
  end
  return table.concat(out)
end

local function base_text(number, alphabet, width)
  local size, digits = #alphabet, {}
  for index = width, 1, -1 do
    local digit = number % size
    digits[index] = alphabet:sub(digit + 1, digit + 1)
    number = number // size
  end
  return table.concat(digits)
end

local function millis(self)
  return math.floor(self.now_seconds() * 1000)
end

local function uuid_text(hex)
  return ("%s-%s-%s-%s-%s"):format(hex:sub(1, 8), hex:sub(9, 12), hex:sub(13, 16), hex:sub(17, 20), hex:sub(21, 32))
end

local function hex_of(text)
  return (text:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

--- A cuid: `c`, time, counter, fingerprint and random part.
function Maker:cuid()
  self.counter = (self.counter + 1) % 36 ^ 4 // 1 | 0
  self.fingerprint = self.fingerprint or letters(self, 4, BASE36)
  return "c" .. base_text(millis(self), BASE36, 8) .. base_text(self.counter, BASE36, 4) .. self.fingerprint
    .. letters(self, 8, BASE36)
end

--- A cuid2: a letter and 23 random letters and digits.
function Maker:cuid2()
  return letters(self, 1, BASE36:sub(11)) .. letters(self, 23, BASE36)
end

--- A random UUID (version 4).
function Maker:uuid()
  local hex = hex_of(bytes(self, 16))
  local variant = ("89ab"):sub(tonumber(hex:sub(17, 17), 16) % 4 + 1)
  return uuid_text(hex:sub(1, 12) .. "4" .. hex:sub(14, 16) .. variant:sub(1, 1) .. hex:sub(18))
end

--- A UUID that begins with the time (version 7).
function Maker:uuid7()
  local hex = hex_of(bytes(self, 10))
  local variant = ("89ab"):sub(tonumber(hex:sub(5, 5), 16) % 4 + 1)
  return uuid_text(("%012x"):format(millis(self)) .. "7" .. hex:sub(2, 4) .. variant:sub(1, 1) .. hex:sub(6, 20))
end

--- A ULID.
function Maker:ulid()
  return base_text(millis(self), CROCKFORD, 10) .. letters(self, 16, CROCKFORD)
end

--- A nanoid.
-- @param size its length, 21 when absent
function Maker:nanoid(size)
  return letters(self, size or 21, NANOID)
end

--- The time now in UTC, as Prisma writes it: with milliseconds.
-- @param zoned true for a column with a time zone
function Maker:now(zoned)
  local ms = millis(self)
  return os.date("!%Y-%m-%d %H:%M:%S", ms // 1000) .. (".%03d"):format(ms % 1000) .. (zoned and "+00" or "")
end

return defaults
