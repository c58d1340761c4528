--- Tests the prompt on a pseudo-terminal, over a pipe and with -e.
local lu = require("luaunit")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")
local terminal = require("support.terminal")

local TestRepl = {}

local SCHEMA <const> = [[
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model Person {
  id        Int    @id
  fullName  String @map("full_name")
  @@map("people")
}
]]

local TERMINATE <const> = [[
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()]]

function TestRepl:setUp()
  self.database = database.new()
  self.database:script([[create table people (id int primary key, full_name text);
    create table "Order" (id int primary key, person_id int references people);
    insert into people values (1, 'Ada'), (2, null)]])
  self.project = project.new({ schema = SCHEMA })
  self.state = self.project:join("state")
end

function TestRepl:tearDown()
  if self.terminal then self.terminal:close() end
  self.terminal = nil
  self.database:close()
end

function TestRepl:environment(more)
  local variables = { DATABASE_URL = self.database.url, XDG_STATE_HOME = self.state }
  for name, value in pairs(more or {}) do variables[name] = value end
  return variables
end

--- Runs it without a terminal.
function TestRepl:run(stdin, args, more)
  local all = { "repl" }
  table.move(args or {}, 1, #(args or {}), 2, all)
  return program.run({ args = all, stdin = stdin, cwd = self.project.path, env = self:environment(more) })
end

--- Starts it on a terminal and waits for its prompt. Keys are typed at a prompt only: between two lines the terminal is the
-- kernel's, which takes Ctrl-D, Ctrl-R and Ctrl-U for its own.
function TestRepl:start(args, more, size)
  local all = { "repl" }
  table.move(args or {}, 1, #(args or {}), 2, all)
  self.terminal = terminal.start({ args = all, cwd = self.project.path, env = self:environment(more),
    rows = size and size.rows, columns = size and size.columns })
  self.terminal:see("> ")
  return self.terminal
end

function TestRepl:test_sql_shows_an_aligned_table()
  local screen = self:start()
  screen:type("select id, full_name from people order by id;\r")
  screen:see("id | full_name\r\n")
  screen:see("---+----------\r\n")
  screen:see(" 1 | Ada\r\n")
  screen:see(" 2 | NULL\r\n")
  screen:see("(2 rows, ")
  screen:see("> ")
end

function TestRepl:test_lua_shows_its_value_and_keeps_globals()
  local screen = self:start()
  screen:type("x = db:value('select count(*) from people')\r")
  screen:see("> ")
  screen:type("x + 40\r")
  screen:see("42\r\n")
  screen:see("> ")
  screen:type("{ 1, _ }\r")
  screen:see("{ 1, 42 }\r\n")
end

function TestRepl:test_lines_are_gathered_until_they_are_complete()
  local screen = self:start()
  screen:type("for i = 1, 2 do\r")
  screen:see("... ")
  screen:type("print('line ' .. i * 10) end\r")
  screen:see("line 10\r\nline 20\r\n")
  screen:see("> ")
  screen:type("select 7 +\r")
  screen:see("(SQL ends with a semicolon")
  screen:see("... ")
  screen:type("8 as sum;\r")
  screen:see("sum\r\n")
  screen:see("15\r\n")
end

function TestRepl:test_an_update_waits_for_its_where()
  local screen = self:start()
  screen:type("update people set full_name = 'x'\r")
  screen:see("... ")
  screen:type("where id = 1;\r")
  screen:see("UPDATE 1 (")
  lu.assertEquals(self.database:value("select count(*) from people where full_name = 'x'"), 1)
end

function TestRepl:test_tab_completes_tables_columns_models_and_lua()
  local screen = self:start()
  screen:type("select full_\t from peo\t;\r")
  screen:see("Ada")
  screen:see("> ")
  screen:type('select count(*) as orders from Ord\t;\r')
  screen:see("orders\r\n")
  screen:see("> ")
  screen:type("tab\t\t")
  screen:see("table   tables")
  screen:type("les\3")
  screen:see("^C\r\n")
  screen:see("> ")
  screen:type('describe("Per\t")\r')
  screen:see("model Person, table public.people")
  screen:see("> ")
  screen:type('db:val\t("select 43")\r')
  screen:see("43\r\n")
  screen:see("> ")
  screen:type('require("tilth.js\t").encode({ "a" })\r')
  screen:see('["a"]')
end

function TestRepl:test_a_new_table_is_completed_too()
  local screen = self:start()
  screen:type("select count(*) from peo\t;\r")
  screen:see("count")
  screen:see("> ")
  screen:type("create table zebras (stripes int);\r")
  screen:see("CREATE TABLE")
  screen:see("> ")
  screen:type("select strip\t")
  screen:type("\21select 'z' as got from zeb\t;\r")
  screen:see("got\r\n")
end

function TestRepl:test_an_error_has_a_caret_and_the_session_goes_on()
  local screen = self:start()
  screen:type("select id, nosuch from people;\r")
  screen:see('column "nosuch" does not exist (42703)')
  screen:see("1 | select id, nosuch from people\r\n      |            ^")
  screen:see("> ")
  screen:type("select 1 from \"Person\";\r")
  screen:see("hint: the model Person is the table people")
  screen:see("> ")
  screen:type("nosuch.field = 1\r")
  screen:see("repl:1: attempt to index a nil value (global 'nosuch')")
  screen:see("> ")
  screen:type("1 + 1\r")
  screen:see("2\r\n")
end

function TestRepl:test_ctrl_c_cancels_the_query_and_keeps_the_session()
  local screen = self:start()
  screen:type("x = 'kept'\r")
  screen:see("> ")
  screen:type("select pg_sleep(60);\r")
  self.database:wait_for_query("pg_sleep(60)")
  screen:type("\3")
  screen:see("cancelled")
  lu.assertEquals(self.database:value([[select count(*) from pg_stat_activity
    where datname = current_database() and query like '%pg_sleep(60)%' and pid <> pg_backend_pid() and state = 'active']]), 0)
  screen:see("> ")
  screen:type("print('begun') while true do end\r")
  screen:see("begun\r\n")
  screen:type("\3")
  screen:see("cancelled")
  screen:see("> ")
  screen:type("x, db:value('select 5')\r")
  screen:see("kept\r\n5\r\n")
end

function TestRepl:test_ctrl_c_can_be_pressed_any_number_of_times()
  local screen = self:start()
  for i = 1, 6 do
    screen:type(("line %d\3"):format(i))
    screen:see("^C\r\n")
    screen:see("> ")
  end
  screen:type("6 * 7\r")
  screen:see("42\r\n")
end

function TestRepl:test_ctrl_c_drops_the_line()
  local screen = self:start()
  screen:type("select nonsense\3")
  screen:see("^C\r\n")
  screen:see("> ")
  screen:type("for i = 1, 2 do\r")
  screen:see("... ")
  screen:type("\3")
  screen:see("^C\r\n")
  screen:see("> ")
  screen:type("6 * 7\r")
  screen:see("42\r\n")
end

function TestRepl:test_ctrl_d_leaves()
  local screen = self:start()
  screen:type("\4")
  lu.assertEquals(screen:wait(), 0)
end

function TestRepl:test_an_open_transaction_is_shown_and_warned_of()
  local screen = self:start()
  screen:type("begin;\r")
  screen:see("*> ")
  screen:type("delete from \"Order\";\r")
  screen:see("DELETE 0")
  screen:see("*> ")
  screen:type("select nosuch;\r")
  screen:see("!> ")
  screen:type("rollback()\r")
  screen:see("rolled back")
  screen:see("> ")
  screen:type("begin()\r")
  screen:see("*> ")
  screen:type("delete from people;\r")
  screen:see("DELETE 2")
  screen:see("*> ")
  screen:type("\4")
  screen:see("A transaction is open")
  screen:see("*> ")
  screen:type("\4")
  lu.assertEquals(screen:wait(), 0)
  lu.assertEquals(self.database:value("select count(*) from people"), 2)
end

function TestRepl:test_history_outlives_the_session_without_passwords()
  local screen = self:start()
  screen:type("'first' .. 'entry'\r")
  screen:see("firstentry")
  screen:see("> ")
  screen:type("u = 'postgresql://u:geheim@host/db'\r")
  screen:see("> ")
  screen:type("\4")
  screen:wait()
  screen:close()
  self.terminal = nil
  local path = self.state .. "/tilth/history"
  lu.assertEquals(fs.read(path), "'first' .. 'entry'\n")
  lu.assertEquals(fs.stat(path).mode & 511, 384)
  screen = self:start()
  screen:type("\27[A\r")
  screen:see("firstentry")
  screen:see("> ")
  screen:type("\18first")
  screen:see("bck:")
  screen:type("\r")
  screen:see("firstentry")
end

function TestRepl:test_a_lost_connection_is_told_and_opened_again()
  local screen = self:start()
  screen:type("1\r")
  screen:see("> ")
  self.database:query(TERMINATE)
  screen:type("select 1;\r")
  screen:see("The connection is lost; what comes next opens a new one.")
  screen:see("> ")
  screen:type("select 44 as again;\r")
  screen:see("Connected again.")
  screen:see("again\r\n")
  screen:see("44\r\n")
end

function TestRepl:test_a_long_result_goes_through_the_pager()
  local pager = self.project:write("pager", "#!/bin/sh\necho PAGER BEGINS\ntail -n 1\n", 493)
  local screen = self:start(nil, { PAGER = pager }, { rows = 10 })
  screen:type("select generate_series(1, 50) as n;\r")
  screen:see("PAGER BEGINS\r\n")
  screen:see("(50 rows, ")
  screen:see("> ")
  screen:type("select 1 as short;\r")
  screen:see("short\r\n")
  lu.assertNil(screen.shown:match("PAGER BEGINS.*PAGER BEGINS"))
end

function TestRepl:test_rows_fit_the_width_of_the_terminal()
  local screen = self:start(nil, nil, { columns = 40 })
  screen:type("select 1 as id, repeat('x', 200) as t;\r")
  screen:see("x…")
  screen:see("long values are cut")
  screen:see("> ")
  screen:type("\\x\r")
  screen:see("rows are shown as blocks")
  screen:see("> ")
  screen:type("select 1 as id, 'whole' as t;\r")
  screen:see("-[ 1 ]-")
  screen:see("t  | whole")
end

function TestRepl:test_utf_8_can_be_typed_and_deleted()
  local screen = self:start()
  screen:type("#'äöx\127ü'\r")
  screen:see("6\r\n")
end

function TestRepl:test_a_protected_database_is_read_only_by_the_server()
  local screen = self:start({ "--env", "production" })
  lu.assertStrContains(screen.shown, "(production, read-only)> ")
  lu.assertStrContains(screen.shown, "is protected: this build is for production")
  screen:type("select current_setting('default_transaction_read_only') as ro;\r")
  screen:see("on\r\n")
  screen:see("> ")
  screen:type("delete from people;\r")
  screen:see("cannot execute DELETE in a read-only transaction")
  screen:see("tilth repl --write")
  screen:see("> ")
  screen:type("db:exec('delete from people')\r")
  screen:see("read-only transaction")
  screen:see("tilth repl --write")
  screen:see("> ")
  self.database:query(TERMINATE)
  screen:type("select 1;\r")
  screen:see("what comes next opens a new one")
  screen:see("> ")
  screen:type("delete from people;\r")
  screen:see("read-only transaction")
  lu.assertEquals(self.database:value("select count(*) from people"), 2)
end

function TestRepl:test_write_allows_changes_on_a_protected_database()
  local screen = self:start({ "--env", "production", "--write" })
  lu.assertStrContains(screen.shown, "(production, PROTECTED, write)> ")
  screen:type("delete from people where id = 2;\r")
  screen:see("DELETE 1")
end

function TestRepl:test_a_transaction_that_is_read_only_by_choice_speaks_of_no_protection()
  local result = self:run("begin read only;\ndelete from people;\n")
  lu.assertStrContains(result.stderr, "read-only transaction")
  lu.assertNotStrContains(result.stderr, "--write")
end

function TestRepl:test_the_mark_in_the_ledger_protects_whatever_the_client_says()
  self.project:migration("20240101000000_a", "select 1;")
  self.database:query("drop table \"Order\", people")
  local marked = program.run({ args = { "flow", "--env", "production" }, cwd = self.project.path, env = self:environment() })
  lu.assertEquals(marked.status, 0, marked.text)
  local result = self:run("create table x (id int);\n", { "--env", "development" })
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, "read-only transaction")
end

function TestRepl:test_a_pipe_is_read_without_prompts_and_ends_at_the_first_error()
  local result = self:run("x = 20\nx + 1\nselect 5 as five;\nselect nosuch;\nprint('not reached')\n")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stdout, "21\nfive\n----\n   5\n(1 row, ")
  lu.assertStrContains(result.stderr, 'column "nosuch" does not exist')
  lu.assertNotStrContains(result.stdout, ">")
  lu.assertNotStrContains(result.stdout, "not reached")
