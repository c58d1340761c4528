--- Made-up data that is the same on every machine: the same key always gives the same value. Pure.
--
-- `fake.name("user-1")` asks for one value of a key; `fake.new("orders")` gives a stream of values, one after another.
-- A key is a string or an integer; different functions of the same key do not depend on each other.
local fake = {}

local words = require("tilth.fake.words")

local Stream = {}
Stream.__index = Stream

local DAY <const> = 86400

--- FNV-1a over the bytes, then the finalizer of splitmix64: integer arithmetic only, so that no platform differs.
local function hash(text)
  local value = -3750763034362895579
  for index = 1, #text do
    value = (value ~ text:byte(index)) * 1099511628211
  end
  return value
end

local function mix(value)
  value = (value ~ (value >> 30)) * -4658895280553007687
  value = (value ~ (value >> 27)) * -7723592293110705685
  return value ~ (value >> 31)
end

--- A stream of values of a key.
-- @tparam string|integer key
-- @treturn Stream every function of this module as a method, without the key
function fake.new(key)
  local kind = math.type(key) or type(key)
  assert(kind == "string" or kind == "integer", "the key of a fake value is a string or an integer")
  -- "1" and 1 are different keys.
  return setmetatable({ state = hash(kind:sub(1, 1) .. tostring(key)) }, Stream)
end

local function bits(self)
  self.state = self.state + -7046029254386353131
  return mix(self.state)
end

--- A whole number from `first` to `last`, each equally likely.
-- @tparam integer first
-- @tparam integer last
-- @treturn integer
function Stream:integer(first, last)
  assert(math.type(first) == "integer" and math.type(last) == "integer" and first <= last, "integer wants first <= last")
  local span = last - first + 1
  if span <= 0 then
    return first + bits(self)
  end
  -- The topmost part, which is no whole multiple of the span, would favour the low numbers.
  local limit = math.maxinteger - math.maxinteger % span
  local value
  repeat
    value = bits(self) >> 1
  until value < limit
  return first + value % span
end

--- A number from `low` up to `high`.
-- @tparam number low
-- @tparam number high
-- @tparam[opt] integer decimals how many (2)
-- @treturn number
function Stream:number(low, high, decimals)
  local scale = 10 ^ (decimals or 2) // 1 | 0
  return self:integer(math.floor(low * scale), math.floor(high * scale)) / scale
end

--- A decimal as text, as money wants it: `fake.decimal(key, 1, 100)` -> "42.50".
-- @tparam number low
-- @tparam number high
-- @tparam[opt] integer decimals how many (2)
-- @treturn string
function Stream:decimal(low, high, decimals)
  return ("%." .. (decimals or 2) .. "f"):format(self:number(low, high, decimals))
end

--- true in `percent` of 100 cases.
-- @tparam[opt] integer percent of 100 (50)
-- @treturn boolean
function Stream:boolean(percent)
  return self:integer(1, 100) <= (percent or 50)
end

