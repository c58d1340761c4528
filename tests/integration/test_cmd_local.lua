--- Tests `tilth local` through the real program.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local fs = require("tilth.core.fs")
local pg = require("tilth.core.pg")
local proc = require("tilth.core.proc")
local cluster = require("support.cluster")
local program = require("support.program")
local project = require("support.project")
local url = require("tilth.url")

local TestCmdLocal = {}

local PATIENCE <const> = 180

--- Connects to a database by its URL.
local function connect(text)
  return pg.connect(assert(url.target(text)).params)
end

--- Runs `tilth local ...` in a project.
local function run(folder, ...)
  return program.run({ args = { "local", ... }, cwd = folder.path, env = { TILTH_PG_BINDIR = cluster.bindir() } })
end

function TestCmdLocal:setUp()
  cluster.socket_dir()
  self.project = project.new({})
end

function TestCmdLocal:tearDown()
  if self.project then run(self.project, "stop") end
end

function TestCmdLocal:test_start_gives_a_url_that_works_until_stop()
  local result = run(self.project, "start")
  lu.assertEquals(result.status, 0, result.text)
  local found = result.stdout:match("(postgresql://[^\n]+)\n")
  lu.assertStrMatches(found, "postgresql://postgres@localhost/tilth%?host=/.*")
  do
    local conn <close> = assert(connect(found))
    lu.assertEquals(conn:info().database, "tilth")
  end
  lu.assertEquals(run(self.project, "url").stdout, found .. "\n")
  lu.assertStrContains(run(self.project, "status").stdout, "running")
  lu.assertEquals(run(self.project, "stop").stdout, "stopped\n")
  lu.assertNil((connect(found)))
end

function TestCmdLocal:test_start_twice_is_one_server()
  local first = program.json({ args = { "local", "start" }, cwd = self.project.path, env = { TILTH_PG_BINDIR = cluster.bindir() } })
  local second = program.json({ args = { "local", "start" }, cwd = self.project.path, env = { TILTH_PG_BINDIR = cluster.bindir() } })
  lu.assertEquals({ first.started, first.created }, { true, true })
  lu.assertEquals({ second.started, second.created }, { false, false })
  lu.assertEquals(first.pid, second.pid)
end

function TestCmdLocal:test_start_at_once_from_many_sides_is_one_server()
  local children = {}
  for i = 1, 4 do
    children[i] = program.start({ args = { "local", "start", "--json" }, cwd = self.project.path,
      env = { TILTH_PG_BINDIR = cluster.bindir() } })
  end
  local pids = {}
  for _, child in ipairs(children) do
    local result = child:wait()
    child:close()
    lu.assertEquals(result.status, 0, result.stdout .. result.stderr)
    pids[result.stdout:match('"pid": (%d+)')] = true
  end
  lu.assertNotNil(next(pids))
  lu.assertNil(next(pids, next(pids)))
end

-- Stands for a server's program: says that it was called, and lasts until it is ended. What tells the version goes on.
local STANDS <const> = [[#!/bin/sh
if [ "$1" != --version ] && [ -e '%s' ]; then
  trap 'exit 1' INT TERM
  echo begun >'%s'
  while true; do sleep 0.05; done
fi
exec '%s' "$@"
]]

function TestCmdLocal:test_start_that_is_interrupted_leaves_nothing_running()
  assert(fs.mkdir(self.project:join("seen")))
  assert(fs.chmod(self.project:join("seen"), 511)) -- 511: rwxrwxrwx, for the server's user
  for _, name in ipairs({ "initdb", "postgres" }) do
    self.project:write("bin/" .. name,
      STANDS:format(self.project:join("gate-" .. name), self.project:join("seen/" .. name), cluster.bindir() .. "/" .. name), 493)
  end
  local env = { TILTH_PG_BINDIR = self.project:join("bin") }
  for _, case in ipairs({ { "initdb", "none" }, { "postgres", "stopped" } }) do
    local name, left = table.unpack(case)
    local gate = self.project:write("gate-" .. name, "")
    local child <close> = program.start({ args = { "local", "start" }, cwd = self.project.path, env = env })
    local deadline = clock.monotonic() + PATIENCE
    while not self.project:read("seen/" .. name) and clock.monotonic() < deadline do child.handle:wait(0.01) end
    child:signal(15)
    local ended = child:wait()
    lu.assertEquals(ended.status, 143, name .. ended.stdout .. ended.stderr)
    lu.assertNotNil(self.project:read("seen/" .. name))
    lu.assertEquals(program.json({ args = { "local", "status" }, cwd = self.project.path }).state, left)
    assert(fs.remove(gate))
  end
  local result = program.run({ args = { "local", "start" }, cwd = self.project.path, env = env })
  lu.assertEquals(result.status, 0, result.text)