end

function TestRepl:test_the_end_of_the_input_ends_a_statement()
  local result = self:run("select 5 as five")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "five\n----\n   5\n")
end

function TestRepl:test_a_transaction_left_open_by_a_pipe_is_a_failure()
  local result = self:run("begin;\ndelete from people;\n")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.text, "a transaction was left open; it is rolled back")
  lu.assertEquals(self.database:value("select count(*) from people"), 2)
end

function TestRepl:test_code_of_the_command_line()
  local result = self:run(nil, { "-e", "select 1 as a; select 2 as b" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "a\n-\n1\n")
  lu.assertStrContains(result.stdout, "b\n-\n2\n")
  result = self:run(nil, { "-e", "db:value('select 3') + 4" })
  lu.assertEquals(result.stdout, "7\n", result.text)
  lu.assertEquals(self:run(nil, { "-e", "error('x')" }).status, 1)
end

function TestRepl:test_code_given_several_times_runs_in_order_up_to_an_error()
  local result = self:run(nil, { "-e", "x = 3", "-e", "x * 2", "-e", "select nosuch", "-e", "'not reached'" })
  lu.assertEquals({ result.status, result.stdout }, { 1, "6\n" }, result.text)
  lu.assertEquals(self:run(nil, { "-e", "exit()", "-e", "'not reached'" }).stdout, "")
end

function TestRepl:test_several_values_are_shown_with_the_nils_among_them()
  lu.assertEquals(self:run(nil, { "-e", "return nil, 'why'" }).stdout, "nil\nwhy\n")
  lu.assertEquals(self:run(nil, { "-e", "nil" }).stdout, "")
  local document = json.decode(self:run(nil, { "--json", "-e", "return nil, 'why'" }).stdout)
  lu.assertEquals(document.results, { { value = json.null }, { value = "why" } })
end

function TestRepl:test_copy_to_stdout_shows_its_rows()
  local result = self:run(nil, { "-e", "/* all */ copy people (id, full_name) to stdout (format csv); select 5 as five" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "1,Ada\n2,\nfive\n")
  local document = json.decode(self:run(nil, { "--json", "-e", "copy people (id) to stdout" }).stdout)
  lu.assertEquals(document.results[1].value, "1\n2")
  result = self:run(nil, { "-e", "copy nosuch to stdout" })
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.stderr, 'relation "nosuch" does not exist (42P01)')
end

function TestRepl:test_columns_of_one_name_show_their_own_values()
  local result = self:run("select p.id, o.id from people p cross join (values (7)) as o (id) where p.id = 1;\n")
  lu.assertStrContains(result.stdout, "id | id (2)\n---+-------\n 1 |      7\n", false, result.text)
end

function TestRepl:test_a_remark_may_go_over_lines()
  local result = self:run("/* two;\nlines */\nselect 8 as eight;\n/* one */\n9\n")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "eight\n-----\n    8\n(1 row")
  lu.assertStrContains(result.stdout, "\n9\n")
