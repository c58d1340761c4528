--- Which row of many a seed fails by, and that nothing is lost where a seed catches the error.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedErrors = {}

local TABLES <const> = [[
create domain positive as int check (value > 0);
create domain filled as text not null default 'filled';
create table t (id int primary key, sku text unique, n numeric(5,2), v varchar(3), e text, j jsonb, c int check (c > 0),
  x text not null default 'a', d date, fk int references t, during int4range, p positive, f filled, exclude using gist (during with &&));
create table parts (id int primary key) partition by range (id);
create table parts_1 partition of parts for values from (1) to (10);
create table seen (id int primary key);
create function refuse() returns trigger language plpgsql as
  $$ begin if new.id = 7 then raise exception 'seven is taken' using hint = 'Take eight.'; end if; return new; end $$;
create trigger refuse before insert on seen for each row execute function refuse();
]]

function TestSeedErrors:setUp()
  self.database = database.new()
  self.database:script(TABLES)
  self.project = project.new({ package = { name = "p" } })
end

function TestSeedErrors:tearDown()
  self.database:close()
end

--- Runs a seed with this body.
local function seed(self, body)
  self.project:write("seeds/one.lua",
    'local seed = require("tilth.seed")\nreturn seed.define({ run = function(db, ctx)\n' .. body .. "\nend })\n")
  return program.run({ args = { "seed" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local function bad(self, body, expected)
  local result = seed(self, body)
  lu.assertEquals(result.status, 1, body .. "\n" .. result.text)
  for _, fragment in ipairs(expected) do
    lu.assertStrContains(result.stderr, fragment, false, body)
  end
  return result
end

--- Rows that are right, as Lua.
local ROWS <const> = [[
local rows = {}
for i = 1, %d do
  rows[i] = { id = i, sku = "s" .. i, n = i %% 100, v = "v" .. i %% 10, e = "e\t\n\\", j = { i }, c = i, d = "2024-01-01", fk = db.null,
    p = i, during = ("[%%d,%%d)"):format(i, i + 1), x = "x" }
end
local wrong = rows[%d]
]]

local WRONG <const> = {
  { 'wrong.v = "toolong"', "character varying(3)", "column v" }, { "wrong.n = 12345", "numeric field overflow", "column n" },
  { 'wrong.j = "{bad"', "type json", "column j" }, { 'wrong.e = "\\xff"', "invalid byte sequence", "UTF-8" },
  { "wrong.c = -1", "check constraint t_c_check of t" }, { "wrong.x = db.null", "column x of t may not be NULL" },
  { 'wrong.d = "e"', 'type date: "e"', "column d" }, { "wrong.fk = 99999", "foreign key t_fk_fkey: (fk)=(99999) is not in table t" },
  { 'wrong.sku = "s3"', "unique constraint t_sku_key of t already has a row with (sku)=(s3)" },
  { 'wrong.during = "[1,2)"', "exclusion constraint t_during_excl of t: (during)=([1,2)) conflicts" },
  { "wrong.p = -7", "check constraint positive_check of domain positive", "column p" },
  { 'wrong.e = "a\\0b"', "e: holds a NUL byte" }, { "wrong.d = 0/0", "d: ", "no time in seconds" },
}

function TestSeedErrors:test_the_row_of_a_set_is_named_with_its_key()
  for _, case in ipairs(WRONG) do
    bad(self, ROWS:format(20, 7) .. case[1] .. ' db:upsert("t", rows)', { "seeds/one.lua:", "row 7 (id = 7)", table.unpack(case, 2) })
  end
  lu.assertEquals(self.database:value("select count(*) from t"), 0)
end

function TestSeedErrors:test_the_row_of_a_stream_is_named_with_its_key()
  for _, before in ipairs({ "delete from t", "insert into t (id) values (100000)" }) do
    self.database:query(before)
    for index = 1, #WRONG, before:find("^delete") and 3 or 2 do
      local case = WRONG[index]
      bad(self, ROWS:format(5500, 5207) .. case[1] .. ' db:load("t", rows, { key = "id" })',
        { "seeds/one.lua:", "row 5207 (id = ", "5207", case[2] })
    end
  end
  lu.assertEquals(self.database:column("select id from t"), { 100000 })
end

function TestSeedErrors:test_rows_that_refer_to_later_ones_are_not_blamed()
  local forward = ROWS:format(20, 15) .. "rows[3].fk = 12 rows[1].fk = 20 "
  bad(self, forward .. 'wrong.fk = 99 db:upsert("t", rows)', { "row 15 (id = 15)", "(fk)=(99) is not in table t" })
  local result = bad(self, forward .. 'wrong.c = -1 db:upsert("t", rows)', { "check constraint t_c_check" })
  lu.assertNotStrContains(result.stderr, "(id = 3)")
  lu.assertEquals(seed(self, forward .. 'db:upsert("t", rows)').status, 0)
end

function TestSeedErrors:test_partitions_and_triggers_say_their_reason()
  bad(self, 'db:upsert("parts", { { id = 1 }, { id = 70 } })', { "row 2 (id = 70)", "no partition of relation", "(id) = (70)" })
  bad(self, 'db:upsert("seen", { { id = 6 }, { id = 7 } })', { "row 2 (id = 7)", "seven is taken", "Take eight." })
end

function TestSeedErrors:test_the_line_of_a_csv_file_is_named_though_fields_go_over_lines()
  local lines = { "id,sku,c,e" }
  for i = 1, 20000 do
    lines[#lines + 1] = ('%d,s%d,%d,"two\nlines"'):format(i, i, i == 15000 and -1 or i)
  end
  self.project:write("seeds/t.csv", table.concat(lines, "\n") .. "\n")
  self.database:query("insert into t (id) values (100000)")
  bad(self, 'db:load("t", "t.csv", { key = "id" })', { 't.csv:30000 (id = "15000")', "t_c_check" })
end

function TestSeedErrors:test_rows_that_are_no_tables_are_named()
  bad(self, 'db:upsert("t", { 7 })', { "row 1 is a number, not a table" })
  bad(self, 'db:upsert("t", { { id = 1 }, 7 })', { "row 2 is a number, not a table" })
  bad(self, 'db:sync("t", { { id = 1 }, 7 }, { where = { x = "a" } })', { "row 2 is a number, not a table" })
  bad(self, 'db:load("t", { { id = 1 }, 7 }, { key = "id" })', { "row 2 is a number, not a table" })
end

local MISUSED <const> = {
  ['db:upsert("t")'] = "upsert t: a row or a list of rows is expected, not a nil", ['db:sync("t", 5)'] = "sync t: a row or a list",
  ['db.upsert("t", {})'] = "with a colon", ['db:upsert("t", { id = 1 }, { key = 5 })'] = "the key is a field or a list of fields",
  ['db:upsert("t", { id = 1 }, { update = 5 })'] = "update is a field or a list of fields",
  ['db:exec("select $1", {})'] = "parameter 1 is a table", ['error("no luck", 0)'] = "no luck", ["error()"] = "raised a nil",
  ['require("tilth.csv").rows("none")'] = "the CSV file cannot be read",
}

function TestSeedErrors:test_wrong_use_is_said_with_the_line_of_the_seed()
  for body, expected in pairs(MISUSED) do
    local result = bad(self, body, { "seeds/one.lua:3: " .. (expected:find("^%a+ t: ") and expected or ""), expected })
    lu.assertNotStrContains(result.stderr, "lua/tilth/")
  end
end

function TestSeedErrors:test_keys_that_only_the_server_finds_equal_are_named()
  self.database:query("create table numbers (n numeric primary key, v text)")
  bad(self, 'db:upsert("numbers", { { n = "1", v = "a" }, { n = "2", v = "b" }, { n = "1.0", v = "c" } })',
    { 'row 3 (n = "1.0"): its key is that of a row before it' })
end

function TestSeedErrors:test_a_caught_error_of_a_verb_does_not_lose_rows_in_silence()
  local first = 'db:upsert("t", { id = 1 }) '
  for _, body in ipairs({
    'pcall(db.upsert, db, "nope", { id = 1 }) db:upsert("parts", { id = 1 })', 'pcall(db.upsert, db, "t", { { id = 2 }, { id = 1.5 } })',
    'pcall(db.upsert, db, "t", { id = 2, nope = 1 }) db:query("select 1")', 'pcall(db.load, db, "t", "none.csv")',
  }) do
    bad(self, first .. body, { "db:savepoint" })
    lu.assertEquals(self.database:value("select count(*) from t"), 0)
  end
  local result = seed(self, first .. 'pcall(db.savepoint, db, function() db:upsert("t", { { id = 2 }, { id = 1.5 } }) end)')
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.database:column("select id from t"), { 1 })
end

function TestSeedErrors:test_the_place_in_a_long_line_of_sql_is_found_at_once()
  -- A line that is read anew from each of its characters takes a minute of the processor.
  local result = seed(self, [[
local before = os.clock()
local ok, problem = pcall(db.query, db, "SELECT 1,\n'" .. ("a"):rep(400000) .. "', nosuch")
error(("%s, %s, %s"):format(ok, tostring(problem):match("at line %d+, column %d+ of the SQL"), os.clock() - before < 15), 0)]])
  lu.assertStrContains(result.stderr, "false, at line 2, column 400005 of the SQL, true")
end

return TestSeedErrors
