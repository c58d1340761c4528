-- Lua values as PostgreSQL reads them, and the defaults that Prisma's client makes.
local lu = require("luaunit")
local defaults = require("tilth.seed.defaults")
local json_items = require("tilth.seed.json_items")
local values = require("tilth.seed.values")

local TestSeedValues = {}

local MOOD <const> = { name = "Mood", labels = { "happy", "SAD" } }

local function column(base, more)
  local made = { base = base, kind = "b", type = base }
  for name, value in pairs(more or {}) do
    made[name] = value
  end
  return made
end

local function array(element, more)
  return column("_" .. element, { array = true, element = element, element_kind = more and more.enum and "e" or "b",
    enum = more and more.enum })
end

local GOOD <const> = {
  { column("text"), "a", "a" }, { column("text"), 5, 5 }, { column("text"), 2.5, "2.5" }, { column("text"), true, true },
  { column("numeric"), 0.1, "0.1" }, { column("numeric"), 1 / 3, "0.33333333333333331" }, { column("numeric"), "1.50", "1.50" },
  { column("int4"), 3.0, 3 }, { column("int8"), math.maxinteger, math.maxinteger }, { column("float8"), 0.1, 0.1 },
  { column("bytea"), "\0a\255", "\\x0061ff" }, { column("jsonb"), '{"a":1}', '{"a":1}' }, { column("jsonb"), { 1, 2 }, "[1,2]" },
  { column("jsonb"), true, "true" }, { column("timestamptz"), 0, "1970-01-01 00:00:00.000+00" },
  { column("timestamp"), 86400.25, "1970-01-02 00:00:00.250" }, { column("date"), 86400, "1970-01-02" },
  { column("timestamp"), math.huge, "infinity" }, { column("date"), -math.huge, "-infinity" },
  { column("timestamptz"), -62167219200, "0001-01-01 00:00:00.000+00 BC" }, { column("date"), -62135596800, "0001-01-01" },
  { column("date"), -99999999999, "1200-02-15 BC" }, { column("date"), 253402300800, "10000-01-01" },
  { array("int4"), { 1, nil, 3 }, "{1,NULL,3}" },
  { column("timestamp"), "now", "now" }, { column("Mood", { kind = "e", enum = MOOD }), "SAD", "SAD" },
  { column("Mood", { kind = "e", enum = MOOD }), "HAPPY", "happy" }, { array("text"), { "a", 'b"\\', "" }, '{"a","b\\"\\\\",""}' },
  { array("int4"), { 1, 2 }, "{1,2}" }, { array("text"), {}, "{}" }, { array("text"), "{raw}", "{raw}" },
  { array("bool"), { true, false }, "{t,f}" }, { array("int4"), { { 1, 2 }, { 3, 4 } }, "{{1,2},{3,4}}" },
  { array("Mood", { enum = MOOD }), { "HAPPY" }, '{"happy"}' }, { array("jsonb"), { { 1 } }, '{"[1]"}' },
}

function TestSeedValues:test_values_become_what_the_server_reads()
  for index, case in ipairs(GOOD) do
    local convert = values.converter(case[1], { HAPPY = "happy" })
    lu.assertEquals({ convert(case[2]) }, { case[3] }, "case " .. index)
  end
end

local BAD <const> = {
  { column("int4"), 1.5, "1.5 is not a whole number" }, { column("text"), {}, "a table cannot be a value of type text" },
  { column("int8"), 2.0 ^ 63, "is out of range for" }, { column("int4"), math.huge, "is out of range for" },
  { column("timestamp"), 0 / 0, "NaN is no time" }, { column("timestamp"), 1e300, "is no time in seconds" },
  { array("int4"), { [1] = 1, [5] = 5 }, "the key 5" },
  { array("int4"), { [0] = 1 }, "the key 0" }, { array("int4"), { 1, d = 1, c = 1, b = 1, a = 1 }, 'the key "a"' },
  { column("text"), print, "a function cannot be" }, { column("bytea"), 5, "cannot be bytes" },
  { column("Mood", { kind = "e", enum = MOOD }), "happi", 'Did you mean "HAPPY"?' },
  { column("Mood", { kind = "e", enum = MOOD }), 1, "cannot be a value of enum Mood" },
  { array("int4"), { 1, {}, print }, "element 3" }, { array("text"), { a = 1 }, 'the key "a"' }, { column("jsonb"), print, "JSON" },
}

