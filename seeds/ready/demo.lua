--- Makes demo users and orders out of their numbers alone: the same number gives the same row on every machine.
local demo = {}

local array = require("tilth.array")
local fake = require("tilth.fake")

local STATUSES <const> = { { "PENDING", 1 }, { "PAID", 2 }, { "SHIPPED", 4 }, { "CANCELLED", 1 } }

--- A user.
-- @tparam integer number from 1
-- @treturn table `{ number, email, first_name, last_name, name, joined }`
function demo.user(number)
  local values = fake.new(("demo user %d"):format(number))
  local first, last = values:first_name(), values:last_name()
  return {
    number = number, email = demo.email(number), first_name = first, last_name = last, name = first .. " " .. last,
    joined = values:timestamp("2024-01-01", "2024-12-31"),
  }
end

--- The address of a user, which no one else has.
-- @tparam integer number of the user
-- @treturn string
function demo.email(number)
  return ("demo.%d@example.com"):format(number)
end

--- An order of one of the users.
-- @tparam integer number from 1
-- @tparam integer users how many users there are
-- @treturn table `{ number, email, total, status, placed_at }`; the first is text, `total` too, so that no cent is lost
function demo.order(number, users)
  local values = fake.new(("demo order %d"):format(number))
  return {
    number = ("DEMO-%08d"):format(number), email = demo.email(values:integer(1, users)), total = values:decimal(5, 500),
    status = values:weighted(STATUSES), placed_at = values:timestamp("2025-01-01", "2025-12-31"),
  }
end

local function refuse(columns, record)
  for _, column in ipairs(array.sorted_keys(columns)) do
    local source = columns[column]
    if type(source) ~= "function" and record[source] == nil then
      error(("column %q is to get %q, which a demo row does not have"):format(column, source), 0)
    end
  end
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
      refuse(columns, record)
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
