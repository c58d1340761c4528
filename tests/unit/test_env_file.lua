--- Values of every kind, written into a .env file and read back.
local lu = require("luaunit")

local dotenv = require("tilth.dotenv")
local env_file = require("tilth.env_file")

local TestEnvFile = {}

local NASTY <const> = {
  "", "plain", "with space", " edges ", "a#b", "# not a comment", "it's", "say \"hi\"", "back`tick", "it's \"both\"", "'single'",
  "\"double\"",
  "C:\\dir\\new", "C:\\", "C:\\dir with space\\", "tab\there", "line\nbreak", "line\r\nbreak", "\n", "ends in newline\n", "a=b", "=",
  "a: b",
  "it's\n\"two\"\nlines", "-----BEGIN KEY-----\nabc+/=\n-----END KEY-----\n", "{\"json\": \"it's `x`\"}", "export X=1",
  "\\n is not a newline",
  "caf\u{e9} \u{1f600}", "%s %1 %%", "&amp;|;<>()!*?[]{}~", "x\\", "\\'", "\\\"", "'\\", "postgresql://u:p%23w@h:5432/d?schema=public&x=1",
}

local function expand_as_next(text)
  return (text:gsub("\\%$", "$"))
end

function TestEnvFile:test_every_nasty_value_reads_back()
  for _, value in ipairs(NASTY) do
    local text = assert(env_file.merge("BEFORE='x'\n", { { name = "A", value = value } }, "dotenv"))
    text = text .. "AFTER=\"it is 'x'\" # said 'so'\n"
    lu.assertEquals(dotenv.parse(text), { BEFORE = "x", A = value, AFTER = "it is 'x'" }, text)
  end
end

function TestEnvFile:test_all_nasty_values_in_one_file_read_back()
  local variables, expected = {}, {}
  for index, value in ipairs(NASTY) do
    variables[index] = { name = "V" .. index, value = value }
    expected["V" .. index] = value
  end
  lu.assertEquals(dotenv.parse((assert(env_file.merge("", variables, "next")))), expected)
end

function TestEnvFile:test_dollars_are_escaped_for_next_alone()
  for _, value in ipairs({ "$", "a$b", "${A}", "\\$x", "pa$$word", "it's $5 # x", "$\n$", "x$" }) do
    local escaped = dotenv.parse("A=" .. assert(env_file.quote(value, "next"))).A
    lu.assertNil(escaped:gsub("\\%$", ""):find("$", 1, true), value)
    lu.assertEquals(expand_as_next(escaped), value)
    lu.assertEquals(dotenv.parse("A=" .. assert(env_file.quote(value, "dotenv"))).A, value)
  end
end

function TestEnvFile:test_value_without_a_form_fails_without_showing_it()
  local text, message, code, detail = env_file.merge("", { { name = "A", value = "hush'\"`\nhush" } }, "next")
  lu.assertNil(text)
  lu.assertStrContains(message, "A cannot be written: dotenv has no form for it")
  lu.assertNotStrContains(message, "hush")
  lu.assertEquals(code, "config")
  lu.assertStrContains(detail.advice, "base64")
end

-- Each case: the file, the variables, the file that comes out.
local MERGES <const> = {
  { "", { A = "1" }, "A=1\n" },
  { "# c\nB=2\n", { A = "1" }, "# c\nB=2\nA=1\n" },
  { "B=2", { A = "1" }, "B=2\nA=1\n" },
  { "A=0\nB=2\n", { A = "1" }, "A=1\nB=2\n" },
  { "A=0 # why\n", { A = "1" }, "A=1 # why\n" },
  { "A='0' # why\n", { A = "x y" }, "A='x y' # why\n" },
  { "export A=0\n", { A = "1" }, "export A=1\n" },
  { "  A: 0\n", { A = "1" }, "  A=1\n" },
  { "A=0\n# mid\nA=9\nB=2\n", { A = "1" }, "A=1\n# mid\nB=2\n" },
  { "A=\"x\ny\"\nB=2\n", { A = "1" }, "A=1\nB=2\n" },
  { "A=0\r\nB=2\r\n", { A = "1" }, "A=1\r\nB=2\r\n" },
  { "\xEF\xBB\xBFA=0\n", { A = "1" }, "A=1\n" },
  { "A=\nB=2\n", { A = "1" }, "A=1\nB=2\n" },
  { "not a line\nA=0\n", { A = "1" }, "not a line\nA=1\n" },
}

function TestEnvFile:test_merge_keeps_the_rest_of_the_file()
  for index, case in ipairs(MERGES) do
    local variables = {}
    for name, value in pairs(case[2]) do
      variables[#variables + 1] = { name = name, value = value }
    end
    lu.assertEquals((env_file.merge(case[1], variables, "next")), case[3], "case " .. index)
  end
end

function TestEnvFile:test_merge_says_what_became_of_each_name()
  local _, names = env_file.merge("A=0\nB=2\nC=3\n", {
    { name = "A", value = "1" }, { name = "B", value = "2" }, { name = "D", value = "4" },
  }, "next")
  lu.assertEquals(names, { replaced = { "A" }, same = { "B" }, added = { "D" }, kept = { "C" } })
end

function TestEnvFile:test_merge_refuses_a_file_that_would_swallow_the_new_line()
  local text, message, code = env_file.merge("B='open\nC=2\n", { { name = "A", value = "#hush" } }, "dotenv")
  lu.assertNil(text)
  lu.assertStrContains(message, "a quote that is never closed")
  lu.assertNotStrContains(message, "hush")
  lu.assertEquals(code, "config")
end

function TestEnvFile:test_merge_fails_on_a_file_that_is_no_text()
  local text, message, code, detail = env_file.merge("A=1\nB=\0", { { name = "A", value = "1" } }, "next")
  lu.assertNil(text)
  lu.assertStrContains(message, "NUL")
  lu.assertEquals(code, "config")
  lu.assertEquals(detail.line, 2)
end

return TestEnvFile