function TestSeedValues:test_wrong_values_say_why()
  for index, case in ipairs(BAD) do
    local value, message = values.converter(case[1], { HAPPY = "happy" })(case[2])
    lu.assertNil(value, "case " .. index)
    lu.assertStrContains(message, case[3])
  end
end

function TestSeedValues:test_numbers_are_the_shortest_that_read_back()
  for _, number in ipairs({ 0.1, 1e300, 123456.789, 2 ^ 53, -0.5, 5e-324 }) do
    lu.assertEquals(tonumber(values.decimal(number)), number)
  end
  lu.assertEquals({ values.decimal(1 / 0), values.decimal(-1 / 0), values.decimal(0 / 0) }, { "Infinity", "-Infinity", "NaN" })
end

local function maker()
  local state = 0
  return defaults.new(function(count)
    local bytes = {}
    for index = 1, count do
      state = (state * 75 + 74) % 65537
      bytes[index] = string.char(state % 256)
    end
    return table.concat(bytes)
  end, function() return 1700000000.123 end)
end

local FORMS <const> = {
  { "cuid", "^c%w+$", 25 }, { "cuid2", "^%l[%l%d]+$", 24 }, { "ulid", "^%d[%dA-HJKMNP-TV-Z]+$", 26 }, { "nanoid", "^[%w_-]+$", 21 },
  { "uuid", "^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$", 36 }, { "uuid7", "^018bcfe5%-687b%-7%x%x%x%-[89ab]%x%x%x%-%x+$", 36 },
}

function TestSeedValues:test_client_defaults_have_prismas_forms_and_differ()
  local made = maker()
  for _, form in ipairs(FORMS) do
    local seen = {}
    for _ = 1, 500 do
      local value = made[form[1]](made)
      lu.assertStrMatches(value, form[2])
      lu.assertEquals(#value, form[3], value)
      lu.assertNil(seen[value], form[1])
      seen[value] = true
    end
  end
  lu.assertEquals(#made:nanoid(10), 10)
  lu.assertEquals(made:now(false), "2023-11-14 22:13:20.123")
  lu.assertEquals(made:now(true), "2023-11-14 22:13:20.123+00")
end

local function items(text, size)
  local position, list = 1, {}
  local next_item = json_items.reader(function()
    if position <= #text then
      local piece = text:sub(position, position + size - 1)
      position = position + size
      return piece
    end
  end, function(one) return one end, "x.json")
  for item in next_item do
    list[#list + 1] = item
  end
  return list
end

function TestSeedValues:test_json_arrays_are_read_object_by_object()
  local text = '\n[ {"a": "}]{\\""}, {"b": {"c": [1, {}]}}\n,{} ] \n'
  for size = 1, 20 do
    lu.assertEquals(items(text, size), { '{"a": "}]{\\""}', '{"b": {"c": [1, {}]}}', "{}" }, "pieces of " .. size)
  end
  lu.assertEquals(items("[]", 5), {})
end

function TestSeedValues:test_broken_json_arrays_are_named()
  for _, case in ipairs({ { "{}", "expected a JSON array" }, { "", "expected a JSON array" }, { "[{} {}]", "element 2: expected a comma" },
    { "[{}", "element 2" }, { "[{", "element 1: the file ends inside it" }, { "[1]", "element 1: is not an object" },
    { "[{}] x", "text follows" }, { "[{},]", "element 2: is not an object" } }) do
    lu.assertErrorMsgContains(case[2], items, case[1], 3)
  end
end

return TestSeedValues
