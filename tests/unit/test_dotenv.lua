--- .env files as dotenv 16 and Prisma read them.
local lu = require("luaunit")

local dotenv = require("tilth.dotenv")
local fake_files = require("support.fake_files")

local TestDotenv = {}

-- Each case: the file, and what NAME `A` (or several) is.
local CASES <const> = {
  { "A=b", { A = "b" } },
  { "A = b \n", { A = "b" } },
  { "export A=b", { A = "b" } },
  { "  export   A=b", { A = "b" } },
  { "export=1", { export = "1" } },
  { "A: b", { A = "b" } },
  { "A:b", {} },
  { "A=", { A = "" } },
  { "A=\nB=c", { A = "", B = "c" } },
  { "A='b c'", { A = "b c" } },
  { "A=\"b\\nc\\rd\"", { A = "b\nc\rd" } },
  { "A='b\\nc'", { A = "b\\nc" } },
  { "A=`b\"'c`", { A = "b\"'c" } },
  { "A=\"b\nc\"\nD=e", { A = "b\nc", D = "e" } },
  { "A=b#c", { A = "b" } },
  { "A=b # c", { A = "b" } },
  { "A=\"b#c\" # d", { A = "b#c" } },
  { "A='b' 'c'", { A = "b' 'c" } },
  { "A=#b", { A = "" } },
  { "A=postgresql://u:p#w@h/x", { A = "postgresql://u:p" } },
  { "A=\"postgresql://u:p#w@h/x\"", { A = "postgresql://u:p#w@h/x" } },
  { "A=b=c", { A = "b=c" } },
  { "A=\"C:\\\"\nB=\"x\"", { A = "C:\\", B = "x" } },
  { "A=\"it\\\"s\"", { A = "it\\\"s" } },
  { "A=\"open\nB=c", { A = "\"open", B = "c" } },
  { "A=b c", { A = "b c" } },
  { "A.b-c=d", { ["A.b-c"] = "d" } },
  { "# A=b\nC=d", { C = "d" } },
  { "nonsense\nC=d", { C = "d" } },
  { "A=1\r\nB=2\r\n", { A = "1", B = "2" } },
  { "A=1\rB=2", { A = "1", B = "2" } },
  { "\xEF\xBB\xBFA=1", { A = "1" } },
  { "A=1\nA=2", { A = "2" } },
  { "", {} },
}

function TestDotenv:test_parse_reads_each_form_as_dotenv_does()
  for index, case in ipairs(CASES) do
    lu.assertEquals(dotenv.parse(case[1]), case[2], ("case %d: %q"):format(index, case[1]))
  end
end

function TestDotenv:test_parse_gives_names_in_order()
  local _, order = dotenv.parse("B=1\nA=2\nB=3")
  lu.assertEquals(order, { "B", "A" })
end

function TestDotenv:test_lines_of_a_long_file_are_counted_once()
  -- Counted from the top for each name, these would take most of a minute of the processor.
  local before = os.clock()
  local _, _, notes, entries = dotenv.parse("\n" .. ("A='b\nc'\n"):rep(40000) .. "nonsense\nB=\"open")
  lu.assertEquals({ entries[1].line, entries[40000].line, entries[40001].line }, { 2, 80000, 80003 })
  lu.assertEquals({ notes[1].line, notes[2].line }, { 80002, 80003 })
  lu.assertTrue(os.clock() - before < 15)
end

