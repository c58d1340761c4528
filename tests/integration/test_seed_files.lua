--- Files that db:load reads: nothing in them is passed over, and errors name their lines.
local lu = require("luaunit")
local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local TestSeedFiles = {}

local COUNT <const> = 30000

function TestSeedFiles:setUp()
  self.database = database.new()
  self.database:script("create table c (id int primary key, a text, n numeric); create table one (v text primary key)")
  self.project = project.new({ package = { name = "p" } })
end

function TestSeedFiles:tearDown()
  self.database:close()
end

local function seed(self, body)
  self.project:write("seeds/one.lua",
    'local seed = require("tilth.seed")\nreturn seed.define({ run = function(db, ctx)\n' .. body .. "\nend })\n")
  return program.run({ args = { "seed" }, cwd = self.project.path, env = { DATABASE_URL = self.database.url } })
end

local function good(self, body, expected)
  local result = seed(self, body)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, expected)
end

local function bad(self, body, expected)
  local result = seed(self, body)
  lu.assertEquals(result.status, 1, result.text)
  for _, fragment in ipairs(expected) do
    lu.assertStrContains(result.stderr, fragment)
  end
end

--- Writes a CSV file that is large enough to go to the server as it is, one of its lines replaced.
local function big(self, line, eol)
  local lines = { "id,a" }
  for number = 1, COUNT do
    lines[number + 1] = ("%d,text %d"):format(number, number)
  end
  lines[15001] = line or lines[15001]
  self.project:write("seeds/c.csv", table.concat(lines, eol or "\n") .. (eol or "\n"))
end

function TestSeedFiles:test_a_line_that_ends_a_copy_is_no_end_of_the_file()
  local lines = { "v" }
  for number = 1, 60000 do
    lines[number + 1] = "v" .. number
  end
  lines[20001] = "\\."
  self.project:write("seeds/one.csv", table.concat(lines, "\n") .. "\n")
  local load = 'db:load("one", "one.csv")'
  local result = seed(self, load)
  if self.database:value("select current_setting('server_version_num')::int") >= 180000 then
    lu.assertEquals(result.status, 0, result.text)
    lu.assertEquals(self.database:value("select count(*) from one"), 60000)
    return
  end
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "one.csv:20001: a line that holds only \\. would end the data")
  lu.assertEquals(self.database:value("select count(*) from one"), 0)
  lines[20001] = '"\\."'
  self.project:write("seeds/one.csv", table.concat(lines, "\n"))
  good(self, load, "one: 60000 inserted")
end

function TestSeedFiles:test_such_a_line_within_quotes_is_text()
  big(self, '15000,"a\n\\.\nb\\."')
  good(self, 'db:load("c", "c.csv")', "c: 30000 inserted")
  lu.assertEquals(self.database:value("select a from c where id = 15000"), "a\n\\.\nb\\.")
end

function TestSeedFiles:test_what_the_server_cannot_take_apart_is_said_where_it_begins()
  for _, case in ipairs({ { '15000,"a', "c.csv:15001: a quoted field is never closed" },
    { '15000,x"y', "c.csv:15001: a quote stands inside field 2" } }) do
    big(self, case[1])
    bad(self, 'db:load("c", "c.csv")', { case[2] })
  end
  big(self, nil, "\r\n")
  good(self, 'db:load("c", "c.csv")', "c: 30000 inserted")
end

function TestSeedFiles:test_rows_of_small_files_are_named_by_their_lines()
  self.project:write("seeds/c.csv", 'id,a,n\n1,"x\ny",1\n2,y,oops\n')
  bad(self, 'db:load("c", "c.csv")', { 'c.csv:4 (id = "2"): ', '"oops" (column n)' })
  self.project:write("seeds/c.jsonl", '{"id":1}\n\n{"id":2,"n":"oops"}\n')
  bad(self, 'db:load("c", "c.jsonl")', { "c.jsonl:3 (id = 2): " })
  bad(self, 'db:load("c", "c.jsonl", { map = function(row) return row end })', { "c.jsonl:3 (id = 2): " })
  bad(self, 'db:load("c", "c.jsonl", { map = function(row) return row.id == 2 and row or nil end })', { "row 1 (id = 2): " })
  self.project:write("seeds/c.jsonl", '{"id":1}\n[1]\n')
  bad(self, 'db:load("c", "c.jsonl")', { "c.jsonl:2: the line is not a JSON object" })
end

function TestSeedFiles:test_options_are_checked()
  self.project:write("seeds/c.csv", "id,a\n1,x\n")
  for option, expected in pairs({
    ['delimiter = ";;"'] = 'the delimiter ";;" is not one character', ['verb = "sync"'] = 'verb is "upsert" or "ensure", not "sync"',
    ["total = 1"] = 'unknown option "total"', ["delimitr = 1"] = 'Did you mean "delimiter"?',
    ['verb = "ensure", update = "a"'] = 'unknown option "update"',
    ["map = 5"] = "the option map is a function, not a number", ["format = {}"] = "the option format is a string, not a table",
    ["header = 5"] = "the option header is a table, not a number",
  }) do
    bad(self, ('db:load("c", "c.csv", { %s })'):format(option), { expected })
  end
  bad(self, 'db:upsert("c", { id = 1 }, { verb = "ensure" })', { 'unknown option "verb"' })
  bad(self, 'db:sync("c", { id = 1 }, { delete = 0 })', { "the option delete is a boolean, not a number" })
  bad(self, 'db:sync("c", { id = 1 }, { where = "id = 1" })', { "the option where is a table, not a string" })
end

function TestSeedFiles:test_what_an_iterator_does_wrong_is_said_with_its_line()
  local rows = "local i = 0 db:load(\"c\", function() i = i + 1 if i > 6000 then %s end return { id = i } end)"
  bad(self, rows:format('db:query("select 1")'), { "seeds/one.lua:3: query: db:load is still sending the rows", "before db:load" })
  bad(self, rows:format('db:upsert("c", { id = 1 })'), { "seeds/one.lua:3: upsert: db:load is still sending the rows" })
  bad(self, rows:format('error("no luck")'), { "seeds/one.lua:3: no luck" })
  bad(self, rows:format("error({})"), { "it raised a table, and no message" })
  bad(self, 'db:load("c", function() return false end)', { "row 1 is a boolean, not a table" })
  lu.assertEquals(self.database:value("select count(*) from c"), 0)
end

return TestSeedFiles
