--- Makes demo users and orders out of their numbers alone: the same number gives the same row on every machine.
local demo = {}

local FIRST <const> = {
  "Ada", "Aiko", "Amara", "Anton", "Beatriz", "Carlos", "Chloé", "Dmitri", "Elif", "Emeka", "Fatima", "Giulia", "Hana",
  "Ivan", "Jonas", "Kenji", "Leila", "Mateo", "Nadia", "Olga", "Priya", "Quentin", "Rosa", "Samir", "Tove", "Uma",
  "Viktor", "Wen", "Ximena", "Yusuf", "Zoë", "Åsa",
}
local LAST <const> = {
  "Andersen", "Bauer", "Chen", "Costa", "Dubois", "Eriksson", "Fischer", "García", "Haddad", "Ivanova", "Jansen",
  "Kowalski", "Lopez", "Martin", "Nakamura", "Novák", "O'Brien", "Okafor", "Papadopoulos", "Quist", "Rossi", "Sato",
  "Silva", "Singh", "Tanaka", "Ueda", "Virtanen", "Weber", "Xu", "Yılmaz", "Zhang", "Müller",
}
local STATUSES <const> = { "PENDING", "PAID", "PAID", "SHIPPED", "SHIPPED", "SHIPPED", "SHIPPED", "CANCELLED" }
local YEAR <const> = 365 * 86400
local BEGIN <const> = 1704067200 -- 2024-01-01T00:00:00Z
local USER <const>, ORDER <const> = 1, 2

--- A number from 0 up to below `limit`: the `draw`th of the row `number` of a kind (splitmix64).
local function pick(kind, number, draw, limit)
  local z = (number * 64 + kind * 16 + draw) * 0x9E3779B97F4A7C15
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return ((z ~ (z >> 31)) >> 1) % limit
end

local function timestamp(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", BEGIN + seconds)
end

--- A user.
-- @tparam integer number from 1
-- @treturn table `{ number, email, first_name, last_name, name, joined }`
function demo.user(number)
  local first = FIRST[pick(USER, number, 1, #FIRST) + 1]
  local last = LAST[pick(USER, number, 2, #LAST) + 1]
  return {
    number = number, email = ("demo.%d@example.com"):format(number), first_name = first, last_name = last,
    name = first .. " " .. last, joined = timestamp(pick(USER, number, 3, YEAR)),
  }
end

--- An order of one of the users.
-- @tparam integer number from 1
-- @tparam integer users how many users there are
-- @treturn table `{ number, email, total, status, placed_at }`; the first is text, `total` too, so that no cent is lost
function demo.order(number, users)
  local cents = 500 + pick(ORDER, number, 2, 50000)
  return {
    number = ("DEMO-%08d"):format(number), email = demo.user(pick(ORDER, number, 1, users) + 1).email,
    total = ("%d.%02d"):format(cents // 100, cents % 100), status = STATUSES[pick(ORDER, number, 3, #STATUSES) + 1],
    placed_at = timestamp(YEAR + pick(ORDER, number, 4, YEAR)),
  }
end

--- Puts options in the place of defaults.
-- @tparam table defaults
-- @tparam[opt] table given
-- @treturn table; raises when an option is unknown
function demo.options(defaults, given)
  local all = {}
  for name, value in pairs(defaults) do
    all[name] = value
  end
  for name, value in pairs(given or {}) do
    if defaults[name] == nil then
      local known = {}
      for key in pairs(defaults) do
        known[#known + 1] = key
      end
      table.sort(known)
      error(("unknown option %q; known are %s"):format(tostring(name), table.concat(known, ", ")), 0)
    end
    all[name] = value
  end
  return all
end

--- A model's row out of a record.
-- @tparam table columns column of the model to field of the record, or to a function of the record
-- @tparam table record
-- @treturn table
function demo.row(columns, record)
  local row = {}
  for column, source in pairs(columns) do
    if type(source) == "function" then
      row[column] = source(record)
    elseif record[source] ~= nil then
      row[column] = record[source]
    else
      error(("column %q is to get %q, which a demo row does not have"):format(column, source), 0)
    end
  end
  return row
end

--- Goes through 1 to `count` in parts, so that memory stays flat for any count.
-- @tparam integer count
-- @tparam integer size of a part
-- @treturn function iterator of first, last
function demo.parts(count, size)
  local first = 1 - size
  return function()
    first = first + size
    if first <= count then
      return first, math.min(first + size - 1, count)
    end
  end
end

return demo
