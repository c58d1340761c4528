-- CSV reading: quoting, line ends, chunk boundaries and errors with their lines.
local lu = require("luaunit")
local csv = require("tilth.csv")

local TestCsv = {}

local function pieces(text, size)
  local position = 1
  return function()
    if position <= #text then
      local piece = text:sub(position, position + size - 1)
      position = position + size
      return piece
    end
  end
end

local function read_all(text, size, options)
  local reader = assert(csv.reader(pieces(text, size), options))
  local rows, lines = {}, {}
  while true do
    local row, line = reader:row()
    if not row then
      assert(not line, line and line.message)
      return rows, lines
    end
    rows[#rows + 1], lines[#lines + 1] = row, line
  end
end

local CASES = {
  { "plain", "a,b\n1,2\n", { { a = "1", b = "2" } } },
  { "no last line end", "a,b\n1,2", { { a = "1", b = "2" } } },
  { "carriage returns", "a,b\r\n1,2\r\n", { { a = "1", b = "2" } } },
  { "byte order mark", "\u{FEFF}a,b\n1,2\n", { { a = "1", b = "2" } } },
  { "quoted comma", 'a,b\n"1,5",2\n', { { a = "1,5", b = "2" } } },
  { "quoted quote", 'a,b\n"say ""hi""",2\n', { { a = 'say "hi"', b = "2" } } },
  { "quoted line end", 'a,b\n"x\ny",2\n3,4\n', { { a = "x\ny", b = "2" }, { a = "3", b = "4" } } },
  { "empty is absent", "a,b\n,2\n", { { b = "2" } } },
  { "empty at the end is absent", "a,b\n1,\n", { { a = "1" } } },
  { "quoted empty is empty", 'a,b\n"",2\n', { { a = "", b = "2" } } },
  { "blank lines are skipped", "a,b\n1,2\n\n3,4\n\n", { { a = "1", b = "2" }, { a = "3", b = "4" } } },
  { "quoted header", '"a b",c\n1,2\n', { { ["a b"] = "1", c = "2" } } },
  { "no rows", "a,b\n", {} },
  { "carriage returns alone", "a,b\r1,2\r3,4\r", { { a = "1", b = "2" }, { a = "3", b = "4" } } },
  { "empty last field at the end", "a,b\n1,", { { a = "1" } } },
  { "quoted last field at the end", 'a,b\n1,"2"', { { a = "1", b = "2" } } },
  { "quotes and line ends of all kinds",
    'a,b\r\n"""\r\n""",""""""\r\n"x","\n\n"\n', { { a = '"\r\n"', b = '""' }, { a = "x", b = "\n\n" } } },
  { "more columns than one record shows", "a,b,c,d\n,,,\n", { {} } },
}

function TestCsv:test_parse_gives_the_rows()
  for _, case in ipairs(CASES) do
    lu.assertEquals(csv.parse(case[2]), case[3], case[1])
  end
end

function TestCsv:test_rows_do_not_depend_on_chunk_boundaries()
  for _, case in ipairs(CASES) do
    for size = 1, 9 do
      lu.assertEquals(read_all(case[2], size), case[3], case[1] .. " in chunks of " .. size)
    end
  end
end

function TestCsv:test_row_gives_the_line_where_the_record_begins()
  for size = 1, 12 do
    local _, lines = read_all('a,b\n"x\ny",2\n\n3,"4"\n5,6\n', size)
    lu.assertEquals(lines, { 2, 5, 6 }, "chunks of " .. size)
  end
end

function TestCsv:test_delimiter_and_header_options()
  lu.assertEquals(csv.parse("1;2\n", { delimiter = ";", header = { "a", "b" } }), { { a = "1", b = "2" } })
  lu.assertEquals(csv.parse("a\tb\n1\t2,5\n", { delimiter = "\t" }), { { a = "1", b = "2,5" } })
  lu.assertEquals(csv.parse("a|b\n1|2\n", { delimiter = "|" }), { { a = "1", b = "2" } })
end

function TestCsv:test_null_option_marks_empty_fields_only()
  local mark = {}
  local rows = csv.parse('a,b,c\n,"",x\n', { null = mark })
  lu.assertIs(rows[1].a, mark)
  lu.assertEquals(rows[1].b, "")
end

function TestCsv:test_single_column_keeps_blank_lines()
  local mark = {}
  lu.assertEquals(csv.parse("a\n1\n\n2\n", { null = mark }), { { a = "1" }, { a = mark }, { a = "2" } })
end

local BROKEN = {
  { "", "the file is empty", 1 },
  { "a,b\n1\n", "line 2: 1 fields where the header names 2 columns", 2 },
  { "a,b\n1,2\n1,2,3\n", "line 3: 3 fields", 3 },
  { 'a,b\n"1,2\n', "never closed", 2 },
  { 'a,b\n"1"x,2\n', "text follows the closing quote of field 1", 2 },
  { 'a,b\n1,2"\n', "a quote stands inside field 2", 2 },
  { "a,a\n1,2\n", 'column "a" stands twice', 1 },
  { "a,,c\n1,2,3\n", "column 2 has no name", 1 },
}

function TestCsv:test_parse_broken_text_names_line_and_reason()
  for _, case in ipairs(BROKEN) do
    local rows, message, code, detail = csv.parse(case[1])
    lu.assertNil(rows, case[1])
    lu.assertStrContains(message, case[2])
    lu.assertEquals(code, "csv")
    lu.assertEquals(detail.line, case[3])
  end
end

function TestCsv:test_rows_names_file_and_line_of_a_broken_record()
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write("a,b\n1,2\n3\n")
  file:close()
  local seen = 0
  local ok, message = pcall(function()
    for _ in csv.rows(path) do
      seen = seen + 1
    end
  end)
  os.remove(path)
  lu.assertFalse(ok)
  lu.assertEquals(seen, 1)
  lu.assertStrContains(message, path .. ":3: 1 fields")
end

function TestCsv:test_read_missing_file_says_so()
  local rows, message, code = csv.read("/proc/nowhere/x.csv")
  lu.assertNil(rows)
  lu.assertStrContains(message, "No such file")
  lu.assertEquals(code, 2)
end

function TestCsv:test_rest_gives_the_unread_input()
  for size = 1, 8 do
    local reader = assert(csv.reader(pieces("a,b\n1,2\n3,4\n", size)))
    local parts = {}
    for chunk in reader:rest() do
      parts[#parts + 1] = chunk
    end
    lu.assertEquals(table.concat(parts), "1,2\n3,4\n")
  end
end

function TestCsv:test_unknown_options_are_refused()
  lu.assertErrorMsgContains('csv: there is no option "delimeter". Did you mean "delimiter"?', csv.parse, "a;b\n", { delimeter = ";" })
  lu.assertErrorMsgContains('no option "b"', csv.parse, "a\n", { f = 1, e = 1, d = 1, c = 1, b = 1 })
end

return TestCsv
