--- A table of eight columns and a CSV file for it, of any size.
local people = {}

local CHUNK <const> = 5000
local CITIES <const> = { "Amsterdam", "Berlin", "København", "Dublin", "Évora", "Firenze", "Göteborg", "\"Den Haag\"" }

people.MODEL = [[
model Person {
  id      BigInt   @id
  email   String
  name    String
  city    String
  balance Decimal  @db.Decimal(12, 2)
  active  Boolean
  joined  DateTime @db.Timestamptz(3)
  note    String?

  @@map("people")
}
]]
people.TABLE = [[
CREATE TABLE people (
  id BIGINT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL, city TEXT NOT NULL, balance DECIMAL(12,2) NOT NULL,
  active BOOLEAN NOT NULL, joined TIMESTAMPTZ(3) NOT NULL, note TEXT,
  CONSTRAINT people_pkey PRIMARY KEY (id)
);
]]
people.HEADER = "id,email,name,city,balance,active,joined,note"

--- The row of a number.
-- @tparam integer number from 1
-- @tparam[opt] bool changed whether it is the row as it is later
-- @treturn table
function people.row(number, changed)
  return {
    id = number, email = ("person.%d@example.com"):format(number), name = ("Person Number %d"):format(number),
    city = CITIES[number % #CITIES + 1], balance = ("%d.%02d"):format(number % 9973 + (changed and 1 or 0), number % 100),
    active = number % 3 ~= 0, joined = ("2024-%02d-%02dT%02d:00:00.000Z"):format(number % 12 + 1, number % 28 + 1, number % 24),
    note = number % 5 == 0 and ("note, with a comma: %d"):format(number) or nil,
  }
end

local function field(value)
  local text = value == nil and "" or tostring(value)
  return text:find('[,"]') and '"' .. text:gsub('"', '""') .. '"' or text
end

local function line(row)
  return table.concat({ row.id, field(row.email), field(row.name), field(row.city), row.balance, tostring(row.active),
    row.joined, field(row.note) }, ",")
end

--- Writes a CSV file.
-- @tparam string path
-- @tparam integer count
-- @tparam[opt] integer every which rows are changed: those that it divides
function people.write(path, count, every)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(people.HEADER, "\n"))
  local lines = {}
  for number = 1, count do
    lines[#lines + 1] = line(people.row(number, every and number % every == 0))
    if #lines == CHUNK or number == count then
      assert(file:write(table.concat(lines, "\n"), "\n"))
      lines = {}
    end
  end
end

return people
