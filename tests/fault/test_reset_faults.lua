--- Resets with seeds that are killed, lose their server or fail: nothing of before is lost, and the next run ends right.
-- FAULT_STEP kills at every n-th message only (default 2); FAULT_SEED makes the random choices repeat.
local lu = require("luaunit")

local clock = require("tilth.clock")
local cluster = require("support.cluster")
local database = require("support.database")
local env = require("tilth.env")
local fs = require("tilth.fs")
local process = require("tilth.process")
local program = require("support.program")
local project = require("support.project")
local temp = require("support.temp")

local SIGKILL <const>, SIGQUIT <const> = 9, 3
local RESTARTS <const> = 10
-- A commit that was answered must be there after the restart.
local SETTINGS <const> = { synchronous_commit = "on" }
local STRACE <const> = "/usr/bin/strace"
local STEP <const> = 2
local FLAGS <const> = { RESET_DATABASE = "true", RUN_SEED = "true" }
-- A build's: at a developer's machine the flag may be used again and again.
local BUILD <const> = { CI = "true", AWS_APP_ID = "d1", AWS_BRANCH = "try", AWS_JOB_ID = "0000000041", TILTH_ENV = "development" }
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

local TestResetFaults = {}

function TestResetFaults:content()
  return self.base:has("notes") and self.base:has("_prisma_migrations") and self.base:value(CONTENT) or nil
end

function TestResetFaults:run(args, flags, wrap)
  local variables = { DATABASE_URL = self.base.url }
  for _, list in ipairs({ BUILD, flags or {} }) do
    for name, value in pairs(list) do
      variables[name] = value
    end
  end
  return program.run({ wrap = wrap, args = args, cwd = self.project.path, env = variables })
end

function TestResetFaults:prepare(server)
  self.project = project.new({ migrations = MIGRATIONS, seeds = SEEDS })
  self.server = server
  self.template = database.new({ server = server })
  self.base = self.template
  local first = self:run({ "flow" })
  lu.assertEquals(first.status, 0, first.text)
  self.base:script(BEFORE)
  self.before = self:content()
  self.template:disconnect()
end

function TestResetFaults:tearDown()
  if self.base and self.base ~= self.template then
    self.base:close()
  end
  self.template:close()
  if self.server then
    self.server.stop()
  end
end

function TestResetFaults:copy()
  self.base = database.new({ template = self.template.name, server = self.server })
end

-- What a run without a kill makes of the database, and how many messages it takes.
function TestResetFaults:whole_run()
  self:copy()
  local path = self.project:join("calls")
  local result = self:run({ "flow" }, FLAGS, { STRACE, "-f", "-qq", "-e", "trace=sendto", "-o", path })
  lu.skipIf(result.text:find("ptrace", 1, true) ~= nil, "strace may not trace here")
  lu.assertEquals(result.status, 0, result.text)
  local after = self:content()
  self.base:close()
  local _, calls = fs.read(path):gsub("sendto%(", "")
  lu.assertTrue(calls > 20, ("only %d messages"):format(calls))
  return after, calls
end

-- The bins that are there are those that the ledger has, and no reset is half done.
function TestResetFaults:assert_consistent(where)
  lu.assertEquals(self.base:value("select count(*) from tilth.resets where state = 'open'"), 0, where)
  lu.assertEquals(self.base:column([[select e ->> 'bin' from tilth.resets r, jsonb_array_elements(r.schemas) e
    where r.state = 'done' and e ->> 'bin' is not null order by 1]]), self.base:column(BINS), where)
end

function TestResetFaults:assert_undone(where)
  local undone = self:run({ "reset", "undo", "--force" })
  lu.assertEquals(undone.status, 0, where .. undone.text)
  lu.assertEquals(self:content(), self.before, where)
end

-- The same build again, as a build system's retry.
function TestResetFaults:retry(where, after)
  local result = self:run({ "flow" }, FLAGS)
  if result.status == 3 then
    -- Killed after all was done and noted.
    lu.assertStrContains(result.stderr, "has reset this database with it already", false, where)
  else
    lu.assertEquals(result.status, 0, where .. result.text)
  end
  lu.assertEquals(self:content(), after, where)
  self:assert_consistent(where)
  self:assert_undone(where)
