--- Migrations of every kind that can be cut short, each of which leaves a trace of every step that it took.
local mixture = {}

-- Each kind gets its number and the name of its migration, and logs each step: a step that runs twice is seen.
local KINDS <const> = {
  function(n, log)
    return ("CREATE TABLE t%d (id int PRIMARY KEY, a int, b int);\nINSERT INTO t%d SELECT i, i, i FROM generate_series(1, 50) i;\n%s")
      :format(n, n, log(1))
  end,
  function(n, log)
    return ("DO $$\nBEGIN\n  FOR i IN 1..3 LOOP\n    EXECUTE format('CREATE TABLE d%d_%%s (id int)', i);\n  END LOOP;\n  %s\nEND $$;")
      :format(n, log(1))
  end,
  function(n, log)
    return ("CREATE TABLE c%d (id int, a int);\n%s\nCREATE INDEX CONCURRENTLY c%d_a ON c%d (a);\n%s"):format(n, log(1), n, n, log(2))
  end,
  function(n, log)
    return ("BEGIN;\nCREATE TABLE o%d (id int);\n%s\nCOMMIT;\nBEGIN;\nALTER TABLE o%d ADD a int;\n%s\nEND;"):format(n, log(1), n, log(2))
  end,
  function(n, log)
    return ("%s\nALTER TYPE kind ADD VALUE 'k%d';\nCREATE TABLE e%d (v kind NOT NULL DEFAULT 'k%d');\n%s"):format(log(1), n, n, n, log(2))
  end,
  function(n, log)
    return ("CREATE TABLE m%d (id int, a int);\n%s\nCREATE INDEX CONCURRENTLY ON m%d (a);\n%s\nCREATE UNIQUE INDEX CONCURRENTLY m%d_id "
      .. "ON m%d (id);\nVACUUM m%d;\nREINDEX INDEX CONCURRENTLY m%d_id;\n%s\nCREATE INDEX m%d_gone ON m%d (a, id);\n"
      .. "DROP INDEX CONCURRENTLY m%d_gone;\n%s"):format(n, log(1), n, log(2), n, n, n, n, log(3), n, n, n, log(4))
  end,
  function(n, log)
    return ("BEGIN;\nALTER TABLE counter ADD a%d int;\nUPDATE counter SET n = n + 1;\n%s\nCOMMIT;"):format(n, log(1))
  end,
}

local FIRST <const> = "CREATE TABLE log (migration int, step int);\nCREATE TABLE counter (n int);\nINSERT INTO counter VALUES (0);\n"
  .. "CREATE TYPE kind AS ENUM ('first');"

--- Makes migrations.
-- @tparam integer count
-- @treturn table list of `{ name, sql }`
function mixture.make(count)
  local list = { { "20240101000000_first", FIRST } }
  for number = 2, count do
    local make = KINDS[(number - 2) % #KINDS + 1]
    list[number] = { ("2024%010d_m%d"):format(101000000 + number, number), make(number, function(step)
      return ("INSERT INTO log VALUES (%d, %d);"):format(number, step)
    end) }
  end
  return list
end

--- One text for the whole schema and what the migrations have left in it.
mixture.DIGEST = [[
SELECT pg_catalog.string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
 SELECT pg_catalog.format('column %s.%s %s %s %s', c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
   pg_catalog.pg_get_expr(d.adbin, d.adrelid)) AS line
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
 UNION ALL SELECT pg_catalog.format('index %s %s', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid AND i.indisready AND i.indislive)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
 UNION ALL SELECT pg_catalog.format('enum %s', enumlabel) FROM pg_enum
 UNION ALL SELECT pg_catalog.format('log %s %s', migration, step) FROM log
 UNION ALL SELECT pg_catalog.format('counter %s', n) FROM counter
 UNION ALL SELECT pg_catalog.format('history %s %s %s %s %s %s', migration_name, checksum, finished_at IS NOT NULL, rolled_back_at, logs,
   applied_steps_count) FROM _prisma_migrations) lines]]

return mixture