end

function TestRepl:test_a_name_without_its_quotes_is_told()
  for name, hint in pairs({
    ["public.Order"] = 'hint: the table is "Order": a name with capitals wants the quotes',
    Person = "hint: the model Person is the table people",
  }) do
    lu.assertStrContains(self:run(nil, { "-e", "select 1 from " .. name }).stderr, hint)
  end
end

function TestRepl:test_json_is_one_document()
  local result = self:run("select 1 as a, null as b;\n{ 1, 2 }\n", { "--json" })
  local document = assert(json.decode(result.stdout), result.text)
  lu.assertTrue(document.ok)
  lu.assertEquals(document.results[1].rows, { { a = 1, b = json.null } })
  lu.assertEquals(document.results[1].columns, { "a", "b" })
  lu.assertEquals(document.results[2].value, { 1, 2 })
  result = self:run("select '\\xff00'::bytea as bytes, 'NaN'::float8 as number, false as no\n", { "--json" })
  document = assert(json.decode(result.stdout), result.text)
  lu.assertEquals(document.results[1].rows, { { bytes = "\\xff00", number = "NaN", no = false } })
  result = self:run(nil, { "--json", "-e", "select 1 as a; select nosuch" })
  document = assert(json.decode(result.stdout), result.text)
  lu.assertFalse(document.ok)
  lu.assertEquals(document.error.sqlstate, "42703")
  lu.assertEquals(#document.results, 1)
  lu.assertEquals(result.status, 1)
end

function TestRepl:test_rows_of_a_query_are_at_hand_in_lua()
  local result = self:run("select 41 as n;\n_[1].n + 1\n")
  lu.assertEquals({ result.status, result.stdout:match("[^\n]+\n$") }, { 0, "42\n" }, result.text)
end

function TestRepl:test_what_was_meant_as_sql_is_told()
  local result = self:run("selec 1;\n")
  lu.assertStrContains(result.stderr, "This was read as Lua. Did you mean SQL's select?")
  lu.assertNotStrContains(self:run("repeat x;\n").stderr, "Did you mean")
  lu.assertStrContains(self:run("\27[A\n").stderr, "an escape character is neither SQL nor Lua")
end

function TestRepl:test_a_table_that_is_raised_is_shown()
  lu.assertStrContains(self:run("error({ a = 1 })\n").stderr, "an error was raised that is a table: { a = 1 }")
end

function TestRepl:test_helpers_of_psql_s_style()
  local result = self:run("\\dt\n\\d Person\n\\d people\nhelp()\n")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "public | people | table")
  lu.assertStrContains(result.stdout, "full_name | text")
  lu.assertStrContains(result.stdout, "field fullName is column full_name")
  lu.assertStrContains(result.stdout, "referenced by \"Order\"")
  lu.assertStrContains(result.stdout, "Ctrl-D")
  result = self:run("quit\n'not reached'\n")
  lu.assertEquals({ result.status, result.stdout }, { 0, "" }, result.text)
  lu.assertStrContains(self:run("help\n").stdout, "Ctrl-D")
  result = self:run("\\x on\n\\x off\n\\timing OFF;\n\\dt peo*\n\\dt public.ord??\n\\dt _eople\n")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "rows are shown as blocks\nrows are shown as tables\ntimes are not shown\n")
  local names = {}
  for name in result.stdout:gmatch("public | (%w+)") do names[#names + 1] = name end
  lu.assertEquals(names, { "people", "Order" })
  for text, said in pairs({ ["\\x maybe"] = "\\x takes on, off or nothing, not maybe", ["\\q now"] = "\\q stands alone" }) do
    lu.assertStrContains(self:run(text .. "\n").stderr, said)
  end
  local unknown = self:run("\\nosuch\n")
  lu.assertEquals(unknown.status, 1)
  lu.assertStrContains(unknown.stderr, "unknown command \\nosuch")
  local missing = self:run("describe('nosuch')\n")
  lu.assertEquals(missing.status, 1)
  lu.assertStrContains(missing.stderr, 'there is no model or table "nosuch"')
  lu.assertNotStrContains(missing.stderr, "traceback")
end

function TestRepl:test_sigterm_ends_it_with_143()
  local child <close> = program.start({ args = { "repl", "-e", "print('ready') io.stdout:flush() db:query('select pg_sleep(60)')" },
    cwd = self.project.path, env = self:environment() })
  child:wait_for("ready")
  child:signal(15)
  lu.assertEquals(child:wait().status, 143)
end

function TestRepl:test_notices_are_shown_beside_the_results()
  local result = self:run("do $$ begin raise notice 'look here'; end $$;\n")
  lu.assertStrContains(result.stderr, "notice: look here")
  lu.assertNotStrContains(result.stdout, "notice")
end

return TestRepl
