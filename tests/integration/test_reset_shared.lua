--- Several projects in one database, each with a schema of its own: what one resets, undoes and purges is its own.
local lu = require("luaunit")

local TestResetShared = {}

local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local MIGRATIONS <const> = { { "20240101000000_one", "create table a (id serial primary key, t text);" } }
local SLOW <const> = { "20240102000000_slow", "create table b (id int);\nselect pg_sleep(60);" }
local SIGKILL <const> = 9

function TestResetShared:setUp()
  self.base = database.new()
  self.folder = project.new({ migrations = MIGRATIONS })
  for _, schema in ipairs({ "one", "two" }) do
    self:run(schema, { "flow", "--no-build" })
    self.base:query(("insert into %s.a (t) values ('kept')"):format(schema))
  end
end

function TestResetShared:tearDown()
  self.base:close()
end

function TestResetShared:options(schema, args, folder)
  return { args = args, cwd = (folder or self.folder).path, env = {
    DATABASE_URL = ("postgresql://postgres@localhost/%s?host=%s&schema=%s"):format(self.base.name, self.base.params.host, schema),
  } }
end

function TestResetShared:run(schema, args, exit)
  local result = program.run(self:options(schema, args))
  lu.assertEquals(result.status, exit or 0, result.text)
  return result
end

function TestResetShared:kept(schema)
  return self.base:value(("select count(*) from %s.a where t = 'kept'"):format(schema))
end

function TestResetShared:bins()
  return self.base:value("select count(*) from pg_namespace where nspname like 'tilth\\_bin\\_%'")
end

function TestResetShared:test_the_reset_of_one_leaves_the_bin_of_the_other()
  self:run("one", { "reset", "--force" })
  self:run("two", { "reset", "--force" })
  self:run("two", { "reset", "--force" })
  lu.assertEquals(self:bins(), 2)
  self:run("one", { "reset", "undo", "--force" })
  lu.assertEquals({ self:kept("one"), self:kept("two") }, { 1, 0 })
end

function TestResetShared:test_undo_takes_the_newest_of_its_own()
  self:run("one", { "reset", "--force" })
  self:run("two", { "reset", "--force" })
  self:run("one", { "reset", "undo", "--force" })
  lu.assertEquals({ self:kept("one"), self:kept("two") }, { 1, 0 })
end

function TestResetShared:test_undo_and_purge_without_a_number_leave_the_other_alone()
  self:run("one", { "reset", "--force" })
  local result = self:run("two", { "reset", "undo", "--force" }, 2)
  lu.assertStrContains(result.stderr, "nothing in the bin of two")
  lu.assertStrContains(self:run("two", { "reset", "purge", "--force" }).stdout, "nothing in the bin")
  lu.assertEquals({ self:bins(), self:kept("two") }, { 1, 1 })
  self:run("two", { "reset", "undo", "1", "--force" })
  lu.assertEquals({ self:kept("one"), self:kept("two") }, { 1, 1 })
end

function TestResetShared:test_a_reset_that_was_killed_waits_for_a_run_of_its_own()
  local slow = project.new({ migrations = { MIGRATIONS[1], SLOW } })
  do
    local child <close> = program.start(self:options("one", { "reset", "--force" }, slow))
    child:wait_for("Reset: one")
    child:signal(SIGKILL)
    child:wait()
  end
  local other = self:run("two", { "migrate", "deploy" })
  lu.assertNotStrContains(other.text, "cut short")
  lu.assertEquals(self.base:value("select state from tilth.resets"), "open")
  lu.assertStrContains(self:run("one", { "migrate", "deploy" }).text, "one is as before it")
  lu.assertEquals({ self:kept("one"), self:kept("two") }, { 1, 1 })
end

function TestResetShared:test_without_its_ledger_the_bins_are_named_with_the_way_back()
  self:run("one", { "reset", "--force" })
  local name = self.base:value("select nspname from pg_namespace where nspname like 'tilth\\_bin\\_%'")
  self.base:script("set client_min_messages = warning; drop schema tilth cascade")
  for _, verb in ipairs({ "undo", "purge" }) do
    local result = self:run("one", { "reset", verb, "--force" }, 2)
    lu.assertStrContains(result.stderr, "These bins are there: " .. name)
  end
  local listed = self:run("one", { "reset", "list" }).stdout
  lu.assertStrContains(listed, name .. " (2 tables")
  local sql = listed:match("BEGIN; .- COMMIT;")
  lu.assertNotNil(sql, listed)
  self.base:script(sql)
  lu.assertEquals(self:kept("one"), 1)
  lu.assertEquals(program.json(self:options("one", { "reset", "list" })).unknown, {})
end

return TestResetShared
