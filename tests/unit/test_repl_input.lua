--- Tests what the prompt takes for SQL and for Lua, and when it waits for more lines.
local lu = require("luaunit")
local input = require("tilth.repl.input")

local TestReplInput = {}

local KNOWN <const> = { select = true, begin = true, table = true, db = true }

local function is_known(name)
  return KNOWN[name] ~= nil
end

function TestReplInput:test_sql_and_lua_are_told_apart()
  for _, case in ipairs({
    { "select 1;", true }, { "SELECT 1", true }, { "  select\n1", true }, { "-- note\nselect 1", true }, { "/* a */ Update x", true },
    { "with a as (select 1) select", true }, { "explain analyze select 1", true }, { "insert into t values (1)", true },
    { "begin", true }, { "commit;", true }, { "values(1)", true }, { "do $$ begin end $$;", true }, { "do language plpgsql $$", true },
    { "(select 1) union (select 2);", true }, { "show server_version", true }, { "table users", true }, { "select .5", true },
    { "select (1)", true }, { "select '='", true },
    { "select('#', 1)", false }, { "begin()", false }, { "table.concat({})", false }, { "show = 5", false },
    { "select, x = 1, 2", false },
    { "do local x = 1 end", false }, { "db:query('select 1')", false }, { "selected", false }, { "x = 'select'", false },
    { "1 + 1", false }, { "", false }, { "set_timezone()", false }, { "update == nil", false },
  }) do
    lu.assertEquals(input.is_sql(case[1], is_known), case[2], case[1])
  end
end

function TestReplInput:test_sql_ends_with_a_semicolon_of_its_own()
  for _, case in ipairs({
    { "select 1;", true }, { "select 1; -- done", true }, { "select 1;\n", true }, { "select 1; select 2;", true },
    { "select 1", false }, { "update t set x = 1", false }, { "select ';'", false },
    { "select 1 -- ;", false }, { "select 1; select 2", false },
    { "select $$ ;", false }, { "select 'a;", false }, { "create function f() returns int begin atomic select 1;", false },
    { "select \"a;", false },
  }) do
    lu.assertEquals(input.sql_is_complete(case[1]), case[2], case[1])
  end
end

function TestReplInput:test_judgement()
  for _, case in ipairs({
    { "", "empty" }, { "  \n ", "empty" }, { "-- a remark", "empty" }, { "\\d User", "command" },
    { "exit", "command" }, { " quit; ", "command" }, { "help", "command" }, { "exit = 1", "lua" }, { "exit()", "lua" },
    { "x", "lua" }, { "/* a; remark", "more" }, { "/* a remark */", "empty" }, { "/* a\nremark */ select 1;", "sql" },
    { "select 1;", "sql" },
    { "select 1", "more" }, { "1 + 1", "lua" }, { "x = 5", "lua" }, { "for i = 1, 3 do", "more" }, { "x = {", "more" },
    { "{ 1,", "more" }, { "1 +", "more" },
    { "f(", "more" },
    { "x = [[a", "more" }, { "foo bar", "lua" }, { "x = 'a", "lua" }, { "= 1", "lua" }, { "return 1, 2", "lua" },
    { "if x then print(1) end", "lua" }, { "local function f()\n  return 1\nend", "lua" },
  }) do
    lu.assertEquals(input.judge(case[1], is_known), case[2], case[1])
  end
end

function TestReplInput:test_an_expression_gives_its_value()
  lu.assertEquals(input.compile("1 + 1", {})(), 2)
  lu.assertEquals(input.compile("= 3", {})(), 3)
  lu.assertEquals({ input.compile("1, 2", {})() }, { 1, 2 })
  local environment = {}
  input.compile("x = 4", environment)()
  lu.assertEquals(environment.x, 4)
  local chunk, message, open = input.compile("foo bar", {})
  lu.assertNil(chunk)
  lu.assertStrContains(message, "syntax error near 'bar'")
  lu.assertFalse(open)
end

return TestReplInput
