--- Counting rows in the SQL of pg_restore, however it is cut into pieces.
local lu = require("luaunit")

local TestBackupRowsInSql = {}

local rows_in_sql = require("tilth.backup.rows_in_sql")

local SQL <const> = table.concat({
  "-- a comment", "SET x = 1;", "COPY public.a (id, t) FROM stdin;", "1\ta", "2\tCOPY public.z (id) FROM stdin;", "3\t\\\\.", "\\.", "", "",
  "COPY public.empty (id) FROM stdin;", "\\.", "", 'COPY "My ""S"".x"."select" ("a b") FROM stdin;', "x", "\\.", "",
  "COPY public.no_columns  FROM stdin;", "", "", "\\.", "SELECT pg_catalog.setval('public.a_id_seq', 3, true);", "",
}, "\n")

local EXPECTED <const> = {
  { schema = "public", name = "a", rows = 3 }, { schema = "public", name = "empty", rows = 0 },
  { schema = 'My "S".x', name = "select", rows = 1 }, { schema = "public", name = "no_columns", rows = 2 },
}

function TestBackupRowsInSql:test_rows_are_counted_whatever_the_pieces()
  for _, length in ipairs({ 1, 2, 3, 7, 64, 100000 }) do
    local counter = rows_in_sql.new()
    for at = 1, #SQL, length do
      counter:feed(SQL:sub(at, at + length - 1))
    end
    lu.assertEquals(counter:tables(), EXPECTED, "pieces of " .. length)
  end
end

function TestBackupRowsInSql:test_a_text_without_tables_gives_none()
  local counter = rows_in_sql.new()
  counter:feed("SELECT 1;\nCOPY broken FROM stdin\n")
  counter:feed("COPY (select 1) TO stdout;\n")
  lu.assertEquals(counter:tables(), {})
end

return TestBackupRowsInSql