end

-- A next build that wants no reset any more: the data of before is there, in its place or one undo away.
function TestResetFaults:go_on(where)
  local result = self:run({ "flow" })
  lu.assertEquals(result.status, 0, where .. result.text)
  self:assert_consistent(where)
  if self:content() ~= self.before then
    lu.assertTrue(result.text:find("reset undo", 1, true) ~= nil or #self.base:column(BINS) > 0, where .. result.text)
    self:assert_undone(where)
  end
end

function TestResetFaults:test_a_reset_killed_before_each_message_loses_nothing()
  cluster.socket_dir()
  lu.skipIf(not fs.exists(STRACE), "strace is not installed")
  self:prepare()
  local after, calls = self:whole_run()
  lu.assertNotEquals(after, self.before)
  local step = math.tointeger(tonumber(env.get("FAULT_STEP") or STEP))
  local kills, tries = 0, 0
  for number = 1, calls, step do
    self:copy()
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
  lu.assertTrue(kills > tries * 0.5, ("only %d of %d runs were killed"):format(kills, tries))
end

-- What `pg_ctl restart -m immediate` does: no goodbye, and recovery at the start.
function TestResetFaults:restart(folder)
  self.base:disconnect()
  assert(process.kill(self.server.pid, SIGQUIT))
  local deadline = clock.monotonic() + 60
  while process.kill(self.server.pid, 0) and clock.monotonic() < deadline and not self.server.stop() do
    clock.sleep(0.005)
  end
  self.server = assert(cluster.start_in(folder, SETTINGS))
end

function TestResetFaults:test_a_server_that_restarts_during_a_reset_loses_nothing()
  local seed = math.tointeger(tonumber(env.get("FAULT_SEED") or os.time()))
  math.randomseed(seed)
  cluster.socket_dir()
  local folder = temp.folder("cluster").path
  self:prepare(assert(cluster.start_in(folder, SETTINGS)))
  self:copy()
  local started = clock.monotonic()
  lu.assertEquals(self:run({ "flow" }, FLAGS).status, 0)
  local reach = clock.monotonic() - started
  self.base:close()
  local hits = 0
  for number = 1, RESTARTS do
    self:copy()
    local where = ("seed %d, restart %d: "):format(seed, number)
    local child <close> = program.start({ args = { "flow" }, cwd = self.project.path,
      env = { DATABASE_URL = self.base.url, RESET_DATABASE = "true", RUN_SEED = "true" } })
    clock.sleep(math.random() * reach)
    self:restart(folder)
    local result = child:wait()
    local text = where .. result.stdout .. result.stderr
    if result.status ~= 0 then
      hits = hits + 1
      if self:content() ~= self.before then
        lu.assertStrContains(result.stderr, "reset undo", false, text)
      end
    else
      -- It was over before: the machine is quicker than when the time was taken.
      reach = reach * 0.8
    end
    self:go_on(text)
    self.base:close()
  end
  lu.assertTrue(hits > 0, ("seed %d: no run was hit"):format(seed))
end

function TestResetFaults:test_each_migration_that_fails_after_a_reset_gives_the_data_back()
  self:prepare()
  local failures = { "select 1 / 0;", "create index concurrently again on nowhere (x);", "create table people (id int);",
    "insert into notes (body) values ('late'); commit; select nonsense;" }
  for _, sql in ipairs(failures) do
    for place = 0, #MIGRATIONS do
      self:copy()
      local folder = project.new({ migrations = MIGRATIONS, seeds = SEEDS })
      local name = place == 0 and "20230101000000_bad" or MIGRATIONS[place][1] .. "_bad"
      folder:migration(name, sql)
      local result = program.run({ args = { "flow" }, cwd = folder.path, env = { DATABASE_URL = self.base.url,
        RESET_DATABASE = "true", RUN_SEED = "true" } })
      local where = ("%s in %s: %s"):format(sql, name, result.text)
      lu.assertEquals(result.status, 1, where)
      lu.assertStrContains(result.text, name, false, where)
      lu.assertStrContains(result.stderr, "The reset was taken back: public is as before it.", false, where)
      lu.assertEquals(self:content(), self.before, where)
      self.base:close()
    end
  end
end

return TestResetFaults
