--- Tests how rows and values are laid out for a terminal.
local lu = require("luaunit")
local grid = require("tilth.repl.grid")
local inspect = require("tilth.repl.inspect")
local width = require("tilth.repl.width")

local TestReplGrid = {}

local function text(result, options)
  local lines, cut = grid.lines(result, options)
  return table.concat(lines, "\n"), cut
end

function TestReplGrid:test_numbers_are_right_texts_left_null_is_shown()
  local result = { columns = { "id", "name", "price" }, { id = 1, name = "a", price = "10.50" }, { id = 100, price = "9.00" } }
  lu.assertEquals(text(result), table.concat({
    " id | name | price",
    "----+------+------",
    "  1 | a    | 10.50",
    "100 | NULL |  9.00" }, "\n"))
end

function TestReplGrid:test_no_rows_are_a_head()
  lu.assertEquals(text({ columns = { "a", "bc" } }), "a | bc\n--+---")
  lu.assertEquals(grid.lines({ columns = {} }), {})
end

function TestReplGrid:test_long_texts_are_cut_to_the_width()
  local result = { columns = { "id", "text" }, { id = 1, text = ("x"):rep(100) } }
  local shown, cut = text(result, { width = 40 })
  lu.assertTrue(cut)
  for line in shown:gmatch("[^\n]+") do lu.assertTrue(width.of(line) <= 40, line) end
  lu.assertStrContains(shown, "x…")
  lu.assertFalse(select(2, text(result)))
end

function TestReplGrid:test_too_many_columns_become_a_block_a_row()
  local result = { columns = {}, {} }
  for i = 1, 10 do
    result.columns[i] = "column_" .. i
    result[1]["column_" .. i] = ("v"):rep(15)
  end
  local shown = text(result, { width = 60 })
  lu.assertStrContains(shown, "-[ 1 ]-")
  lu.assertStrContains(shown, "column_1  | vvvvvvvvvvvvvvv\n")
  lu.assertStrContains(text({ columns = { "a" }, { a = 1 } }, { expanded = true }), "-[ 1 ]--\na | 1")
end

function TestReplGrid:test_columns_of_wide_characters_are_aligned()
  local shown = text({ columns = { "n", "m" }, { n = "日本", m = "x" }, { n = "e\u{301}", m = "y" }, { n = "öäüß", m = "z" } })
  lu.assertEquals(shown, "n    | m\n-----+--\n日本 | x\ne\u{301}    | y\nöäüß | z")
end

function TestReplGrid:test_what_could_steer_the_terminal_is_written_out()
  lu.assertEquals(width.plain("a\27[31mb\rc\nd\te\0"), "a\\x1b[31mb\\x0dc↵d  e\\x00")
  lu.assertEquals(width.plain("\255\254"), "\\xff\\xfe")
  lu.assertEquals(width.plain("\u{9b}31m\u{202e}x"), "?31m?x")
  lu.assertEquals(inspect.text("a\27]0;t\7\nb"), "a\\x1b]0;t\\x07\nb")
end

function TestReplGrid:test_cutting_counts_columns()
  lu.assertEquals(width.cut("abcdef", 4), "abc…")
  lu.assertEquals(width.cut("日本語", 4), "日…")
  lu.assertEquals(width.cut("abc", 3), "abc")
end

function TestReplGrid:test_values_of_lua()
  local itself = {}
  itself.me = itself
  for _, case in ipairs({
    { 1, "1" }, { true, "true" }, { "text", "text" }, { {}, "{}" }, { { 1, "a\n", { x = 1 } }, '{ 1, "a\\n", { x = 1 } }' },
    { { b = 1, a = 2, ["not a name"] = 3, ["end"] = 4 }, '{ a = 2, b = 1, ["end"] = 4, ["not a name"] = 3 }' },
    { itself, "{ me = { itself } }" }, { setmetatable({}, { __tostring = function() return "mine" end }), "mine" },
  }) do
    lu.assertEquals(inspect.text(case[1]), case[2])
  end
  local many = {}
  for i = 1, 100 do many[i] = i end
  lu.assertStrContains(inspect.text(many), "... 40 more")
end

return TestReplGrid
