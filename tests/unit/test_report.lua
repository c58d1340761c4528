--- Tests what the report writes where, and that it hides secrets.
local lu = require("luaunit")
local json = require("tilth.core.json")
local report = require("tilth.report")

local TestReport = {}

local function new(options)
  local out, err = {}, {}
  options = options or {}
  options.out = function(text) out[#out + 1] = text end
  options.err = function(text) err[#err + 1] = text end
  return report.new(options), out, err
end

function TestReport:test_progress_goes_to_standard_output()
  local made, out, err = new()
  made:progress("working")
  made:done("worked", 0.0123)
  lu.assertEquals(out, { "working\n", "worked (12 ms)\n" })
  lu.assertEquals(err, {})
end

function TestReport:test_with_json_standard_output_holds_the_document_alone()
  local made, out, err = new({ json = true })
  made:progress("working")
  made:json_document("{}")
  lu.assertEquals(out, { "{}\n" })
  lu.assertEquals(err, { "working\n" })
end

function TestReport:test_aside_leaves_standard_output_to_results()
  local made, out, err = new()
  local aside = made:aside()
  aside:hide("s3cr3t-pw")
  aside:progress("working")
  aside:warn("odd")
  made:text("s3cr3t-pw")
  lu.assertEquals({ out, #err, err[1], made.warnings }, { { "***\n" }, 2, "working\n", { "odd" } })
end

function TestReport:test_secrets_are_hidden_everywhere()
  local made, out, err = new()
  made:hide("s3cr3t-pw")
  made:progress("the password s3cr3t-pw twice s3cr3t-pw")
  made:warn("s3cr3t-pw")
  made:error("s3cr3t-pw", "s3cr3t-pw")
  made:json_document("s3cr3t-pw")
  lu.assertNotStrContains(table.concat(out) .. table.concat(err), "s3cr3t")
  lu.assertEquals(made.warnings, { "***" })
end

function TestReport:test_secrets_are_hidden_as_json_writes_them()
  local made, out = new({ json = true })
  made:hide('p"w\\d\t')
  made:json_document(json.encode({ message = 'the password is p"w\\d\t.' }))
  lu.assertEquals(out, { '{"message":"the password is ***."}\n' })
end

function TestReport:test_quiet_keeps_warnings()
  local made, out = new({ quiet = true })
  made:progress("x")
  made:note("x")
  made:done("x")
  made:status("x")
  made:warn("careful")
  lu.assertEquals(out, { "warning: careful\n" })
end

function TestReport:test_status_is_one_line_on_a_terminal_and_silent_elsewhere()
  local made, out = new({ terminal = true, width = 40 })
  made:status(("long "):rep(20))
  made:status(nil)
  lu.assertEquals(#out, 2)
  lu.assertTrue(#out[1] <= 44)
  lu.assertEquals(out[2], "\r\27[K")
  local plain, lines = new()
  plain:status("x")
  lu.assertEquals(lines, {})
end

function TestReport:test_embedding_program_is_told_in_plain_text()
  local said, counted = {}, {}
  local made = new({
    color = true,
    said = function(level, text) said[#said + 1] = level .. ": " .. text end,
    counted = function(label, count, total) counted[#counted + 1] = { label, count, total } end,
  })
  made:hide("geheimnis")
  made:progress("working")
  made:done("worked", 0.25)
  made:note("so")
  made:warn("careful with geheimnis")
  made:error("broken", "mend it")
  lu.assertTrue(made:is_due())
  made:status("waiting")
  made:status(nil)
  made:bar("rows", 10):set(3)
  lu.assertEquals(said, { "info: working", "done: worked (250 ms)", "note: so", "warning: careful with ***", "error: broken",
    "status: waiting", "status: " .. said[7]:sub(9) })
  lu.assertStrContains(said[7], "rows [")
  lu.assertEquals(counted, { { "rows", 3, 10 } })
end

function TestReport:test_quiet_report_tells_warnings_and_errors_alone()
  local said = {}
  local made = new({ quiet = true, said = function(level) said[#said + 1] = level end })
  made:progress("working")
  made:done("worked", 1)
  made:note("so")
  made:status("waiting")
  made:warn("careful")
  made:error("broken")
  lu.assertEquals(said, { "warning", "error" })
end

function TestReport:test_durations_read_naturally()
  lu.assertEquals(report.duration(0.0004), "0 ms")
  lu.assertEquals(report.duration(0.25), "250 ms")
  lu.assertEquals(report.duration(12.34), "12.3 s")
  lu.assertEquals(report.duration(125), "2 min 5 s")
  lu.assertEquals(report.duration(60.04), "1 min 0 s")
  lu.assertEquals(report.duration(119.7), "2 min 0 s")
end

function TestReport:test_tables_align_numbers_right_and_count_characters()
  lu.assertEquals(report.table({ "name", "n" }, { { "é", 5 }, { "long name", 123 } }),
    "name       n\n---------  ---\né            5\nlong name  123")
end

return TestReport