function TestDotenv:test_parse_notes_lines_it_ignores_without_their_text()
  local _, _, notes = dotenv.parse("A=1\n\nsecret words\nB=\"hush\nC=2")
  lu.assertEquals(#notes, 2)
  lu.assertEquals(notes[1].line, 3)
  lu.assertEquals(notes[2].line, 4)
  lu.assertNotStrContains(notes[1].text .. notes[2].text, "secret")
  lu.assertNotStrContains(notes[1].text .. notes[2].text, "hush")
end

function TestDotenv:test_parse_fails_on_utf16()
  local values, message, code, detail = dotenv.parse("\xFF\xFEA\0=\0b\0")
  lu.assertNil(values)
  lu.assertStrContains(message, "UTF-16")
  lu.assertEquals(code, "config")
  lu.assertEquals(detail.line, 1)
  lu.assertStrContains(detail.advice, "UTF-8")
end

function TestDotenv:test_parse_fails_on_nul_with_its_line()
  local values, message, code, detail = dotenv.parse("A=1\nB=\0")
  lu.assertNil(values)
  lu.assertStrContains(message, "NUL")
  lu.assertEquals(code, "config")
  lu.assertEquals(detail.line, 2)
end

function TestDotenv:test_expand_replaces_braced_names_only()
  local cases = {
    { { A = "${B}", B = "x" }, {}, "x" },
    { { A = "$B", B = "x" }, {}, "$B" },
    { { A = "${B}y${C}", B = "1", C = "2" }, {}, "1y2" },
    { { A = "${B}", B = "${C}", C = "deep" }, {}, "deep" },
    { { A = "${B}", B = "file" }, { B = "real" }, "real" },
    { { A = "${NONE}x" }, {}, "x" },
    { { A = "\\${B}", B = "x" }, {}, "${B}" },
    { { A = "${B:-d}", B = "x" }, {}, "${B:-d}" },
    { { A = "p%1w" }, {}, "p%1w" },
    { { A = "${B}", B = "a%1$&" }, {}, "a%1$&" },
  }
  for index, case in ipairs(cases) do
    lu.assertEquals(dotenv.expand(case[1], case[2]).A, case[3], "case " .. index)
  end
end

function TestDotenv:test_expand_follows_a_long_chain()
  local values = { A0 = "x" }
  for index = 1, 5000 do values["A" .. index] = ("${A%d}\\${B}"):format(index - 1) end
  lu.assertEquals(assert(dotenv.expand(values, {})).A5000, "x" .. ("${B}"):rep(5000))
end

function TestDotenv:test_expand_fails_on_a_circle()
  local values, message, code = dotenv.expand({ A = "${B}", B = "${A}" }, {})
  lu.assertNil(values)
  lu.assertStrContains(message, "the variable A refers to itself")
  lu.assertEquals(code, "config")
  message = select(2, dotenv.expand({ F = "${F}", E = "${D}", D = "${E}", C = "${C}", B = "${B}" }, {}))
  lu.assertStrContains(message, "the variable B refers to itself")
end

function TestDotenv:test_load_takes_the_first_file_that_defines_a_name()
  local files = fake_files.new({ ["/p/.env"] = "A=1", ["/p/prisma/.env"] = "A=2\nB=3" })
  local loaded = dotenv.load(files, { "/p/.env", "/p/prisma/.env" })
  lu.assertEquals(loaded.values, { A = "1", B = "3" })
  lu.assertEquals(loaded.from, { A = "/p/.env", B = "/p/prisma/.env" })
end

function TestDotenv:test_load_fails_with_path_and_line()
  local loaded, message, code, detail = dotenv.load(fake_files.new({ ["/p/.env"] = "A=1\n\0" }), { "/p/.env" })
  lu.assertNil(loaded)
  lu.assertStrContains(message, "/p/.env:2:")
  lu.assertEquals(code, "config")
  lu.assertEquals(detail.file, "/p/.env")
end

function TestDotenv:test_load_fails_when_a_file_cannot_be_read()
  local loaded, message, code = dotenv.load(fake_files.new({}), { "/p/.env" })
  lu.assertNil(loaded)
  lu.assertStrContains(message, "cannot read /p/.env")
  lu.assertEquals(code, 2)
end

function TestDotenv:test_apply_lets_the_real_environment_win_even_when_empty()
  local loaded = { values = { A = "file", B = "${A}!", C = "c" }, from = { A = "f", B = "f", C = "f" } }
  local env = { A = "", C = "real" }
  local merged, sources = dotenv.apply(loaded, env)
  lu.assertEquals(merged, { A = "", B = "!", C = "real" })
  lu.assertEquals(sources, { B = "f" })
  lu.assertEquals(env, { A = "", C = "real" })
end

return TestDotenv
