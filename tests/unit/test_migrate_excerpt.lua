--- tilth.migrate.excerpt and explain: where an error is, in characters.
local lu = require("luaunit")

local excerpt = require("tilth.migrate.excerpt")
local explain = require("tilth.migrate.explain")

local TestMigrateExcerpt = {}

function TestMigrateExcerpt:test_positions_count_characters()
  local cases = {
    { "abc", 2, 1, 2 }, { "a\nb", 3, 2, 1 }, { "é\nèb", 4, 2, 2 }, { "ab", 9, 1, 3 }, { "\xE9b", 2, 1, 2 },
  }
  for _, case in ipairs(cases) do
    local line, column = excerpt.locate(case[1], case[2])
    lu.assertEquals({ line, column }, { case[3], case[4] }, case[1])
  end
end

function TestMigrateExcerpt:test_bytes_become_characters()
  lu.assertEquals(excerpt.character("éa", 3), 2)
  lu.assertEquals(excerpt.character("", 1), 1)
end

function TestMigrateExcerpt:test_caret_stands_under_the_character()
  lu.assertEquals(excerpt.show("one\ntwo\nthré SELEC", 3, 6), "    1 | one\n    2 | two\n    3 | thré SELEC\n      |      ^")
end

function TestMigrateExcerpt:test_tabs_are_kept_before_the_caret()
  lu.assertStrContains(excerpt.show("\tx", 1, 2), "      | \t^")
end

function TestMigrateExcerpt:test_long_lines_are_cut_around_the_caret()
  local shown = excerpt.show(("a"):rep(500) .. "X" .. ("b"):rep(500), 1, 501)
  local text, caret = shown:match("^    1 | (.-)\n      | ( *)%^")
  lu.assertEquals(text:sub(#caret + 1, #caret + 1), "X")
  lu.assertTrue(#text < 130)
end

function TestMigrateExcerpt:test_statement_gives_the_place_when_the_server_gives_none()
  local place = explain.place("SELECT 1;\n-- c\nSELECT 2;", { statement = 2 })
  lu.assertEquals({ place.line, place.column_number, place.statement, place.statements }, { 3, 1, 2, 2 })
end

function TestMigrateExcerpt:test_position_behind_the_text_is_its_end()
  local place = explain.place("CREATE TABLE t (", { position = 18, statement = -1 })
  lu.assertEquals({ place.line, place.column_number }, { 1, 16 })
end

function TestMigrateExcerpt:test_a_long_line_is_read_once()
  -- Read anew from each of its characters, one of these would take a minute of the processor.
  local long = 400000
  local line, blanks = ("a"):rep(long), (" "):rep(long)
  for _, case in ipairs({
    { line .. "X", { position = long + 1 }, { 1, long + 1 } },
    { line .. "\n" .. line .. "\nX", { position = 2 * long + 3 }, { 3, 1 } },
    { "X" .. blanks, { position = long + 9, statement = -1 }, { 1, 1 } },
  }) do
    local before = os.clock()
    local place = explain.place(case[1], case[2])
    lu.assertEquals({ place.line, place.column_number }, case[3])
    lu.assertTrue(os.clock() - before < 15)
  end
end

function TestMigrateExcerpt:test_nothing_known_gives_no_place()
  lu.assertNil(explain.place("SELECT 1", {}).line)
end

function TestMigrateExcerpt:test_failure_names_all()
  local ok, message, code, detail = explain.failure({
    name = "1_a", path = "/p/m/1_a/migration.sql", root = "/p", text = "SELECT x;", message = "no x", sqlstate = "42703",
    detail = { severity = "ERROR", message = "no x", hint = "look" }, at = { position = 8 }, outcome = "It was rolled back.",
  })
  lu.assertNil(ok)
  lu.assertEquals(code, "P3018")
  local parts = { "P3018", "Migration name: 1_a", "Database error code: 42703", "ERROR: no x\nHINT: look", "m/1_a/migration.sql:1:8" }
  for _, part in ipairs(parts) do
    lu.assertStrContains(message, part)
  end
  lu.assertEquals({ detail.line, detail.column_number, detail.sqlstate }, { 1, 8, "42703" })
  lu.assertStrContains(detail.advice, "deploy again")
end

return TestMigrateExcerpt