end

function TestCmdLocal:test_start_that_is_interrupted_when_the_server_runs_stops_it_again()
  local script = self.project:write("interrupted.lua", [[
    local db, interrupt = require("tilth.db"), require("tilth.core.interrupt")
    db.connect = function()
      interrupt.trigger(15)
      while true do end
    end
    return require("tilth.cli").main({ "local", "start" })]])
  local result = program.run({ args = { "run", script }, cwd = self.project.path, env = { TILTH_PG_BINDIR = cluster.bindir() } })
  lu.assertEquals(result.status, 143, result.text)
  lu.assertNotStrContains(run(self.project, "status").stdout, "running")
  lu.assertNotNil(fs.stat(self.project:join(".tilth/pg/data/PG_VERSION")))
end

function TestCmdLocal:test_start_after_kill_9_at_any_moment_works()
  for _, delay in ipairs({ 0.05, 0.4, 0.7 }) do
    local child <close> = program.start({ args = { "local", "start" }, cwd = self.project.path,
      env = { TILTH_PG_BINDIR = cluster.bindir() } })
    clock.sleep(delay)
    if not child.handle:wait(0) then child:signal(9) end
    child:wait()
    local result = run(self.project, "start")
    lu.assertEquals(result.status, 0, result.text)
    run(self.project, "stop")
    -- What a killed start has begun may still be writing for a moment.
    local deadline, removed, message = clock.monotonic() + 30
    repeat
      removed, message = fs.remove_tree(self.project:join(".tilth"))
    until removed or clock.monotonic() > deadline
    lu.assertNotNil(removed, message)
  end
end

function TestCmdLocal:test_name_makes_another_database()
  local result = run(self.project, "start", "--name", "Shop")
  lu.assertEquals(result.status, 0, result.text)
  local conn <close> = assert(connect(result.stdout:match("(postgresql://[^\n]+)\n")))
  lu.assertEquals(conn:info().database, "Shop")
end

function TestCmdLocal:test_state_is_hidden_from_git()
  run(self.project, "start")
  lu.assertEquals(self.project:read(".tilth/.gitignore"), "*\n")
end

function TestCmdLocal:test_before_the_first_start()
  lu.assertStrContains(run(self.project, "status").stdout, "there is no local database yet")
  lu.assertEquals(run(self.project, "stop").status, 0)
  local found = run(self.project, "url")
  lu.assertEquals(found.status, 1)
  lu.assertStrContains(found.stderr, "tilth local start")
  lu.assertNil(fs.stat(self.project:join(".tilth")))
end

function TestCmdLocal:test_found_from_a_folder_below()
  run(self.project, "start")
  self.project:write("src/deep/file", "")
  local result = program.run({ args = { "local", "status" }, cwd = self.project:join("src/deep") })
  lu.assertStrContains(result.stdout, "running")
end

function TestCmdLocal:test_root_in_a_closed_folder_keeps_the_data_elsewhere()
  lu.skipIf(proc.self().euid ~= 0, "only root changes to another user")
  self.project:write("closed/prisma/schema.prisma", "")
  assert(fs.chmod(self.project:join("closed"), 448))
  local folder = { path = self.project:join("closed") }
  local result = run(folder, "start")
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(fs.stat(folder.path .. "/.tilth/pg").type, "link")
  lu.assertStrContains(run(folder, "status").stdout, "running")
  lu.assertEquals(run(folder, "stop").stdout, "stopped\n")
  assert(fs.remove_tree(assert(fs.realpath(folder.path .. "/.tilth/pg"))))
  local gone = run(folder, "start")
  lu.assertEquals(gone.status, 2)
  lu.assertStrContains(gone.stderr, "points to a folder that is gone")
end

function TestCmdLocal:test_no_server_on_the_machine()
  local nowhere = self.project:join("nowhere")
  local result = program.run({ args = { "local", "start" }, cwd = self.project.path, env = { TILTH_PG_BINDIR = nowhere } })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, "TILTH_PG_BINDIR names " .. nowhere)
end

function TestCmdLocal:test_project_names_the_folder()
  run(self.project, "start")
  local result = program.run({ args = { "local", "status", "--project", self.project.path }, cwd = "/" })
  lu.assertStrContains(result.stdout, self.project:join(".tilth/pg/data"))
  local nowhere = self.project:join("nowhere")
  result = program.run({ args = { "local", "status", "--project", nowhere }, cwd = "/" })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, "--project names " .. nowhere)
end

function TestCmdLocal:test_wrong_use()
  lu.assertEquals(run(self.project).status, 2)
  lu.assertEquals(run(self.project, "nonsense").status, 2)
  lu.assertEquals(run(self.project, "start", "--name", "").status, 2)
end

return TestCmdLocal
