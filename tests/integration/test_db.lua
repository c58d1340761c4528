--- Sessions: values, transactions within transactions, settings that outlast the connection.
local lu = require("luaunit")

local database = require("support.database")
local db = require("tilth.db")

local TestDb = {}

local function open(self, options)
  return assert(db.connect({ params = self.database.params, database = self.database.name, schema = "public" }, options))
end

function TestDb:setUp()
  self.database = database.new()
  self.db = open(self)
  assert(self.db:script("create table t (id int primary key)"))
end

function TestDb:tearDown()
  self.db:close()
  self.database:close()
end

local function count(self)
  return self.db:value("select count(*) from t")
end

function TestDb:test_one_and_value_tell_null_from_no_row()
  lu.assertEquals(self.db:one("select 1 as a, null as b"), { a = 1 })
  lu.assertIs(self.db:one("select 1 where false"), false)
  lu.assertIs(self.db:value("select null"), db.null)
  lu.assertIs(self.db:value("select 1 where false"), false)
  lu.assertIs(self.db:value("select false"), false)
  local value, message, code = self.db:value("select nosuch")
  lu.assertNil(value)
  lu.assertEquals({ message, code }, { 'column "nosuch" does not exist', "42703" })
end

function TestDb:test_a_transaction_is_kept_or_left_by_what_its_function_gives()
  lu.assertEquals({ self.db:transaction(function(same)
    return same:value("insert into t values (1) returning id"), "more"
  end) }, { 1, "more" })
  lu.assertEquals({ self.db:transaction(function(same)
    same:query("insert into t values (2)")
    return nil, "not today", "failed", { advice = "Come back." }
  end) }, { nil, "not today", "failed", { advice = "Come back." } })
  lu.assertErrorMsgContains("broken", self.db.transaction, self.db, function(same)
    same:query("insert into t values (3)")
    error("broken")
  end)
  lu.assertEquals({ count(self), self.db:status() }, { 1, "idle" })
end

function TestDb:test_a_transaction_within_one_is_a_savepoint()
  assert(self.db:transaction(function()
    self.db:query("insert into t values (1)")
    lu.assertNil((self.db:transaction(function()
      self.db:query("insert into t values (2)")
      return nil, "undo this one"
    end)))
    lu.assertTrue(self.db:transaction(function() return self.db:query("insert into t values (3)") and true end))
    return true
  end))
  lu.assertEquals(self.db:query("select id from t order by id"), {
    { id = 1 }, { id = 3 }, columns = { "id" }, count = 2, command = "SELECT 2",
  })
end

function TestDb:test_a_transaction_that_the_server_rolled_back_has_failed()
  local done, message, code = self.db:transaction(function()
    self.db:query("insert into t values (1)")
    self.db:query("select nosuch")
    return true
  end)
  lu.assertNil(done)
  lu.assertStrContains(message, "a statement in it had failed")
  lu.assertEquals({ code, count(self) }, { "25P02", 0 })
end

function TestDb:test_roll_back_ends_whatever_transaction_is_open()
  lu.assertEquals({ self.db:in_transaction(), self.db:roll_back() }, { false, true })
  for _, text in ipairs({ "select 1", "select nosuch" }) do
    self.db:script("begin; insert into t values (1)")
    self.db:script(text)
    lu.assertTrue(self.db:in_transaction())
    lu.assertTrue(self.db:roll_back())
    lu.assertEquals({ self.db:in_transaction(), count(self) }, { false, 0 })
  end
end

function TestDb:test_settings_outlast_the_connection()
  assert(self.db:set("statement_timeout", "7s"))
  assert(self.db:reconnect())
  lu.assertEquals({ self.db:value("show statement_timeout"), self.db:value("show lock_timeout") }, { "7s", "5s" })
end

function TestDb:test_a_setting_that_is_refused_leaves_the_session_as_it_was()
  lu.assertErrorMsgContains("expects the name of a setting and its text", self.db.set, self.db, 0 / 0, "5s")
  lu.assertErrorMsgContains("expects the name of a setting and its text", self.db.set, self.db, "lock_timeout", {})
  local done, _, code = self.db:set("no_such_setting", "5s")
  lu.assertNil(done)
  lu.assertEquals(code, "42704")
  assert(self.db:set("statement_timeout", "7s"))
  lu.assertNil((self.db:set("statement_timeout", "soon")))
  assert(self.db:reconnect())
  lu.assertEquals(self.db:value("show statement_timeout"), "7s")
end

function TestDb:test_a_closed_session_says_so()
  self.db:close()
  self.db:close()
  for _, method in ipairs({ "query", "script", "one", "value", "copy_in", "copy_out", "transaction" }) do
    local done, message, code, detail = self.db[method](self.db, "select 1", print)
    lu.assertNil(done, method)
    lu.assertEquals({ message, code, detail }, { "the connection to the database is closed", "08006", { lost = true } }, method)
  end
  for _, method in ipairs({ "info", "identifier", "literal", "on_notice", "on_wait", "cancel" }) do
    lu.assertErrorMsgContains("the connection to the database is closed", self.db[method], self.db, "a")
  end
  lu.assertEquals({ self.db:status(), self.db:in_transaction() }, { "closed", false })
end

function TestDb:test_a_session_that_only_reads_writes_nothing()
  local reader <close> = open(self, { read_only = true })
  local _, message, code = reader:query("insert into t values (1)")
  lu.assertEquals({ message, code }, { "cannot execute INSERT in a read-only transaction", "25006" })
end

return TestDb
