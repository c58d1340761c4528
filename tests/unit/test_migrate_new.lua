--- tilth.migrate.new: names of new migrations.
local lu = require("luaunit")

local new = require("tilth.migrate.new")

local TestMigrateNew = {}

function TestMigrateNew:test_slugs_are_prismas()
  local cases = {
    ["Add Post & été — Foo.Bar_baz"] = "add_post_and_ete_foo_bar_baz", ["addUserTable"] = "add_user_table", ["  x  "] = "x", ["é"] = "e",
    ["add-index"] = "add_index", [""] = "", ["???"] = "", ["Größe ändern"] = "groesse_aendern", ["v2 HTTPServer"] = "v2_http_server",
  }
  for name, slug in pairs(cases) do
    lu.assertEquals(new.slug(name), slug, name)
  end
end

function TestMigrateNew:test_long_names_are_cut()
  lu.assertEquals(#new.slug(("a"):rep(300)), 200)
end

function TestMigrateNew:test_folder_begins_with_the_time()
  lu.assertEquals(new.folder_name("2026-11-22T10:20:30.123Z", "Add orders"), "20261122102030_add_orders")
  lu.assertEquals(new.folder_name("2026-11-22T10:20:30.123Z", "!"), "20261122102030")
end

return TestMigrateNew
