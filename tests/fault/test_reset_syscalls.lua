--- A reset with seeds that is killed at its messages in turn: nothing of before is lost, and the next run ends right.
-- FAULT_STEP kills at every n-th message only (default 2).
local lu = require("luaunit")

local cluster = require("support.cluster")
local database = require("support.database")
local env = require("tilth.env")
local fs = require("tilth.fs")
local program = require("support.program")
local project = require("support.project")

local SIGKILL <const> = 9
local STRACE <const> = "/usr/bin/strace"
local STEP <const> = 2
local FLAGS <const> = { RESET_DATABASE = "true", RUN_SEED = "true" }
local MIGRATIONS <const> = {
  { "20240101000000_people", "create table people (id serial primary key, name text not null unique);" },
  { "20240102000000_notes", "create table notes (id serial primary key, person integer references people, body text);" },
  { "20240103000000_index", "create index concurrently notes_body on notes (body);" },
}
local SEEDS <const> = {
  ["people.lua"] = [[return require("tilth.seed").define({ run = function(db)
  db:upsert("people", { { name = "seed one" }, { name = "seed two" } }, { key = "name" })
end })]],
  ["notes.lua"] = [[return require("tilth.seed").define({ after = { "people" }, run = function(db)
  db:ensure("notes", { { id = 1, body = "first note" } }, { key = "id" })
end })]],
}
local BEFORE <const> = [[
insert into people (name) select 'precious ' || i from generate_series(1, 20) i;
insert into notes (person, body) select i, 'note ' || i from generate_series(1, 20) i]]
local CONTENT <const> = [[
select (select string_agg(p::text, ';' order by id) from people p) || (select string_agg(n::text, ';' order by id) from notes n)
  || (select string_agg(migration_name, ';' order by migration_name) from _prisma_migrations where finished_at is not null)]]
local BINS <const> = "select nspname from pg_namespace where nspname like 'tilth_bin%' order by nspname"

local TestResetSyscalls = {}

function TestResetSyscalls:run(args, flags, wrap)
  local variables = { DATABASE_URL = self.base.url }
  for name, value in pairs(flags or {}) do
    variables[name] = value
  end
  return program.run({ wrap = wrap, args = args, cwd = self.project.path, env = variables })
end

function TestResetSyscalls:setUp()
  cluster.socket_dir()
  lu.skipIf(not fs.exists(STRACE), "strace is not installed")
  self.project = project.new({ migrations = MIGRATIONS, seeds = SEEDS })
  self.template = database.new()
  self.base = self.template
  local first = self:run({ "flow" })
  lu.assertEquals(first.status, 0, first.text)
  self.base:script(BEFORE)
  self.before = self.base:value(CONTENT)
  self.template:disconnect()
end

function TestResetSyscalls:tearDown()
  if self.base and self.base ~= self.template then
    self.base:close()
  end
  self.template:close()
end

-- What a run without a kill makes of the database, and how many messages it takes.
function TestResetSyscalls:whole_run()
  self.base = database.new({ template = self.template.name })
  local path = self.project:join("calls")
  local result = self:run({ "flow" }, FLAGS, { STRACE, "-f", "-qq", "-e", "trace=sendto", "-o", path })
  lu.skipIf(result.text:find("ptrace", 1, true) ~= nil, "strace may not trace here")
  lu.assertEquals(result.status, 0, result.text)
  local after = self.base:value(CONTENT)
  self.base:close()
  local _, calls = fs.read(path):gsub("sendto%(", "")
  lu.assertTrue(calls > 20, ("only %d messages"):format(calls))
  return after, calls
end

-- The bins that are there are those that the ledger has, and no reset is half done.
function TestResetSyscalls:assert_consistent(where)
  lu.assertEquals(self.base:value("select count(*) from tilth.resets where state = 'open'"), 0, where)
  lu.assertEquals(self.base:column([[select e ->> 'bin' from tilth.resets r, jsonb_array_elements(r.schemas) e
    where r.state = 'done' and e ->> 'bin' is not null order by 1]]), self.base:column(BINS), where)
end

function TestResetSyscalls:assert_undone(where)
  local undone = self:run({ "reset", "undo", "--force" })
  lu.assertEquals(undone.status, 0, where .. undone.text)
  lu.assertEquals(self.base:value(CONTENT), self.before, where)
end

-- The same build again, as a build system's retry.
function TestResetSyscalls:retry(where, after)
  local result = self:run({ "flow" }, FLAGS)
  if result.status == 3 then
    -- Killed after all was done and noted.
    lu.assertStrContains(result.stderr, "has reset this database with it already", false, where)
  else
    lu.assertEquals(result.status, 0, where .. result.text)
  end
  lu.assertEquals(self.base:value(CONTENT), after, where)
  self:assert_consistent(where)
  self:assert_undone(where)
end

-- A next build that wants no reset any more: the data of before is there, in its place or one undo away.
function TestResetSyscalls:go_on(where)
  local result = self:run({ "flow" })
  lu.assertEquals(result.status, 0, where .. result.text)
  self:assert_consistent(where)
  if self.base:value(CONTENT) ~= self.before then
    lu.assertTrue(result.text:find("reset undo", 1, true) ~= nil or #self.base:column(BINS) > 0, where .. result.text)
    self:assert_undone(where)
  end
end

function TestResetSyscalls:test_a_reset_killed_before_each_message_loses_nothing()
  local after, calls = self:whole_run()
  lu.assertNotEquals(after, self.before)
  local step = math.tointeger(tonumber(env.get("FAULT_STEP") or STEP))
  local kills, tries = 0, 0
  for number = 1, calls, step do
    self.base = database.new({ template = self.template.name })
    local killed = self:run({ "flow" }, FLAGS, { STRACE, "-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto",
      "-e", ("inject=sendto:signal=KILL:when=%d"):format(number) })
    local was_killed = killed.signal == SIGKILL or killed.status == 128 + SIGKILL
    local where = ("message %d of %d: "):format(number, calls)
    lu.assertTrue(was_killed or killed.status == 0, where .. killed.text)
    tries, kills = tries + 1, kills + (was_killed and 1 or 0)
    if tries % 2 == 0 then
      self:retry(where, after)
    else
      self:go_on(where)
    end
    self.base:close()
  end
  lu.assertTrue(kills > tries * 0.8, ("only %d of %d runs were killed"):format(kills, tries))
end

return TestResetSyscalls
