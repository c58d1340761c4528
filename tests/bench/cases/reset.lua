--- A reset of a database of some size, and taking it back.
local reset = { about = "reset of 500 tables and 1 GB, and its undo, beside DROP SCHEMA CASCADE" }

local measure = require("measure")

local RUNS <const> = 5
local LIMIT <const> = 1
local TABLES <const> = [[
DO $$
BEGIN
  FOR i IN 1..500 LOOP
    EXECUTE format('CREATE TABLE item_%s (id SERIAL PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL)', i);
    EXECUTE format('ALTER TABLE item_%s ALTER COLUMN body SET STORAGE PLAIN', i);
    EXECUTE format('CREATE INDEX ON item_%s (name)', i);
  END LOOP;
END $$;
]]
local ROWS <const> = [[
DO $$
BEGIN
  FOR i IN 1..500 LOOP
    EXECUTE format('INSERT INTO item_%s (name, body) SELECT n::text, repeat(md5(n::text), 60) FROM generate_series(1, 1000) n', i);
  END LOOP;
END $$;
]]
local DROP <const> = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
local RESET <const> = { "reset", "--force" }
local UNDO <const> = { "reset", "undo", "--force" }

--- A side whose runs each have a copy of the full database, made ready outside the time.
local function side(place, name, template, command)
  local database
  return {
    name = name,
    command = function()
      database = place:database(template)
      return command(database)
    end,
    after = function() place:drop(database) end,
  }
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function reset.run(place)
  local project, full = place:project({ { "20240101000000_items", TABLES } }), place:database()
  measure.time(place:tilth({ "migrate", "deploy" }, project, full))
  place:sql(full, ROWS)
  -- A new project's first migration only: what is measured is the reset and not the 500 tables made again.
  local short = place:project({ { "20240101000000_items", "CREATE TABLE item_1 (id SERIAL PRIMARY KEY);" } })
  local size = place:sql(full, "select pg_database_size(current_database()) as bytes")[1].bytes
  local label = ("500 tables, %.1f GB"):format(size / 1e9)
  local function drop()
    return side(place, "DROP SCHEMA CASCADE", full, function(database) return place:run_psql({ "-c", DROP }, database) end)
  end
  return {
    measure.pairs({
      name = "reset of " .. label, runs = place:runs(RUNS), limit = LIMIT, b = drop(),
      a = side(place, "tilth", full, function(database) return place:tilth(RESET, short, database) end),
    }),
    measure.pairs({
      name = "undo of it", runs = place:runs(RUNS), limit = LIMIT, b = drop(),
      a = side(place, "tilth", full, function(database)
        measure.time(place:tilth(RESET, short, database))
        return place:tilth(UNDO, short, database)
      end),
    }),
  }
end

return reset
