--- Tests what the prompt's history keeps, where, and what it must not.
local lu = require("luaunit")
local fs = require("tilth.fs")
local history = require("tilth.repl.history")
local temp = require("support.temp")

local TestReplHistory = {}

function TestReplHistory:test_the_place_is_the_state_folder()
  lu.assertEquals(history.path({ XDG_STATE_HOME = "/s", HOME = "/h" }), "/s/tilth/history")
  lu.assertEquals(history.path({ HOME = "/h" }), "/h/.local/state/tilth/history")
  lu.assertEquals(history.path({ XDG_STATE_HOME = "relative", HOME = "/h" }), "/h/.local/state/tilth/history")
  lu.assertNil(history.path({}))
end

function TestReplHistory:test_entries_outlive_the_session()
  local path = temp.folder("state"):join("deep/tilth/history")
  local first = history.open(fs, path)
  lu.assertTrue(first:add("select 1;"))
  lu.assertTrue(first:add("x = [[a\nb\\n]]"))
  lu.assertFalse(first:add("x = [[a\nb\\n]]"))
  lu.assertFalse(first:add("  "))
  lu.assertEquals(history.open(fs, path).entries, { "select 1;", "x = [[a\nb\\n]]" })
end

function TestReplHistory:test_only_this_user_can_read_it()
  local path = temp.folder("state"):join("tilth/history")
  history.open(fs, path):add("select 1;")
  lu.assertEquals(fs.stat(path).mode & 511, 384)
  lu.assertEquals(fs.stat(path:match("^(.*)/")).mode & 511, 448)
end

function TestReplHistory:test_secrets_are_not_kept()
  local path = temp.folder("state"):join("tilth/history")
  local kept = history.open(fs, path)
  for _, entry in ipairs({
    "x = 'postgresql://user:geheim@host/db'", "connect(\"postgres://:geheim@h\")", "alter role a PASSWORD 'geheim';",
    "create user x with encrypted password 'geheim';",
  }) do
    lu.assertFalse(kept:add(entry), entry)
  end
  lu.assertTrue(kept:add("select 'postgresql://host/db'"))
  lu.assertNotStrContains(fs.read(path), "geheim")
  lu.assertEquals(#kept.entries, 5)
end

function TestReplHistory:test_it_does_not_grow_without_end()
  local folder, lines = temp.folder("state"), {}
  for i = 1, 2500 do lines[i] = "line " .. i end
  local path = folder:write("history", table.concat(lines, "\n") .. "\n", 384)
  local kept = history.open(fs, path)
  lu.assertEquals(#kept.entries, 2000)
  lu.assertEquals(kept.entries[2000], "line 2500")
  lu.assertEquals(select(2, fs.read(path):gsub("\n", "")), 2000)
end

function TestReplHistory:test_a_place_that_cannot_be_written_is_no_failure()
  local kept = history.open(fs, "/proc/nowhere/history")
  lu.assertFalse(kept:add("select 1;"))
  lu.assertEquals(kept.entries, { "select 1;" })
  lu.assertFalse(history.open(fs, nil):add("select 1;"))
end

return TestReplHistory
