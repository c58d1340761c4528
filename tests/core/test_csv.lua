--- The CSV parser of the core: fed piece by piece, asked record by record.
local lu = require("luaunit")
local csv = require("tilth.core.csv")

local TestCsv = {}

function TestCsv:test_a_record_without_its_end_asks_for_more()
  local parser = csv.parser(",")
  lu.assertIs(parser:fields(), false)
  parser:feed("a,\"b")
  lu.assertIs(parser:fields(), false)
  parser:feed("\"\"c\"\n1")
  local fields, count, line = parser:fields()
  lu.assertEquals({ fields, count, line }, { { "a", 'b"c' }, 2, 1 })
  lu.assertIs(parser:fields(), false)
  parser:feed(nil)
  lu.assertEquals({ parser:fields() }, { { "1" }, 1, 2 })
  lu.assertNil(parser:fields())
end

function TestCsv:test_rest_offset_and_line_speak_of_what_is_unread()
  local parser = csv.parser(";")
  parser:feed("a;b\n\"x\ny\";2\nrest")
  parser:fields()
  parser:fields()
  lu.assertEquals({ parser:line(), parser:offset() }, { 4, 12 })
  parser:feed(" of it")
  lu.assertEquals(parser:rest(), "rest of it")
  lu.assertEquals({ parser:rest(), parser:offset() }, { "", 12 })
end

function TestCsv:test_a_record_left_halfway_leaves_nothing_behind()
  for _, leave in ipairs({ function(parser) parser:rest() end, function(parser) parser:skip(7) end }) do
    local parser = csv.parser(",")
    parser:feed('ab,"cd\n')
    lu.assertIs(parser:fields(), false)
    leave(parser)
    parser:feed('e","f\n')
    local fields, message = parser:fields()
    lu.assertNil(fields)
    lu.assertStrContains(message, "a quote stands inside field 1")
    parser:skip(3)
    parser:feed("\"\n")
    lu.assertEquals({ parser:fields() }, { { "f\n" }, 1, 1 })
  end
end

function TestCsv:test_rows_want_the_header_and_as_many_fields()
  local parser = csv.parser(",", 0)
  lu.assertErrorMsgContains("parser:header comes first", parser.row, parser)
  parser:header({ "a", "b" })
  parser:feed("1,\n1,2,3\n")
  lu.assertEquals({ parser:row() }, { { a = "1", b = 0 }, 1 })
  local row, message, line = parser:row()
  lu.assertNil(row)
  lu.assertEquals({ message, line }, { "3 fields where the header names 2 columns", 2 })
end

function TestCsv:test_a_field_of_many_pieces_is_looked_at_once()
  local parser, piece = csv.parser(","), ("x"):rep(1023) .. "\n"
  parser:feed("\"")
  for _ = 1, 4000 do
    parser:feed(piece)
    lu.assertIs(parser:fields(), false)
  end
  parser:feed("\",end\n")
  local fields = parser:fields()
  lu.assertEquals({ #fields[1], fields[2], parser:line() }, { 4000 * 1024, "end", 4002 })
end

function TestCsv:test_wrong_arguments_raise()
  for _, delimiter in ipairs({ "", ";;", '"', "\n" }) do
    lu.assertErrorMsgContains("one byte", csv.parser, delimiter)
  end
  local parser = csv.parser(",")
  lu.assertErrorMsgContains("string expected", parser.feed, parser, {})
  lu.assertErrorMsgContains("more than there is", parser.skip, parser, 1)
  lu.assertErrorMsgContains("tilth.csv.parser", parser.row, {})
end

return TestCsv
