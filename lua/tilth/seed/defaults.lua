--- The values that Prisma's client makes and the database does not: cuid, cuid2, uuid, ulid, nanoid, now.
local defaults = {}

local BASE36 <const> = "0123456789abcdefghijklmnopqrstuvwxyz"
local CROCKFORD <const> = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
local NANOID <const> = "useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict"

-- The bits of a UUID that say how it was made leave four letters.
local VARIANTS <const> = "89ab"
local HEX <const> = "0123456789abcdef"
local POOL <const> = 4096

local Maker = {}
Maker.__index = Maker

--- Makes a maker of values.
-- @param random function(n) -> n random bytes
-- @param now    function() -> seconds since 1970, with fractions
-- @return Maker
function defaults.new(random, now)
  return setmetatable({ random = random, now_seconds = now, counter = 0, letters = {}, stamps = {}, pairs = {} }, Maker)
end

--- The letter of each byte, or the two digits. A byte above the last whole multiple would favour the first letters: it gives none.
local function letter_map(alphabet)
  local size, map = #alphabet, {}
  local limit = 256 - 256 % size
  for byte = 0, 255 do
    local at = byte % size + 1
    map[string.char(byte)] = alphabet == HEX and ("%02x"):format(byte) or byte < limit and alphabet:sub(at, at) or ""
  end
  return map
end

--- Random letters, a pool of them at a time: a million rows ask for eight million.
local function letters(self, count, alphabet)
  local pool = self.letters[alphabet]
  if not pool then
    pool = { map = letter_map(alphabet), text = "", used = 0 }
    self.letters[alphabet] = pool
  end
  while pool.used + count > #pool.text do
    local more = self.random(POOL):gsub(".", pool.map)
    pool.text, pool.used = pool.text:sub(pool.used + 1) .. more, 0
  end
  local part = pool.text:sub(pool.used + 1, pool.used + count)
  pool.used = pool.used + count
  return part
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

--- The time's part of a value, made once a millisecond.
local function stamp(self, kind, make)
  local ms, made = millis(self), self.stamps[kind]
  if not made or made.ms ~= ms then
    made = { ms = ms, text = make(ms) }
    self.stamps[kind] = made
  end
  return made.text
end

local function cuid_stamp(ms)
  return "c" .. base_text(ms, BASE36, 8)
end

local function ulid_stamp(ms)
  return base_text(ms, CROCKFORD, 10)
end

local function uuid7_stamp(ms)
  local hex = ("%012x"):format(ms)
  return hex:sub(1, 8) .. "-" .. hex:sub(9) .. "-7"
end

local function plain_stamp(ms)
  return os.date("!%Y-%m-%d %H:%M:%S", ms // 1000) .. (".%03d"):format(ms % 1000)
end

local function zoned_stamp(ms)
  return plain_stamp(ms) .. "+00"
end

--- A cuid: `c`, time, counter, fingerprint and random part.
function Maker:cuid()
  self.counter = (self.counter + 1) % 36 ^ 4 // 1 | 0
  self.fingerprint = self.fingerprint or letters(self, 4, BASE36)
  local high = self.counter // 1296
  if not self.high or self.high.number ~= high then
    self.high = { number = high, text = base_text(high, BASE36, 2) }
  end
  local low = self.counter % 1296
  local last = self.pairs[low]
  if not last then
    last = base_text(low, BASE36, 2)
    self.pairs[low] = last
  end
  return stamp(self, "cuid", cuid_stamp) .. self.high.text .. last .. self.fingerprint .. letters(self, 8, BASE36)
end

--- A cuid2: a letter and 23 random letters and digits.
function Maker:cuid2()
  return letters(self, 1, BASE36:sub(11)) .. letters(self, 23, BASE36)
end

--- A random UUID (version 4).
function Maker:uuid()
  local hex = letters(self, 30, HEX)
  return ("%s-%s-4%s-%s%s-%s"):format(hex:sub(1, 8), hex:sub(9, 12), hex:sub(13, 15), letters(self, 1, VARIANTS), hex:sub(16, 18),
    hex:sub(19))
end

--- A UUID that begins with the time (version 7).
function Maker:uuid7()
  local hex = letters(self, 18, HEX)
  return ("%s%s-%s%s-%s"):format(stamp(self, "uuid7", uuid7_stamp), hex:sub(1, 3), letters(self, 1, VARIANTS), hex:sub(4, 6),
    hex:sub(7))
end

--- A ULID.
function Maker:ulid()
  return stamp(self, "ulid", ulid_stamp) .. letters(self, 16, CROCKFORD)
end

--- A nanoid.
-- @param size its length, 21 when absent
function Maker:nanoid(size)
  return letters(self, size or 21, NANOID)
end

--- The time now in UTC, as Prisma writes it: with milliseconds.
-- @param zoned true for a column with a time zone
function Maker:now(zoned)
  return zoned and stamp(self, "zoned", zoned_stamp) or stamp(self, "plain", plain_stamp)
end

return defaults