--- One of a list.
-- @tparam table list not empty
-- @treturn any
function Stream:choice(list)
  assert(#list > 0, "choice wants a list that is not empty")
  return list[self:integer(1, #list)]
end

--- One of a list by weight.
-- @tparam table list `{ { "PAID", 8 }, { "OPEN", 2 } }`, the weights whole numbers
-- @treturn any
function Stream:weighted(list)
  local sum = 0
  for _, entry in ipairs(list) do
    sum = sum + entry[2]
  end
  local at = self:integer(1, sum)
  for _, entry in ipairs(list) do
    at = at - entry[2]
    if at <= 0 then
      return entry[1]
    end
  end
end

--- The list in another order.
-- @tparam table list
-- @treturn table a new list
function Stream:shuffle(list)
  local copy = table.move(list, 1, #list, 1, {})
  for index = #copy, 2, -1 do
    local other = self:integer(1, index)
    copy[index], copy[other] = copy[other], copy[index]
  end
  return copy
end

--- A first name.
-- @treturn string
function Stream:first_name()
  return self:choice(words.FIRST_NAMES)
end

--- A last name.
-- @treturn string
function Stream:last_name()
  return self:choice(words.LAST_NAMES)
end

--- A first and a last name.
-- @treturn string
function Stream:name()
  return self:first_name() .. " " .. self:last_name()
end

--- An address under example.com, which nobody has; unique for all practical purposes.
-- @treturn string
function Stream:email()
  local name = (self:first_name() .. "." .. self:last_name()):lower()
  return ("%s.%06x@example.com"):format(name, self:integer(0, 0xFFFFFF))
end

--- A word.
-- @treturn string
function Stream:word()
  return self:choice(words.WORDS)
end

--- Some words.
-- @tparam[opt] integer count how many (3)
-- @treturn string
function Stream:words(count)
  local list = {}
  for index = 1, count or 3 do
    list[index] = self:word()
  end
  return table.concat(list, " ")
end

--- A sentence of 5 to 12 words.
-- @treturn string
function Stream:sentence()
  local text = self:words(self:integer(5, 12))
  return text:sub(1, 1):upper() .. text:sub(2) .. "."
end

--- Some sentences.
-- @tparam[opt] integer count how many (3)
-- @treturn string
function Stream:paragraph(count)
  local list = {}
  for index = 1, count or 3 do
    list[index] = self:sentence()
  end
  return table.concat(list, " ")
end

--- A city.
-- @treturn string
function Stream:city()
  return self:choice(words.CITIES)
end

--- A street with a number.
-- @treturn string
function Stream:street()
  return ("%d %s %s"):format(self:integer(1, 199), self:choice(words.STREETS), self:choice(words.STREET_KINDS))
end

--- A telephone number of the range kept for fiction.
-- @treturn string
function Stream:phone()
  return ("+1-%03d-555-01%02d"):format(self:integer(201, 989), self:integer(0, 99))
end

--- Days since 1970-01-01 of a date, by the proleptic Gregorian calendar.
local function days_of(text)
  local year, month, day = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  assert(year, "a date is written as 2024-12-31")
  year, month, day = math.tointeger(year), math.tointeger(month), math.tointeger(day)
  local shifted = month <= 2 and year - 1 or year
  local era = shifted // 400
  local of_era = shifted - era * 400
  local of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local function date_of(days)
  days = days + 719468
  local era = days // 146097
  local of_era = days - era * 146097
  local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
  local of_year = of_era - (365 * year + year // 4 - year // 100)
  local part = (5 * of_year + 2) // 153
  local month = part + (part < 10 and 3 or -9)
  return ("%04d-%02d-%02d"):format(year + era * 400 + (month <= 2 and 1 or 0), month, of_year - (153 * part + 2) // 5 + 1)
end

--- A date between two dates, both included.
-- @tparam string first such as "2024-01-31"
-- @tparam string last
-- @treturn string
function Stream:date(first, last)
  return date_of(self:integer(days_of(first), days_of(last)))
end

--- A time in UTC on a date between two dates.
-- @tparam string first such as "2024-01-31"
-- @tparam string last
-- @treturn string as "2024-01-31T08:30:00Z"
function Stream:timestamp(first, last)
  local date = self:date(first, last)
  local second = self:integer(0, DAY - 1)
  return ("%sT%02d:%02d:%02dZ"):format(date, second // 3600, second // 60 % 60, second % 60)
end

--- A UUID (version 4 by its form).
-- @treturn string
function Stream:uuid()
  local high, low = bits(self), bits(self)
  return ("%08x-%04x-4%03x-%x%03x-%012x"):format(
    high >> 32, high >> 16 & 0xFFFF, high & 0xFFF, 8 + (low >> 62), low >> 48 & 0xFFF, low & 0xFFFFFFFFFFFF)
end

-- Each method is also a function of a key; the method's name is part of it, so that name and email differ freely.
for name, method in pairs(Stream) do
  if type(method) == "function" then
    fake[name] = function(key, ...)
      local stream = fake.new(key)
      stream.state = stream.state ~ hash(name)
      return method(stream, ...)
    end
  end
end

return fake
