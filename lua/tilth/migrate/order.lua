--- The order in which migrations run: ICU's root collation, which Prisma uses since 6.6, not byte order.
-- Digits and letters compare one by one; accents and case only break ties over the whole name.
-- @module tilth.migrate.order

local order = {}

-- ASCII in the root collation's order; a letter weighs the same in both cases.
local ASCII = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"

-- Base letters and their accented forms, as they decompose.
local ACCENTED = {
  a = "àáâãäåāăą", c = "çćĉċč", d = "ď", e = "èéêëēĕėęě", g = "ĝğġģ", h = "ĥ", i = "ìíîïĩīĭį", j = "ĵ", k = "ķ",
  l = "ĺļľ", n = "ñńņň", o = "òóôõöōŏő", r = "ŕŗř", s = "śŝşš", t = "ţť", u = "ùúûüũūŭůűų", w = "ŵ", y = "ýÿŷ", z = "źżž",
  A = "ÀÁÂÃÄÅĀĂĄ", C = "ÇĆĈĊČ", D = "Ď", E = "ÈÉÊËĒĔĖĘĚ", G = "ĜĞĠĢ", H = "Ĥ", I = "ÌÍÎÏĨĪĬĮ", J = "Ĵ", K = "Ķ",
  L = "ĹĻĽ", N = "ÑŃŅŇ", O = "ÒÓÔÕÖŌŎŐ", R = "ŔŖŘ", S = "ŚŜŞŠ", T = "ŢŤ", U = "ÙÚÛÜŨŪŬŮŰŲ", W = "Ŵ", Y = "ÝŸŶ", Z = "ŹŻŽ",
}

-- The accents by their weight: acute, grave, breve, circumflex, caron, ring, diaeresis, double acute, tilde, dot,
-- cedilla, ogonek, macron.
local ACCENTS = {
  "áćéíĺńóŕśúýźÁĆÉÍĹŃÓŔŚÚÝŹ", "àèìòùÀÈÌÒÙ", "ăĕğĭŏŭĂĔĞĬŎŬ", "âĉêĝĥîĵôŝûŵŷÂĈÊĜĤÎĴÔŜÛŴŶ", "čďěľňřšťžČĎĚĽŇŘŠŤŽ", "åůÅŮ",
  "äëïöüÿÄËÏÖÜŸ", "őűŐŰ", "ãĩñõũÃĨÑÕŨ", "ċėġżĊĖĠŻ", "çģķļņŗşţÇĢĶĻŅŖŞŢ", "ąęįųĄĘĮŲ", "āēīōūĀĒĪŌŪ",
}

local FIRST_ACCENT <const> = 2

local function weights()
  local primary, accent, upper = {}, {}, {}
  for position = 1, #ASCII do
    local character = ASCII:sub(position, position)
    primary[character] = string.char(position)
    primary[character:upper()] = string.char(position)
    upper[character:upper()] = character:upper() ~= character
  end
  for base, forms in pairs(ACCENTED) do
    for _, point in utf8.codes(forms) do
      primary[utf8.char(point)] = primary[base]
      upper[utf8.char(point)] = upper[base]
    end
  end
  for weight, forms in ipairs(ACCENTS) do
    for _, point in utf8.codes(forms) do
      accent[utf8.char(point)] = string.char(FIRST_ACCENT + weight)
    end
  end
  return primary, accent, upper
end

-- Three keys: letters, accents, case.
local function keys(name, primary, accent, upper)
  local letters, accents, cases = {}, {}, {}
  for character in name:gmatch("[%z\1-\127\194-\253][\128-\191]*") do
    local byte = character:byte()
    local weight = primary[character]
    if not weight and byte >= 128 then
      weight = character
    end
    if weight then
      letters[#letters + 1] = weight
      accents[#accents + 1] = "\1" .. (accent[character] or "")
      cases[#cases + 1] = upper[character] and "\2" or "\1"
    end
  end
  return { table.concat(letters), table.concat(accents), table.concat(cases) }
end

-- Gives the three keys of a name, to be compared one after the other: letters, accents, case. The weights are made once a
-- use: names with time stamps, which is nearly all, never need them.
local function key_maker()
  local primary, accent, upper = weights()
  return function(name)
    return keys(name, primary, accent, upper)
  end
end

-- Lua's own `<` asks the C library's locale, which a host program may have changed.
local function compare_bytes(a, b)
  for position = 1, math.min(#a, #b) do
    local left, right = a:byte(position), b:byte(position)
    if left ~= right then
      return left < right and -1 or 1
    end
  end
  return #a == #b and 0 or (#a < #b and -1 or 1)
end

local function compare_keys(a, b)
  for level = 1, 3 do
    local answer = compare_bytes(a[level], b[level])
    if answer ~= 0 then
      return answer
    end
  end
  return 0
end

-- Names with different 14-digit stamps sort alike in both orders.
local function is_plain(sorted)
  local before
  for _, name in ipairs(sorted) do
    local stamp = name:match("^(%d%d%d%d%d%d%d%d%d%d%d%d%d%d)_")
    if not stamp or stamp == before then
      return false
    end
    before = stamp
  end
  return true
end

--- Compares two migration names in the order in which Prisma runs them.
-- @tparam string a
-- @tparam string b
-- @treturn integer below, equal to or above 0
function order.compare(a, b)
  local key_of = key_maker()
  local answer = compare_keys(key_of(a), key_of(b))
  return answer ~= 0 and answer or compare_bytes(a, b)
end

--- Sorts names in place.
-- @tparam {string,...} names in byte order
-- @treturn {string,...} the same table
-- @treturn boolean whether byte order (Prisma up to 6.5) would differ
function order.sort(names)
  if is_plain(names) then
    return names, false
  end
  local key, before, key_of = {}, {}, key_maker()
  for position, name in ipairs(names) do
    key[name] = key_of(name)
    before[position] = name
  end
  table.sort(names, function(a, b)
    local answer = compare_keys(key[a], key[b])
    if answer == 0 then
      answer = compare_bytes(a, b)
    end
    return answer < 0
  end)
  for position, name in ipairs(names) do
    if name ~= before[position] then
      return names, true
    end
  end
  return names, false
end

return order
