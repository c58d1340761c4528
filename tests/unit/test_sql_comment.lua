--- tilth.sql_comment: what stands behind the comments in front of a statement.
local lu = require("luaunit")

local sql_comment = require("tilth.sql_comment")

local TestSqlComment = {}

function TestSqlComment:test_blanks_and_comments_are_passed_over()
  for _, case in ipairs({
    { "", "" }, { "  \n\t", "" }, { "select 1", "select 1" }, { " -- a\n-- b\nselect", "select" }, { "-- to the end", "" },
    { "/* a */ select", "select" }, { "/**/select", "select" }, { "/***/ select", "select" }, { "/* a\n* / */\n-- b\nselect", "select" },
    { "/* a /* b */ c */ commit", "commit" }, { "/*/* a */*/commit", "commit" }, { "- 1", "- 1" },
    { "/* // ** */ x /* y */", "x /* y */" },
  }) do
    lu.assertEquals({ sql_comment.skip(case[1]) }, { case[2] }, case[1])
  end
end

function TestSqlComment:test_a_comment_that_is_open_is_told()
  for _, text in ipairs({ "/*", "/* a", "/*/", "-- a\n/* b", "/* a /* b */", "/* a /* b */ select" }) do
    lu.assertEquals({ sql_comment.skip(text) }, { "", true }, text)
  end
end

return TestSqlComment
