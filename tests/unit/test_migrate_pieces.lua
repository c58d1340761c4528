--- Tests tilth.migrate.pieces: what travels to the server together.
local lu = require("luaunit")

local pieces = require("tilth.migrate.pieces")
local sql = require("tilth.sql")

local TestMigratePieces = {}

local function cut(text, heavy)
  local texts = {}
  for position, piece in ipairs(pieces.cut(text, sql.split(text), heavy)) do
    texts[position] = piece.text
  end
  return texts
end

function TestMigratePieces:test_brief_statements_are_told_from_long_ones()
  local cases = {
    ["CREATE TABLE t (a int)"] = true, ["-- c\nALTER TABLE t ADD a int"] = true, ["CREATE UNIQUE INDEX i ON t (a)"] = true,
    ["DROP TABLE t"] = true, ["COMMENT ON TABLE t IS 'select'"] = true, ["INSERT INTO t VALUES (1)"] = true, ["SET x = 1"] = true,
    ["CREATE TABLE t AS SELECT 1"] = false, ["INSERT INTO t SELECT 1"] = false, ["UPDATE t SET a = 1"] = false,
    ["DELETE FROM t"] = false, ["SELECT 1"] = false, ["DO $$ BEGIN END $$"] = false, ["CREATE MATERIALIZED VIEW v AS SELECT 1"] = false,
    ["CREATE EXTENSION x"] = false, ["REFRESH MATERIALIZED VIEW v"] = false, ["CALL p()"] = false, ["ANALYZE"] = false,
  }
  for text, expected in pairs(cases) do
    lu.assertEquals(pieces.is_brief(text), expected, text)
  end
end

function TestMigratePieces:test_brief_statements_travel_together()
  local text = "-- a\nCREATE TABLE a (i int);\nALTER TABLE a ADD j int; INSERT INTO a VALUES (1);\n-- end"
  lu.assertEquals(cut(text), { text })
end

function TestMigratePieces:test_after_a_long_statement_each_travels_alone()
  lu.assertEquals(cut("DROP TABLE a; DROP TABLE b; UPDATE c SET i = 1; DROP TABLE d;\nDROP TABLE e;"),
    { "DROP TABLE a; DROP TABLE b; ", "UPDATE c SET i = 1; ", "DROP TABLE d;\n", "DROP TABLE e;" })
end

function TestMigratePieces:test_where_tables_are_big_each_travels_alone()
  lu.assertEquals(#cut("DROP TABLE a; DROP TABLE b;", true), 2)
end

function TestMigratePieces:test_nothing_of_a_file_is_lost()
  local texts = { "", "-- only", "SELECT 1", "SELECT 1; -- x\n\n/* y */ SELECT 2 ;\n; SELECT 3\n-- z", "SELECT 'open; SELECT 2" }
  for _, text in ipairs(texts) do
    local found = pieces.cut(text, sql.split(text), true)
    local joined = {}
    for position, piece in ipairs(found) do
      joined[position] = piece.text
      lu.assertEquals(text:sub(piece.position, piece.position + #piece.text - 1), piece.text)
    end
    lu.assertEquals(table.concat(joined), text)
  end
end

return TestMigratePieces
