--- Tests the PostgreSQL core library against a real server.
local lu = require("luaunit")
local fs = require("tilth.core.fs")
local interrupt = require("tilth.core.interrupt")
local pg = require("tilth.core.pg")
local clock = require("tilth.core.clock")
local database = require("support.database")

local TestPg = {}

function TestPg:setUp()
  self.database = database.new()
  self.conn = assert(pg.connect(self.database.params))
end

function TestPg:tearDown()
  interrupt.clear()
  self.conn:close()
  self.database:close()
end

function TestPg:test_connect_works_while_the_server_is_waited_for()
  local pieces = 0
  local conn = assert(pg.connect(self.database.params, 10, function()
    pieces = pieces + 1
    return pieces < 500
  end))
  lu.assertEquals(pieces, 500)
  lu.assertEquals(conn:query("select 1 as one")[1].one, 1)
  conn:close()
end

function TestPg:test_what_fails_meanwhile_is_raised_and_leaves_no_connection()
  local name = "meanwhile " .. self.database.name
  local params = { application_name = name }
  for key, value in pairs(self.database.params) do
    params[key] = value
  end
  lu.assertErrorMsgContains("broken piece", pg.connect, params, 10, function()
    error("broken piece")
  end)
  collectgarbage()
  local deadline = clock.monotonic() + 60
  local left
  repeat
    left = self.conn:query("select count(*) as left from pg_stat_activity where application_name = $1", { name })[1].left
  until left == 0 or clock.monotonic() > deadline
  lu.assertEquals(left, 0)
end

function TestPg:test_query_gives_typed_values()
  local row = self.conn:query([[select 7::int8 as i, true as t, false as f, 1.5::float8 as d, '\x00ff41'::bytea as b,
    'text' as s, 12345678901234567890.5::numeric as n, null as nothing, '{1,2}'::int[] as a]])[1]
  lu.assertEquals(row, {
    i = 7, t = true, f = false, d = 1.5, b = "\0\255A", s = "text", n = "12345678901234567890.5", a = "{1,2}",
  })
  lu.assertEquals(math.type(row.i), "integer")
end

function TestPg:test_columns_of_one_name_are_kept_apart()
  local result = self.conn:query("select 1 as id, 'x' as word, null::int as id, 3 as id")
  lu.assertEquals(result.columns, { "id", "word", "id (2)", "id (3)" })
  lu.assertEquals(result[1], { id = 1, word = "x", ["id (3)"] = 3 })
end

function TestPg:test_query_keeps_64_bit_integers()
  lu.assertEquals(self.conn:query("select 9223372036854775807::int8 as big")[1].big, math.maxinteger)
end

function TestPg:test_query_sends_parameters_of_every_kind()
  local row = self.conn:query([[select $1::int8 as i, $2::float8 as d, $3::bool as b, $4::text as s, $5::text is null as n,
    $6::text is null as z]], { 42, 0.1, true, "o'hara \\ é", pg.null, nil, n = 6 })[1]
  lu.assertEquals(row, { i = 42, d = 0.1, b = true, s = "o'hara \\ é", n = true, z = true })
end

function TestPg:test_query_sends_a_number_in_the_shortest_form_that_is_the_same()
  for value, text in pairs({ [0.1] = "0.1", [0.1 + 0.2] = "0.30000000000000004", [-1e300] = "-1e+300", [1 / 0] = "Infinity" }) do
    local row = self.conn:query("select $1::text as text, $2::float8 as number", { value, value })[1]
    lu.assertEquals(row, { text = text, number = value })
  end
end

function TestPg:test_query_refuses_what_is_no_value()
  lu.assertErrorMsgContains("parameter 1 is a table", self.conn.query, self.conn, "select $1", { {} })
  lu.assertErrorMsgContains("NUL byte", self.conn.query, self.conn, "select $1", { "a\0b" })
  lu.assertEquals(self.conn:status(), "idle")
end

function TestPg:test_error_names_sqlstate_position_constraint_and_table()
  self.conn:script("create table t (id int constraint t_id_key unique); insert into t values (1)")
  local result, message, code, detail = self.conn:query("insert into t values (1)")
  lu.assertNil(result)
  lu.assertStrContains(message, "duplicate key value")
  lu.assertEquals(code, "23505")
  lu.assertEquals({ detail.table, detail.constraint, detail.schema }, { "t", "t_id_key", "public" })
  lu.assertStrContains(detail.detail, "(id)=(1)")
  local _, _, state, more = self.conn:query("select 1 frm t")
  lu.assertEquals({ state, more.position }, { "42601", 14 })
