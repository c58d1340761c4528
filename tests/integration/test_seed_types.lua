--- Values of every type that PostgreSQL has: written once, equal the second time, by arrays and by COPY.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedTypes = {}

local TABLES <const> = [[
create schema other;
create type other.color as enum ('a', 'B c', 'd''q');
create type pair as (x int, y text);
create domain short as varchar(3);
create domain price as numeric(5,2) check (value < 900);
create domain list as int[];
create domain filled as text not null default 'filled';
create domain shade as other.color;
create domain document as jsonb;
create domain span as int4range;
create table t (id int primary key, i2 int2, i8 int8, n numeric, n52 numeric(5,2), m money, f4 real, f8 double precision, b boolean,
  c4 char(4), vc varchar(3), tx text, nm name, ch "char", by bytea, d date, ti time(3), tz timetz, ts timestamp(3), tsz timestamptz,
  iv interval, ivd interval day to second(0), ivy interval year to month, u uuid, ip inet, cd cidr, ma macaddr, j json, jb jsonb,
  x xml, bt bit(8), vb varbit(8), tv tsvector, tq tsquery, p point, l line, ls lseg, bx box, pa path, po polygon, cr circle,
  ir int4range, nr numrange, tr tstzrange, e other.color, ea other.color[], ia int[], iaa int[][], ta text[], ba bytea[], ja jsonb[],
  ca pair[], co pair, bta bit(8)[], c4a char(4)[], la line[], ira int4range[], tsa timestamptz[], vca varchar(3)[], lsn pg_lsn,
  ds short, dp price, dl list, df filled, dsh shade, dd document, dsp span, dda document[], dpa price[], dsa shade[], dva short[]);
]]

local ROW <const> = [==[
{ id = i, i2 = -32768, i8 = "9223372036854775807", n = "123456789012345678901234567890.123456789", n52 = "1.005", m = "1234.50",
  f4 = 0.1, f8 = 0/0, b = false, c4 = "ab", vc = "äöü", tx = "a\\b\tc\n\\N", nm = "n", ch = "q", by = "\0\1\255", d = "4713-01-01 BC",
  ti = "12:00:00.1239", tz = "12:00:00+05:45", ts = "2024-02-29T12:00:00.123456Z", tsz = "2024-02-29 12:00:00 America/St_Johns",
  iv = "1 mon -1 day 24:00:00", ivd = "1 day 00:00:01.6", ivy = "1 year 2 mons", u = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
  ip = "10.0.0.1/8", cd = "10.0.0.0/8", ma = "08-00-2b-01-02-03", j = { a = { 1, 2 } }, jb = { n = db.null, big = 9007199254740993 },
  x = "<a>1</a>", bt = "10101010", vb = "101", tv = "the fat cat", tq = "fat & rat", p = "(1,2)", l = "{1,2,3}",
  ls = "[(0,0),(1,1)]", bx = "((0,0),(1,1))", pa = "[(0,0),(1,1)]", po = "((0,0),(1,1),(2,0))", cr = "<(1,1),2>", ir = "[1,5]",
  nr = "(,1.5]", tr = "[2024-01-01,infinity)", e = "d'q", ea = { "a", "B c", db.null }, ia = { 1, db.null, 3 },
  iaa = { { 1, 2 }, { 3, 4 } }, ta = { "", "NULL", "a,b", "{x}", "q\"q", "b\\s", " sp " }, ba = { "\0\1", "" },
  ja = { { a = 1 }, "2", 3, db.null, true }, ca = { "(1,\"a b\")" }, co = "(1,\"x,y\")", bta = { "10101010" }, c4a = { "a" },
  la = { "{1,2,3}" }, ira = { "[1,2)" }, tsa = { 1700000000.5, "infinity", "0044-03-15 12:00:00+00 BC" }, vca = { "abc" },
  lsn = "0/16B3748", ds = "abc", dp = 1.239, dl = { 1, 2 }, dsh = "B c", dd = { k = { 1 } }, dsp = "[1,3)", dda = { { a = 1 } },
  dpa = { 1.5, "2.5" }, dsa = { "a" }, dva = { "abc" } }]==]

function TestSeedTypes:setUp()
  self.database = database.new()
  self.database:script(TABLES)
  self.project = project.new({ package = { name = "p" } })
end

function TestSeedTypes:tearDown()
  self.database:close()
end

local function seed(self, body)
  self.project:write("seeds/one.lua",
    'local seed = require("tilth.seed")\nreturn seed.define({ run = function(db, ctx)\n' .. body .. "\nend })\n")
  local result = program.run({ args = { "seed" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
  lu.assertEquals(result.status, 0, result.text)
  return result.stdout
end

function TestSeedTypes:test_every_type_is_equal_the_second_time()
  local body = 'local i = 1 db:upsert("t", ' .. ROW .. ")"
  lu.assertStrContains(seed(self, body), "t: 1 inserted")
  lu.assertStrContains(seed(self, body), "t: 1 unchanged")
  lu.assertEquals(self.database:query([[select df, dp::text as dp, dda::text as dda, dsa::text as dsa, iv::text as iv, d::text as d,
    tsz at time zone 'UTC' as tsz, jb->>'big' as big, ti::text as ti, c4a::text as c4a from t]])[1],
    { df = "filled", dp = "1.24", dda = '{"{\\"a\\": 1}"}', dsa = "{a}", iv = "1 mon -1 days +24:00:00", d = "4713-01-01 BC",
      tsz = "2024-02-29 15:30:00", big = "9007199254740993", ti = "12:00:00.124", c4a = '{"a   "}' })
end

function TestSeedTypes:test_every_type_is_the_same_by_copy()
  local body = 'local i = 0 db:load("t", function() i = i + 1 if i <= 5100 then return ' .. ROW .. ' end end, { key = "id" })'
  lu.assertStrContains(seed(self, body), "t: 5100 inserted")
  lu.assertStrContains(seed(self, body), "t: 5100 unchanged")
  seed(self, 'local i = 5101 db:upsert("t", ' .. ROW .. ")")
  lu.assertEquals(self.database:value("select count(distinct (to_jsonb(t) - 'id')::text) from t"), 1)
end

local CHANGES <const> = {
  'iv = "1 mon 00:00"', 'dsh = "a"', 'dsp = "[1,9)"', 'j = "{}"', 'x = "<b/>"', 'p = "(1,3)"', 'bx = "((1,1),(2,2))"', 'tq = "rat"',
  "dda = { { a = 2 } }", 'dsa = { "B c" }', 'la = { "{1,2,4}" }', 'ca = { "(2,z)" }', 'co = "(2,z)"', 'c4a = { "b" }', "ts = 1/0",
  "d = -1/0", 'n = "NaN"', 'tz = "13:00:00+06:45"', 'ip = "10.0.0.2/8"',
}

function TestSeedTypes:test_a_change_of_each_value_is_written()
  seed(self, 'local i = 1 db:upsert("t", ' .. ROW .. ")")
  for _, change in ipairs(CHANGES) do
    lu.assertStrContains(seed(self, ('db:upsert("t", { id = 1, %s })'):format(change)), "t: 1 updated", false, change)
  end
end

return TestSeedTypes
