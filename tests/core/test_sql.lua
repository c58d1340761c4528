--- SQL cut into statements and parsed.
local fs = require("tilth.fs")
local lu = require("luaunit")
local sql = require("tilth.sql")

local TestSql = {}

--- The text, and what the statements are: { text, line }.
local SPLIT <const> = {
  { "", {} },
  { " \n-- nothing\n/* here */ ;;; ", {} },
  { "select 1", { { "select 1", 1 } } },
  { "select 1;\n\nselect 2 ;", { { "select 1", 1 }, { "select 2", 3 } } },
  { "-- about\n\n/* it */ select 1; -- end\n", { { "-- about\n\n/* it */ select 1", 3 } } },
  {
    "select 1 /* a /* nested; */ ; */; select 2 -- ; more",
    { { "select 1 /* a /* nested; */ ; */", 1 }, { "select 2 -- ; more", 1 } },
  },
  { "select ';', 'it''s;', \"a;\"\"b;\"; select 2", { { "select ';', 'it''s;', \"a;\"\"b;\"", 1 }, { "select 2", 1 } } },
  { [[select '\'; select 2]], { { [[select '\']], 1 }, { "select 2", 1 } } },
  { [[select e'\';', E'\\'; select 2]], { { [[select e'\';', E'\\']], 1 }, { "select 2", 1 } } },
  { "select e'a'\n  -- on\n  'b\\';'; select 2", { { "select e'a'\n  -- on\n  'b\\';'", 1 }, { "select 2", 3 } } },
  { [[select 'a' 'b\'; select 2]], { { [[select 'a' 'b\']], 1 }, { "select 2", 1 } } },
  { [[select U&'\0041;', n'x;', b'1', x'f']], { { [[select U&'\0041;', n'x;', b'1', x'f']], 1 } } },
  { "select name'x;'; select 2", { { "select name'x;'", 1 }, { "select 2", 1 } } },
  { "do $$ begin; end $$; select $a$;$b$;$a$, $1;x", { { "do $$ begin; end $$", 1 }, { "select $a$;$b$;$a$, $1", 1 }, { "x", 1 } } },
  { "select a$b$c; select d$b$", { { "select a$b$c", 1 }, { "select d$b$", 1 } } },
  { "select $é$;$é$; select 1", { { "select $é$;$é$", 1 }, { "select 1", 1 } } },
  {
    "create rule r as on insert to t do (select 1; select 2); x",
    { { "create rule r as on insert to t do (select 1; select 2)", 1 }, { "x", 1 } },
  },
  {
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3",
    { { "create function f() returns int begin atomic select case when true then 1 end; select 2; end", 1 }, { "select 3", 1 } },
  },
  {
    "CREATE OR REPLACE PROCEDURE s.p() BEGIN ATOMIC /* c */ END; BEGIN; END; x",
    { { "CREATE OR REPLACE PROCEDURE s.p() BEGIN ATOMIC /* c */ END", 1 }, { "BEGIN", 1 }, { "END", 1 }, { "x", 1 } },
  },
  {
    'create function begin() begin atomic select 1 as "end"; select t.end from t; end; x',
    { { 'create function begin() begin atomic select 1 as "end"; select t.end from t; end', 1 }, { "x", 1 } },
  },
  { "create table function (begin int, atomic int); x", { { "create table function (begin int, atomic int)", 1 }, { "x", 1 } } },
  { "begin atomic; x", { { "begin atomic", 1 }, { "x", 1 } } },
  { "é; ]; \\d x; ?", { { "é", 1 }, { "]", 1 }, { "\\d x", 1 }, { "?", 1 } } },
  { "select (1; select 2", { { "select (1; select 2", 1 } } },
  { "select 1); select (2)", { { "select 1)", 1 }, { "select (2)", 1 } } },
  { "select 1_000, 0x1F, 1.5e3; x", { { "select 1_000, 0x1F, 1.5e3", 1 }, { "x", 1 } } },
  {
    "create table t (a int generated always as (1) virtual);\r\nx",
    { { "create table t (a int generated always as (1) virtual)", 1 }, { "x", 2 } },
  },
}

function TestSql:test_split_cuts_where_the_server_cuts()
  for _, case in ipairs(SPLIT) do
    local found, message = sql.split(case[1])
    lu.assertNil(message, case[1])
    local texts = {}
    for i, statement in ipairs(found) do
      texts[i] = { statement.text, statement.line }
      lu.assertEquals(case[1]:sub(statement.position, statement.position + #statement.text - 1), statement.text)
    end
    lu.assertEquals(texts, case[2], case[1])
  end
end

local UNTERMINATED <const> = {
  { "select 1;\nselect 'é' || 'abc;", "unterminated quoted string", 26, 2, 15 },
  { 'select "a', "unterminated quoted identifier", 8, 1, 8 },
  { "select $x$ $y$", "unterminated dollar-quoted string", 8, 1, 8 },
  { "select 1 /* a /* b */", "unterminated /* comment", 10, 1, 10 },
  { "select e'\\'", "unterminated quoted string", 9, 1, 9 },
  { "select 1;\n\0", "zero byte", 11, 2, 1 },
}

function TestSql:test_split_tells_what_is_not_closed_and_where()
  for _, case in ipairs(UNTERMINATED) do
    local found, message, code, detail = sql.split(case[1])
    lu.assertNil(found)
    lu.assertStrContains(message, case[2])
    lu.assertEquals(code, "syntax")
    lu.assertEquals(detail, { position = case[3], line = case[4], column_number = case[5] })
  end
end

--- All SQL files below a folder.
local function sql_files(folder, list)
  for _, entry in ipairs(fs.list(folder) or {}) do
    local path = folder .. "/" .. entry.name
    if entry.type == "directory" then
      sql_files(path, list)
    elseif entry.name:find("%.sql$") then
      list[#list + 1] = path
    end
  end
  return list
end

--- The parser's own statements, as `split` would give them.
local function statements_by_parser(text)
  local tree = sql.parse(text)
  if not tree then return nil end
  local list = {}
  for i, statement in ipairs(tree.stmts) do
    local from = (statement.stmt_location or 0) + 1
    local length = statement.stmt_len or #text
    list[i] = text:sub(from, from + length - 1):match("^%s*(.-)%s*$")
  end
  return list
end

function TestSql:test_split_agrees_with_the_parser()
  local texts = {}
  for _, case in ipairs(SPLIT) do texts[#texts + 1] = case[1] end
  local source = debug.getinfo(1, "S").source:match("^@(.*)/core/") or "tests"
  for _, path in ipairs(sql_files(source .. "/fixtures", {})) do texts[#texts + 1] = assert(fs.read(path)) end
  local compared = 0
  for _, text in ipairs(texts) do
    local expected = statements_by_parser(text)
    if expected then
      local found = {}
      for i, statement in ipairs(assert(sql.split(text))) do found[i] = statement.text end
      lu.assertEquals(found, expected)
      compared = compared + #found
    end
  end
  lu.assertTrue(compared > 30, compared)
end

function TestSql:test_split_of_many_statements_is_linear()
  local text = ("insert into t values (1, 'a');\n"):rep(50000)
  local before = os.clock()
  local found = sql.split(text)
  lu.assertEquals(#found, 50000)
  lu.assertEquals(found[50000].line, 50000)
  lu.assertTrue(os.clock() - before < 5)
end

function TestSql:test_parse_gives_the_tree()
  local tree = sql.parse("create table t (a int); select 1")
  lu.assertEquals(#tree.stmts, 2)
  lu.assertEquals(tree.stmts[1].stmt.CreateStmt.relation.relname, "t")
  lu.assertEquals(tree.stmts[2].stmt_location, 23)
end

function TestSql:test_parse_of_nothing_is_an_empty_list()
  lu.assertEquals(#sql.parse("-- nothing").stmts, 0)
end

function TestSql:test_parse_tells_where_the_syntax_is_wrong()
  local tree, message, code, detail = sql.parse("select 'é',\n é x frm y")
  lu.assertNil(tree)
  lu.assertStrContains(message, 'line 2, column 6: syntax error at or near "frm"')
  lu.assertEquals(code, "syntax")
  lu.assertEquals(detail, { position = 20, line = 2, column_number = 6 })
end

function TestSql:test_parse_refuses_a_zero_byte_instead_of_stopping_there()
  local tree, message, code = sql.parse("select 1;\0 drop table t")
  lu.assertNil(tree)
  lu.assertStrContains(message, "zero byte")
  lu.assertEquals(code, "syntax")
end

function TestSql:test_parse_survives_deep_nesting()
  local tree, message = sql.parse("select " .. ("("):rep(100000) .. "1" .. (")"):rep(100000))
  lu.assertNil(tree)
  lu.assertIsString(message)
  lu.assertEquals(#sql.parse("select 1").stmts, 1)
end

return TestSql
