--- Tests what Tab offers, from names that are given.
local lu = require("luaunit")
local complete = require("tilth.repl.complete")

local TestReplComplete = {}

local TABLES <const> = { "User", "orders", "order_items" }
local COLUMNS <const> = { User = { "id", "email", "createdAt" }, orders = { "id", "total" } }

local function context(more)
  local made = {
    environment = {
      db = setmetatable({ name = "x" }, { __index = { query = print, quote = print, __close = print } }),
      tables = print, string = string, table = table,
    },
    modules = { "tilth.fs", "tilth.flow", "tilth.json" },
    names = function(kind, owner)
      if kind == "column" then return COLUMNS[owner] or {} end
      return kind == "model" and { "User", "orders", "order_items", "Order" } or TABLES
    end,
    is_known = function() return false end, width = 40,
  }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

function TestReplComplete:test_candidates()
  for _, case in ipairs({
    { "tab", { "table", "tables" } }, { "db:", { "query", "quote" } }, { "db.", { "name", "query", "quote" } },
    { "db:qu", { "query", "quote" } }, { "string.re", { "rep", "reverse" } },
    { 'require("tilth.f', { "tilth.flow", "tilth.fs" } }, { "require 'tilth.j", { "tilth.json" } },
    { 'db:upsert("Us', { "User" } }, { 'describe("o', { "Order", "order_items", "orders" } }, { "\\d Us", { "User" } },
    { "\\", { "?", "d", "d+", "dt", "h", "q", "timing", "x" } }, { "\\d", { "d", "d+", "dt" } }, { "\\ti", { "timing" } },
    { "x = whi", { "while" } }, { "nothing.here", {} },
    { "select * from or", { "order_items", "orders" } },
    { "select or", { "or", "order", "order_items", "orders" } }, { "select * from Us", { '"User"' } },
    { 'select * from "U', { '"User"' } }, { "update orders set to", { "total" } },
    { "SEL", { "SELECT" } }, { "upda", { "update" } }, { "table", { "table", "tables" } },
    { "select * from orders wh", { "when", "where" } },
    { "select orders.t", { "total" } }, { 'select * from "User" u where u.cr', { '"createdAt"' } },
    { "INSERT INT", { "INTERSECT", "INTO" } }, { "select crea", { '"createdAt"', "create" } },
  }) do
    lu.assertEquals(complete.candidates(case[1], #case[1], context()), case[2], case[1])
  end
end

function TestReplComplete:test_columns_know_the_alias_behind_the_cursor()
  local line = 'select u.e from "User" u'
  lu.assertEquals(complete.candidates(line, #"select u.e", context()), { "email" })
end

function TestReplComplete:test_earlier_lines_count()
  lu.assertEquals(complete.candidates("from ord", 8, context({ so_far = "select *\n" })), { "order_items", "orders" })
end

function TestReplComplete:test_tab_replaces_lists_or_does_nothing()
  lu.assertEquals({ complete.tab("select * from Us", 16, context()) }, { '"User"', nil, 2 })
  lu.assertEquals({ complete.tab("select * from orders w", 22, context()) }, { nil, "when   where  with" })
  lu.assertEquals({ complete.tab("string.re", 9, context()) }, { nil, "rep      reverse" })
  lu.assertEquals({ complete.tab("zzz", 3, context()) }, {})
  lu.assertEquals({ complete.tab("  ", 2, context()) }, { "  " })
end

function TestReplComplete:test_fields_are_found_without_calling_anything()
  local called = false
  local environment = setmetatable({}, { __index = function() called = true end })
  lu.assertEquals(complete.candidates("lazy.fi", 7, context({ environment = environment })), {})
  lu.assertFalse(called)
end

return TestReplComplete