end

function TestPg:test_script_gives_every_result()
  local results = self.conn:script("create table t (a int); insert into t values (1), (2); select a from t order by a")
  lu.assertEquals(#results, 3)
  lu.assertEquals({ results[1].command, results[2].count, results[3][2].a }, { "CREATE TABLE", 2, 2 })
  lu.assertEquals(results[3].columns, { "a" })
end

function TestPg:test_script_says_which_statement_failed_and_undoes_all()
  local results, _, code, detail = self.conn:script("create table t (a int); select 1/0; create table u (a int)")
  lu.assertNil(results)
  lu.assertEquals({ code, detail.statement }, { "22012", 2 })
  lu.assertFalse(self.database:has("t"))
end

function TestPg:test_script_goes_on_after_copy_without_data()
  self.conn:script("create table t (a int)")
  local results, message = self.conn:script("copy t from stdin; select 1")
  lu.assertNil(results)
  lu.assertStrContains(message, "COPY")
  lu.assertEquals(self.conn:status(), "idle")
  lu.assertEquals(self.conn:script("copy t to stdout; select 5 as five")[2][1].five, 5)
end

function TestPg:test_timeout_cancels_the_query_on_the_server()
  local result, message, code, detail = self.conn:query("select pg_sleep(30)", nil, 0.1)
  lu.assertNil(result)
  lu.assertStrContains(message, "time limit")
  lu.assertEquals({ code, detail.timed_out }, { "57014", true })
  lu.assertEquals(self.conn:query("select 1 as one")[1].one, 1)
  lu.assertEquals(self.database:value([[select count(*) from pg_stat_activity where query like '%pg_sleep(30)%'
    and state = 'active' and pid <> pg_backend_pid()]]), 0)
end

function TestPg:test_request_to_cancel_that_comes_before_the_query_is_repeated()
  local pid = self.conn:info().pid
  -- A process of the server that is stopped takes the signal of the request first, while it waits for a query.
  assert(os.execute("kill -STOP " .. pid))
  while not fs.read(("/proc/%d/stat"):format(pid)):find(") T", 1, true) do clock.sleep(0.005) end
  assert(os.execute(("{ sleep 0.3; kill -CONT %d; } &"):format(pid)))
  local result, _, code = self.conn:query("select pg_sleep(30)", nil, 0.1)
  lu.assertNil(result)
  lu.assertEquals(code, "57014")
  lu.assertEquals(self.conn:query("select 1 as one")[1].one, 1)
  lu.assertEquals(self.database:value("select count(*) from pg_stat_activity where pid = $1 and state = 'active'", { pid }), 0)
end

function TestPg:test_interruption_cancels_the_query_and_is_raised_through_pcall()
  local reached = false
  local started = clock.monotonic()
  local ok, raised = interrupt.catch(function()
    self.conn:script("begin; create table t (a int)")
    self.conn:on_notice(function()
      interrupt.trigger(2)
    end)
    pcall(self.conn.query, self.conn, "do $$ begin raise notice 'now'; perform pg_sleep(30); end $$")
    reached = true
  end)
  lu.assertFalse(ok)
  lu.assertEquals(tostring(raised), "interrupted")
  lu.assertFalse(reached)
  lu.assertTrue(clock.monotonic() - started < 25)
  lu.assertEquals(self.conn:status(), "failed")
  lu.assertEquals(interrupt.signal(), 2)
  lu.assertEquals(self.conn:script("rollback")[1].command, "ROLLBACK")
end

function TestPg:test_copy_in_takes_rows_of_a_list_and_of_an_iterator()
  self.conn:script("create table t (id int, name text, ok bool, score float8)")
  lu.assertEquals(self.conn:copy_in("copy t (id, name, ok, score) from stdin", {
    { id = 1, name = "tab\tnew\nline\\", ok = true, score = 0.1 },
    { id = 2, name = pg.null },
  }, { "id", "name", "ok", "score" }), 2)
  local n = 0
  lu.assertEquals(self.conn:copy_in("copy t (id, name) from stdin", function()
    n = n + 1
    return n <= 100000 and { id = n, name = "row " .. n } or nil
  end, { "id", "name" }), 100000)
  local rows = self.conn:query("select name, ok, score from t where id < 3 and (ok is not null or name is null) order by id")
  lu.assertEquals(rows[1], { name = "tab\tnew\nline\\", ok = true, score = 0.1 })
  lu.assertEquals(rows[2], {})
end

function TestPg:test_copy_in_takes_columns_that_convert()
  self.conn:script("create table t (id int, kind text, data bytea, made int)")
  local made, notes = 0, {}
  local options = {
    first = { { id = 1, kind = "A" }, { id = 2.0, data = "\0\\\255" } }, exact = true, every = 2,
    tick = function(rows) notes[#notes + 1] = rows end,
  }
  local rows = { { id = 3, kind = true }, { id = 4, kind = "B", other = 1 }, { id = 5 } }
  local count = self.conn:copy_in("copy t (id, kind, data, made) from stdin", rows, {
    { key = "id", needed = true, pass = "i", convert = function(value) return math.tointeger(value) or "0" end },
    { key = "kind", pass = "", labels = { A = "first" }, convert = function(value) return "<" .. tostring(value) .. ">" end },
    { key = "data", pass = "", bytes = true },
    { convert = function() made = made + 1 return made end },
  }, options)
  lu.assertEquals(count, 3)
  lu.assertEquals({ options.rows, options.pending, options.lost, notes }, { 3, rows[2], false, { 2 } })
  lu.assertEquals(self.database:column("select concat_ws(',', id, kind, encode(data, 'hex'), made) from t order by id"),
    { "1,first,1", "2,005cff,2", "3,<true>,3" })
end

function TestPg:test_copy_in_stops_at_a_row_that_lacks_what_is_needed()
  self.conn:script("create table t (id int, word text)")
  local options, columns = { exact = true }, { { key = "id", pass = "i", needed = true }, { key = "word", pass = "s" } }
  lu.assertEquals(self.conn:copy_in("copy t from stdin", { { id = 1 }, { word = "x" } }, columns, options), 1)
  lu.assertEquals({ options.rows, options.pending }, { 1, { word = "x" } })
  lu.assertEquals(self.conn:copy_in("copy t from stdin", { { id = 2, word = "y" } }, columns, options), 1)
  lu.assertEquals({ options.rows, options.pending }, { 1 })
end

function TestPg:test_copy_in_says_which_value_no_converter_takes()
  self.conn:script("create table t (id int)")
  local function copy(column, value, options)
    return self.conn:copy_in("copy t from stdin", { { id = value } }, { column }, options)
  end
  local fails = { fail = function(number, row, column, message) error({ number, row.id, column, message }) end }
  local column = { key = "id", pass = "i", convert = function(value) return nil, "no place for " .. value end }
  lu.assertErrorMsgEquals({ 1, "x", 1, "no place for x" }, copy, column, "x", fails)
  lu.assertErrorMsgContains("row 1, column 1 no place for x", copy, column, "x")
  lu.assertErrorMsgContains("column 1 is a table: give it as text", copy, { key = "id", convert = function() return {} end }, {})
  lu.assertErrorMsgContains("neither a key nor a converter", copy, { pass = "i" }, 1)
  lu.assertErrorMsgContains("unknown letter", copy, { key = "id", pass = "x" }, 1)
  lu.assertErrorMsgContains("keep must be an open file", copy, "id", 1, { keep = "text" })
  lu.assertErrorMsgContains("holds a NUL byte", copy, "id", "1\0")
  lu.assertEquals(self.conn:status(), "idle")
end

function TestPg:test_copy_in_keeps_what_it_sends()
  self.conn:script("create table t (id int, word text)")
  local kept <close> = assert(io.tmpfile())
  local options = { keep = kept }
  lu.assertEquals(self.conn:copy_in("copy t from stdin", { { id = 1, word = "a\tb" }, { id = 2 } }, { "id", "word" }, options), 2)
  kept:seek("set")
  lu.assertEquals(kept:read("a"), "1\ta\\tb\n2\t\\N\n")
  local full <close> = assert(io.open("/dev/full", "w"))
  full:setvbuf("no")
  options = { keep = full }
  lu.assertEquals(self.conn:copy_in("copy t from stdin", { { id = 3 } }, { "id", "word" }, options), 1)
  lu.assertTrue(options.lost)
end

function TestPg:test_copy_in_of_a_bad_value_names_the_line_and_leaves_nothing()
  self.conn:script("create table t (id int)")
  local count, message, code, detail = self.conn:copy_in("copy t from stdin", "1\n2\nx\n")
  lu.assertNil(count)
  lu.assertStrContains(message, "invalid input syntax")
  lu.assertEquals(code, "22P02")
  lu.assertStrContains(detail.context, "line 3")
  lu.assertEquals(self.database:value("select count(*) from t"), 0)
end

function TestPg:test_copy_in_is_undone_when_its_source_raises()
  self.conn:script("create table t (id int)")
  lu.assertErrorMsgContains("no more", self.conn.copy_in, self.conn, "copy t from stdin", function() error("no more") end)
  lu.assertErrorMsgContains("the source of the rows gave a table and not a text", self.conn.copy_in, self.conn, "copy t from stdin",
    function() return {} end)
  lu.assertErrorMsgContains("row 1, column 1 is a table", self.conn.copy_in, self.conn, "copy t from stdin", { { a = {} } }, { "a" })
  lu.assertEquals(self.conn:status(), "idle")
  lu.assertEquals(self.database:value("select count(*) from t"), 0)
end

function TestPg:test_copy_out_hands_over_every_row()
  local parts = {}
  lu.assertEquals(self.conn:copy_out("copy (select generate_series(1, 50000)) to stdout", function(text)
    parts[#parts + 1] = text
  end), 50000)
  local text = table.concat(parts)
  lu.assertEquals(select(2, text:gsub("\n", "")), 50000)
  lu.assertErrorMsgContains("full", self.conn.copy_out, self.conn, "copy (select generate_series(1, 500000)) to stdout", function()
    error("full")
  end)
  lu.assertEquals(self.conn:query("select 1 as one")[1].one, 1)
end

function TestPg:test_copy_out_whose_sink_raises_at_the_last_rows_leaves_the_session_usable()
  local function full()
    error("full")
  end
  self.conn:query("begin")
  lu.assertErrorMsgContains("full", self.conn.copy_out, self.conn, "copy (select 1) to stdout", full)
  lu.assertEquals(self.conn:status(), "transaction")
  lu.assertEquals(self.conn:query("select 1 as one")[1].one, 1)
  self.conn:query("commit")
  lu.assertEquals(self.conn:status(), "idle")
end

function TestPg:test_array_refuses_a_count_that_no_array_has()
  for _, count in ipairs({ -1, 134217728, math.maxinteger }) do
    lu.assertErrorMsgContains("0 to 134217727 elements expected", pg.array, { 1 }, count)
  end
  lu.assertEquals(pg.array({ 1 }, 2), "{1,NULL}")
end

--- Copies rows to a sink that closes the connection.
local function close_in_the_midst(self, rows)
  local count, message, code = self.conn:copy_out(("copy (select generate_series(1, %d)) to stdout"):format(rows), function()
    self.conn:close()
  end)
  lu.assertNil(count)
  lu.assertEquals({ message, code }, { "the connection is closed", "08006" })
end

function TestPg:test_copy_out_ends_when_its_sink_closes_the_connection()
  close_in_the_midst(self, 100000)
end

function TestPg:test_copy_out_ends_when_its_sink_closes_the_connection_at_the_last_rows()
  close_in_the_midst(self, 1)
end

function TestPg:test_copy_within_a_copy_is_refused()
  self.conn:script("create table t (id int)")
  local done, inner = false, nil
  local count = self.conn:copy_in("copy t from stdin", function()
    inner = table.pack(pcall(self.conn.copy_out, self.conn, "copy t to stdout", print))
    done = not done
    return done and "1\n" or nil
  end)
  lu.assertEquals(count, 1)
  lu.assertIs(inner[1], false)
  lu.assertStrContains(inner[2], "the connection is busy with another query")
end

function TestPg:test_copy_refuses_the_other_direction()
  lu.assertErrorMsgContains("not a COPY", self.conn.copy_in, self.conn, "copy (select 1) to stdout", "x")
  lu.assertErrorMsgContains("not a COPY", self.conn.copy_out, self.conn, "select 1", print)
  lu.assertEquals(self.conn:status(), "idle")
end

function TestPg:test_a_terminated_session_says_why()
  self.database:query("select pg_terminate_backend($1)", { self.conn:info().pid })
  local result, _, code, detail = self.conn:query("select 1")
  lu.assertNil(result)
  lu.assertEquals({ code, detail.lost }, { "57P01", true })
  lu.assertEquals(self.conn:status(), "closed")
end

function TestPg:test_notices_reach_the_callback()
  local seen = {}
  self.conn:on_notice(function(notice)
    seen[#seen + 1] = notice.severity .. " " .. notice.message
    error("a failing callback is no one's business")
  end)
  self.conn:query("do $$ begin raise notice 'one'; raise warning 'two'; end $$")
  lu.assertEquals(seen, { "NOTICE one", "WARNING two" })
end

function TestPg:test_a_notice_callback_cannot_close_its_connection()
  local message
  self.conn:on_notice(function()
    message = select(2, pcall(self.conn.close, self.conn))
  end)
  self.conn:script("do $$ begin raise notice 'hello'; end $$")
  lu.assertStrContains(message, "cannot be closed while it tells a notice")
  lu.assertEquals(self.conn:query("select 1 as one")[1].one, 1)
end

function TestPg:test_on_wait_is_called_while_a_query_runs()
  local calls, waited, gate = 0, 0, self.database:gate()
  self.conn:on_wait(function(seconds)
    calls, waited = calls + 1, seconds
    if calls == 3 then gate.open() end
    error("a failing callback is no one's business")
  end, 0.05)
  lu.assertEquals(self.conn:script(gate.sql .. "select 1 as one")[2][1].one, 1)
  lu.assertTrue(calls >= 3, calls)
  lu.assertTrue(waited >= 0.15, waited)
  local before = calls
  self.conn:on_wait(nil)
  self.conn:query("select pg_sleep(0.2)")
  lu.assertEquals(calls, before)
  lu.assertErrorMsgContains("0 seconds", self.conn.on_wait, self.conn, print, 0)
end

function TestPg:test_on_wait_may_ask_another_connection()
  local other <close> = assert(pg.connect(self.database.params))
  local gate, seen = self.database:gate(), false
  self.conn:on_wait(function(seconds)
    local state = other:query("select state from pg_stat_activity where pid = $1", { self.conn:info().pid })[1].state
    if not seen and (state == "active" or seconds > 60) then gate.open() end
    seen = seen or state == "active"
  end, 0.05)
  assert(self.conn:query(gate.sql))
  lu.assertTrue(seen)
end

function TestPg:test_cancel_ends_the_running_query()
  self.conn:on_wait(function() self.conn:cancel() end, 0.05)
  local result, message, code = self.conn:query("select pg_sleep(30)")
  lu.assertNil(result)
  lu.assertStrContains(message, "canceling statement")
  lu.assertEquals(code, "57014")
  self.conn:on_wait(nil)
  lu.assertEquals(self.conn:query("select 1 as one")[1].one, 1)
end

function TestPg:test_an_interruption_in_on_wait_cancels_the_query()
  self.conn:on_wait(function() interrupt.trigger(2) end, 0.05)
  local started = clock.monotonic()
  local ok = interrupt.catch(function() self.conn:query("select pg_sleep(30)") end)
  lu.assertFalse(ok)
  lu.assertTrue(clock.monotonic() - started < 25)
  lu.assertEquals(self.conn:status(), "idle")
end

function TestPg:test_escapes_are_the_servers()
  lu.assertEquals(self.conn:identifier('we"ird'), '"we""ird"')
  lu.assertEquals(self.conn:literal("it's \\ x"), " E'it''s \\\\ x'")
  local list = { "a", 'q"\\', pg.null, 3, 0.5, true }
  local row = self.conn:query([[select ($1::text[])[2] as q, ($1::text[])[3] is null as n,
    array_length($1::text[], 1) as len]], { pg.array(list) })[1]
  lu.assertEquals(row, { q = 'q"\\', n = true, len = 6 })
end

function TestPg:test_connect_failures_carry_a_sqlstate()
  local params = self.database.params
  local cases = {
    { { host = params.host, port = params.port, user = "postgres", dbname = "no_such_db" }, "3D000", "does not exist" },
    { { host = params.host, port = params.port, user = "no_such_role", dbname = "postgres" }, "28000", "no_such_role" },
    { { host = "127.0.0.1", port = "1", user = "x" }, "08001", "refused" },
    { { host = "/nowhere", port = "5432" }, "08001", "No such file" },
  }
  for _, case in ipairs(cases) do
    local conn, message, code = pg.connect(case[1], 5)
    lu.assertNil(conn)
    lu.assertEquals(code, case[2])
    lu.assertStrContains(message, case[3])
    lu.assertNotStrContains(message, "LOCATION")
  end
end

function TestPg:test_a_closed_connection_can_be_closed_again_but_not_used()
  self.conn:close()
  self.conn:close()
  lu.assertEquals(self.conn:status(), "closed")
  lu.assertErrorMsgContains("closed", self.conn.query, self.conn, "select 1")
end

return TestPg
