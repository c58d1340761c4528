--- tilth.config.lua: what it may hold and what it may do.
local lu = require("luaunit")

local config = require("tilth.config")

local TestConfig = {}

function TestConfig:test_load_gives_the_table()
  local value = config.load([[
local days = 3
return {
  branches = { main = "production" }, protected = true, reset = { stale = "refuse", keep = 2 },
  seed = { check = true, timeout = "2min" }, build = { "make", "site" }, migrate = { lock_timeout = "500ms", budget = 60 },
  seeds = "db/seeds", migrations = "db/m", schema = "db/s.prisma", checks = { function(observed, plan) return {} end },
  severities = { ["flag-meant"] = { severity = "note", reason = "we say yes" } }, limits = { reset_quiet_days = days },
}]], "tilth.config.lua")
  lu.assertEquals(value.reset, { stale = "refuse", keep = 2 })
  lu.assertEquals(value.limits.reset_quiet_days, 3)
  lu.assertEquals(value.checks[1](), {})
end

function TestConfig:test_load_passes_over_a_byte_order_mark()
  lu.assertEquals(config.load("\u{FEFF}return { protected = true }", "tilth.config.lua"), { protected = true })
  local _, message = config.load("\u{FEFF}\nreturn {", "tilth.config.lua")
  lu.assertStrContains(message, "tilth.config.lua:2:")
end

-- Each case: text, part of the message, line or nil.
local BROKEN <const> = {
  { "return { a", "expected near", 1 },
  { "return 5", "must return a table, not number" },
  { "return", "must return a table, not nil" },
  { "\nerror(\"my reason\")", "my reason", 2 },
  { "x = 1\nreturn {}", "may not set the global \"x\"", 1 },
  { "return { a = os.getenv(\"A\") }", "\"os\" is not there", 1 },
  { "local f = io.open(\"x\") return {}", "\"io\" is not there", 1 },
  { "require(\"tilth.db\") return {}", "\"require\" is not there", 1 },
  { "load(\"x = 1\")() return {}", "\"load\" is not there", 1 },
  { "setmetatable({}, {}) return {}", "\"setmetatable\" is not there", 1 },
  { "return { protectd = true }", "unknown key \"protectd\". Did you mean \"protected\"?" },
  { "return { reset = { kep = 1 } }", "unknown key \"reset.kep\". Did you mean \"keep\"?" },
  { "return { 5 }", "unknown key \"1\"" },
  { "return { reset = true }", "\"reset\" must be a table" },
  { "return { reset = { keep = 1.5 } }", "\"reset.keep\" must be a whole number" },
  { "return { reset = { ties = \"cut\" } }", "must be \"refuse\" or \"keep\"" },
  { "return { reset = { stale = \"no\" } }", "must be \"refuse\", \"skip\" or \"reset\"" },
  { "return { protected = \"true\" }", "\"protected\" must be true or false" },
  { "return { build = {} }", "must be a command" },
  { "return { build = { 1 } }", "must be a command" },
  { "return { migrate = { lock_timeout = \"5 parsecs\" } }", "must be a duration" },
  { "return { branches = { \"main\" } }", "must map branch names" },
  { "return { branches = {}, environments = {} }", "mean the same" },
  { "return { checks = { 1 } }", "[1] must be a function" },
  { "return { severities = { x = { severity = \"off\" } } }", "needs a reason" },
  { "return { severities = { x = \"off\" } }", "must map check ids" },
  { "return { seeds = \"\" }", "must be a string that is not empty" },
  { "return { limits = { memroy = 5 } }", "unknown key \"limits.memroy\". Did you mean \"memory\"?" },
  { "return { limits = { memory = true } }", "\"limits.memory\" must be a size" },
  { "return { limits = { reset_bytes = \"20GB\" } }", "\"limits.reset_bytes\" must be a number" },
}

function TestConfig:test_load_fails_with_the_file_and_the_reason()
  for index, case in ipairs(BROKEN) do
    local value, message, code, detail = config.load(case[1], "/p/tilth.config.lua")
    lu.assertNil(value, "case " .. index)
    lu.assertStrContains(message, "/p/tilth.config.lua:")
    lu.assertStrContains(message, case[2])
    lu.assertEquals(code, "config")
    lu.assertEquals(detail.line, case[3], "case " .. index)
  end
end

function TestConfig:test_load_names_the_first_of_several_faults()
  for text, named in pairs({
    ["return { zz = 1, yy = 1, xx = 1, ww = 1, vv = 1, uu = 1 }"] = "unknown key \"uu\"",
    ["return { seeds = 1, migrations = 1, protected = 1, build = 1 }"] = "\"build\" must be",
    ["return { severities = { d = { severity = \"off\" }, c = { severity = \"off\" }, b = { severity = \"off\" } } }"] = "[\"b\"] needs",
  }) do
    lu.assertStrContains(select(2, config.load(text, "c")), named)
  end
end

function TestConfig:test_load_ends_a_loop_that_has_no_end()
  for _, text in ipairs({ "while true do end", "local function f() return f() end\nreturn f()" }) do
    local value, message, code, detail = config.load(text, "/p/tilth.config.lua")
    lu.assertEquals({ value, code, detail.file }, { nil, "config", "/p/tilth.config.lua" })
    lu.assertStrContains(message, "/p/tilth.config.lua: it ran more than 100 million instructions: is there a loop without an end?")
  end
  lu.assertEquals(config.load("local sum = 0 for i = 1, 1e6 do sum = sum + i end return { limits = { instructions = sum } }", "c").limits,
    { instructions = 500000500000 })
end

function TestConfig:test_load_refuses_compiled_code()
  local value, _, code = config.load(string.dump(function() return {} end), "c")
  lu.assertNil(value)
  lu.assertEquals(code, "config")
end

function TestConfig:test_load_gives_copies_of_the_libraries()
  local before = string.format
  lu.assertNotNil(config.load("string.format = nil return {}", "c"))
  lu.assertIs(string.format, before)
end

return TestConfig
