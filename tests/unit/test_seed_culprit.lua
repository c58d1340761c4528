-- The row by which a statement over many rows fails, and the column that the server means.
local lu = require("luaunit")
local culprit = require("tilth.seed.culprit")
local kept = require("tilth.seed.kept")

local TestSeedCulprit = {}

function TestSeedCulprit:test_find_halves_the_rows_and_keeps_what_went_well()
  for count = 1, 9 do
    for wrong = 1, count do
      local applied = {}
      local number, message, code = culprit.find(count, function(first, last)
        if first <= wrong and wrong <= last then
          return nil, "row " .. wrong, "23514"
        end
        for at = first, last do
          lu.assertNil(applied[at])
          applied[at] = true
        end
        return true
      end, "row " .. wrong, "23514")
      lu.assertEquals({ number, message, code }, { wrong, "row " .. wrong, "23514" })
      lu.assertNil(applied[wrong])
      for at = 1, wrong - 1 do
        lu.assertTrue(applied[at])
      end
    end
  end
end

function TestSeedCulprit:test_find_gives_up_on_failures_that_are_no_rows()
  local number, message, code = culprit.find(4, function() return nil, "lost", "08006" end, "bad", "22001")
  lu.assertNil(number)
  lu.assertEquals({ message, code }, { "bad", "22001" })
  local detail = { detail = "Key (fk)=(9) is not present" }
  number = culprit.find(4, function() return nil, "other", "23503", { detail = "Key (fk)=(3) is not present" } end, "bad", "23503", detail)
  lu.assertNil(number)
end

function TestSeedCulprit:test_by_row_knows_what_a_row_may_cause()
  for code, expected in pairs({ ["22001"] = true, ["21000"] = true,
    ["23505"] = true, ["44000"] = true, P0001 = true, ["57014"] = false, ["08006"] = false,
    ["42501"] = false, failed = false, [2] = false }) do
    lu.assertEquals(culprit.by_row(code), expected, tostring(code))
  end
end

local COLUMNS <const> = {
  { name = "id", type = "integer", base = "int4" }, { name = "word", type = "character varying(3)", base = "varchar" },
  { name = "price", type = "numeric(5,2)", base = "numeric" }, { name = "meta", type = "jsonb", base = "jsonb" },
  { name = "on", type = "boolean", base = "bool" }, { name = "count", type = "integer", base = "int4" },
  { name = "mail", type = "address", base = "text" },
}
local NULL <const> = {}

local MEANT <const> = {
  { { 1, "abcd", 1, "{}", true, 2 }, { message = "value too long for type character varying(3)" }, "word" },
  { { 1, "a", 1, "{", true, 2 }, { message = "invalid input syntax for type json" }, "meta" },
  { { 1, "x", 1, "{}", true, "x" }, { message = 'invalid input syntax for type integer: "x"' }, "count" },
  { { "x", "x", 1, "{}", true, "x" }, { message = 'invalid input syntax for type integer: "x"' }, nil },
  { { 1, "t", 1, "{}", true, true }, { message = 'invalid input syntax for type integer: "t"' }, "count" },
  { { 1, "a", 9999, "{}", true, 2 }, { message = "numeric field overflow",
    detail = "A field with precision 5, scale 2 must round to an absolute value less than 10^3." }, "price" },
  { { 1, "a", 1, "{}", true, 2, "x" }, { sqlstate = "23514", datatype = "address", message = "..." }, "mail" },
  { { 1, "a", 1, "{}", true, 2, NULL }, { sqlstate = "23502", datatype = "address", message = "..." }, "mail" },
  { { 1, "a", 1, "{}", true, 2 }, { message = "division by zero" }, nil },
}

function TestSeedCulprit:test_column_is_named_where_only_one_can_be_meant()
  for index, case in ipairs(MEANT) do
    local name = culprit.column(COLUMNS, function(at) return case[1][at] end, NULL, case[2])
    lu.assertEquals(name, case[3], "case " .. index)
  end
end

function TestSeedCulprit:test_kept_rows_are_read_back()
  local options = {}
  local rows <close> = kept.new(options)
  options.keep:write("1\ta\\tb\\\\n\\N\t\\N\n2\t\tend\n")
  local shape = { position = { id = 1, text = 2, more = 3 } }
  local first, second = rows:values(1, shape), rows:values(2, shape)
  lu.assertEquals({ first("id"), first("text"), first("more"), first("none") }, { "1", "a\tb\\nN", nil, nil })
  lu.assertEquals({ second("id"), second("text"), second("more") }, { "2", "", "end" })
  lu.assertNil(rows:values(3, shape))
  lu.assertEquals(rows:again()(), "1\ta\\tb\\\\n\\N\t\\N\n2\t\tend\n")
  options.lost = true
  lu.assertNil(rows:again())
  lu.assertNil(rows:values(1, shape))
end

return TestSeedCulprit
