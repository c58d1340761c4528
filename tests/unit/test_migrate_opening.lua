--- Tests tilth.migrate.opening: what stands around a file in its transaction.
local lu = require("luaunit")

local opening = require("tilth.migrate.opening")

local TestMigrateOpening = {}

function TestMigrateOpening:test_level_of_the_first_statement_is_there_from_the_beginning()
  local cases = {
    ["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"] = "BEGIN ISOLATION LEVEL SERIALIZABLE; ",
    ["-- c\nset transaction read write,\n isolation level\trepeatable  read"] = "BEGIN ISOLATION LEVEL REPEATABLE READ; ",
    ["SET transaction_isolation = 'read uncommitted'"] = "BEGIN ISOLATION LEVEL READ UNCOMMITTED; ",
    ["SET LOCAL transaction_isolation TO 'serializable'"] = "BEGIN ISOLATION LEVEL SERIALIZABLE; ",
    ["SET TRANSACTION READ ONLY"] = "BEGIN; ", ["SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE"] = "BEGIN; ",
    ["SET default_transaction_isolation = 'serializable'"] = "BEGIN; ", ["SELECT 'serializable'"] = "BEGIN; ", [""] = "BEGIN; ",
  }
  for first, head in pairs(cases) do
    lu.assertEquals({ opening.head(first, "", 0) }, { head, 1 }, first)
  end
end

function TestMigrateOpening:test_history_is_made_outside_of_the_savepoint_that_read_only_ends_with()
  local head, count = opening.head("SELECT 1", "CREATE SCHEMA a;\nCREATE TABLE b ();\n", 2, true)
  lu.assertEquals({ head, count }, { "BEGIN; CREATE SCHEMA a;\nCREATE TABLE b ();\nSAVEPOINT tilth_file; ", 4 })
  lu.assertEquals(opening.tail(true), "RELEASE SAVEPOINT tilth_file; ")
  lu.assertEquals(opening.tail(nil), "")
end

return TestMigrateOpening
