--- The ledger's pure parts: SQL text, what is written down, reading the answer.
local lu = require("luaunit")

local TestLedger = {}

local json = require("tilth.json")
local queries = require("tilth.ledger.queries")
local schema = require("tilth.ledger.schema")
local state = require("tilth.ledger.state")
local summary = require("tilth.ledger.summary")

function TestLedger:test_literal_quotes_whatever_comes()
  local cases = { { nil, "NULL" }, { "", "''" }, { "a'b", "'a''b'" }, { "a\\b", " E'a\\\\b'" },
    { "\\'", " E'\\\\'''" }, { "100%", "'100%'" } }
  for _, case in ipairs(cases) do
    lu.assertEquals(queries.literal(case[1]), case[2])
  end
end

function TestLedger:test_observe_is_one_statement_and_keeps_odd_names_inside()
  local sql = queries.observe({ kind = "amplify", app = "a%d'; drop schema public; --", branch = "%s" })
  lu.assertStrContains(sql, "drop schema public")
  lu.assertNil(sql:find("[^']'; drop"))
  lu.assertTrue(#queries.observe(nil, true) < #sql)
end

function TestLedger:test_text_of_xml_brings_back_what_was_escaped()
  local cases = {
    { nil, nil }, { "<row>\n</row>", nil }, { "<row><j>{}</j></row>", "{}" },
    { '<row xmlns:xsi="x">\n  <j>{"a":"&lt;&amp;lt;&gt;\n"}</j>\n</row>', '{"a":"<&lt;>\n"}' },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(state.text_of_xml(case[1]), case[2])
  end
end

function TestLedger:test_read_tells_a_missing_ledger_from_a_closed_one()
  local absent = state.read({ found = false, readable = false, writable = false, may_create = true })
  lu.assertFalse(absent.exists)
  lu.assertTrue(absent.may_create)
  lu.assertEquals(absent.open, {})
  local closed = state.read({ found = true, readable = false, writable = false, may_create = false })
  lu.assertTrue(closed.exists)
  lu.assertFalse(closed.readable)
end

function TestLedger:test_read_finds_the_reset_that_is_open()
  local row = { found = true, readable = true, writable = true, may_create = true, state = [[<row><j>{"version":1,"environment":null,
"resets":[{"id":3,"state":"done"},{"id":4,"state":"open"}],"seeds":[{"name":"x","sha256":"y"}]}</j></row>]] }
  local ledger = state.read(row)
  lu.assertEquals(ledger.open_reset.id, 4)
  lu.assertNil(ledger.environment)
  lu.assertEquals(ledger.seeds.x.sha256, "y")
end

function TestLedger:test_read_says_when_the_answer_is_broken()
  local ledger, message, code = state.read({ found = true, readable = true, state = "<row><j>{</j></row>" })
  lu.assertNil(ledger)
  lu.assertStrContains(message, "cannot read tilth's ledger")
  lu.assertEquals(code, "failed")
end

function TestLedger:test_summary_writes_down_names_and_never_values()
  local text = json.encode({
    summary.plan({ actions = { { kind = "seed_command", argv = { "node", "--password=secret" }, text = "secret", name = "seed" } } }),
    summary.flags({ reset = { set = true, meant = true, value = "secret" }, confirm = "secret" }),
    summary.outcome({ ok = false, steps = { { kind = "seed", stdout = "secret",
      tables = { { table = "a", inserted = 1, sql = "secret" } } } },
      error = { message = "bad secret", code = "P3018", detail = { detail = "secret" } } },
      function(s) return (s:gsub("secret", "***")) end),
  })
  lu.assertNotStrContains(text, "secret")
  lu.assertStrContains(text, "P3018")
  lu.assertStrContains(text, "***")
end

function TestLedger:test_summary_cuts_long_errors_between_characters()
  local short = summary.outcome({ ok = false, error = { message = ("ä"):rep(3000) } })
  lu.assertTrue(#short.error.message <= 2000)
  lu.assertNotNil(utf8.len(short.error.message))
end

function TestLedger:test_status_is_the_word_for_the_outcome()
  local cases = { { { ok = true }, "done" }, { { ok = false, error = { code = "42P01" } }, "failed" },
    { { ok = false, refused = "x" }, "refused" },
    { { ok = false, error = { code = "unsafe" } }, "refused" }, { { ok = false, error = { code = "interrupted" } }, "interrupted" } }
  for _, case in ipairs(cases) do
    lu.assertEquals(summary.status(case[1]), case[2])
  end
end

function TestLedger:test_upgrade_goes_from_where_the_ledger_is()
  lu.assertStrContains(schema.upgrade_sql(0), "create schema if not exists tilth")
  lu.assertNotStrContains(schema.upgrade_sql(schema.version), "create table")
  lu.assertErrorMsgContains("version must be", schema.upgrade_sql, -1)
end

return TestLedger
