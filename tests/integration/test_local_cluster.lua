--- Tests the life of a private server: made, started, stopped, and met in every bad state.
local lu = require("luaunit")
local clock = require("tilth.core.clock")
local fs = require("tilth.core.fs")
local pg = require("tilth.core.pg")
local proc = require("tilth.core.proc")
local cluster = require("tilth.local.cluster")
local support = require("support.cluster")
local program = require("support.program")
local temp = require("support.temp")
local url = require("tilth.url")

local TestLocalCluster = {}

--- Starts a server in a folder, as the tests' own servers are.
local function start(folder)
  return support.start_in(folder.path)
end

--- Asks the server something over a new connection.
local function ask(server, sql)
  local conn <close> = assert(pg.connect({ host = server.socket_dir, user = "postgres", dbname = "postgres" }))
  return assert(conn:query(sql))[1]
end

function TestLocalCluster:setUp()
  support.socket_dir() -- skips without a server
end

function TestLocalCluster:test_start_makes_a_server_that_only_its_socket_reaches()
  local folder = temp.folder("pg")
  local server <close> = assert(start(folder))
  lu.assertEquals(ask(server, "select current_setting('listen_addresses') as value").value, "")
  lu.assertEquals(ask(server, "select current_user::text as value").value, "postgres")
  lu.assertEquals(fs.stat(server.socket_dir).mode, 448)
  lu.assertEquals(fs.stat(server.data).mode, 448)
  lu.assertEquals(cluster.status(server.data).state, "ready")
  lu.assertEquals(cluster.status(server.data).pid, server.pid)
  lu.assertEquals(math.tointeger(tonumber(server.version:match("^%d+"))), server.major)
end

function TestLocalCluster:test_url_reaches_the_server()
  local server <close> = assert(start(temp.folder("pg")))
  local conn <close> = assert(pg.connect(url.target(server.url).params))
  lu.assertEquals(conn:info().database, "postgres")
end

function TestLocalCluster:test_stop_and_start_keep_the_data()
  local folder = temp.folder("pg")
  do
    local server <close> = assert(start(folder))
    ask(server, "create table kept as select 42 as n")
  end
  lu.assertEquals(cluster.status(folder:join("pg/data")).state, "stopped")
  local server <close> = assert(start(folder))
  lu.assertEquals(ask(server, "select n from kept").n, 42)
end

function TestLocalCluster:test_start_of_a_running_server_is_refused()
  local folder = temp.folder("pg")
  local server <close> = assert(start(folder))
  local second, message, code = start(folder)
  lu.assertNil(second)
  lu.assertStrContains(message, "running in " .. server.data)
  lu.assertEquals(code, "running")
  lu.assertEquals(ask(server, "select 1 as n").n, 1)
end

function TestLocalCluster:test_status_of_nothing()
  lu.assertEquals(cluster.status(temp.folder("pg"):join("data")).state, "none")
end

function TestLocalCluster:test_stop_of_a_stopped_server_is_fine()
  local folder = temp.folder("pg")
  assert(start(folder)).stop()
  lu.assertEquals(cluster.stop(folder:join("pg/data")), false)
end

function TestLocalCluster:test_stop_by_the_data_folder_alone()
  local folder = temp.folder("pg")
  local server <close> = assert(start(folder))
  lu.assertEquals(cluster.stop(server.data), true)
  lu.assertEquals(cluster.status(server.data).state, "stopped")
end

function TestLocalCluster:test_stop_breaks_off_open_sessions()
  local server <close> = assert(start(temp.folder("pg")))
  local conn <close> = assert(pg.connect({ host = server.socket_dir, user = "postgres", dbname = "postgres" }))
  local began = clock.monotonic()
  lu.assertEquals(cluster.stop(server.data, { timeout = 120 }), true)
  -- Else the session would last until the time for the first way to end the server is over.
  lu.assertTrue(clock.monotonic() - began < 100)
  local result, _, code = conn:query("select 1")
  lu.assertNil(result)
  lu.assertNotNil(code)
end

function TestLocalCluster:test_start_after_a_crash_recovers()
  local folder = temp.folder("pg")
  local server = assert(start(folder))
  ask(server, "create table kept as select 42 as n")
  ask(server, "checkpoint")
  assert(proc.kill(server.pid, 9))
  server.stop()
  lu.assertNotNil(fs.stat(server.data .. "/postmaster.pid"))
  local again <close> = assert(start(folder))
  lu.assertEquals(ask(again, "select n from kept").n, 42)
end

function TestLocalCluster:test_start_after_a_crash_waits_for_the_rest_of_the_server()
  local folder = temp.folder("pg")
  local server = assert(start(folder))
  local rest = ask(server, "select pid from pg_stat_activity where backend_type = 'checkpointer'").pid
  assert(proc.kill(rest, 19)) -- SIGSTOP
  assert(proc.kill(server.pid, 9))
  server.stop()
  local waker <close> = assert(proc.spawn({ "sh", "-c", "sleep 1; kill -CONT " .. rest }, { stdout = "null", stderr = "null" }))
  local again <close> = assert(start(folder))
  lu.assertEquals(ask(again, "select 1 as n").n, 1)
  waker:wait(60)
end

function TestLocalCluster:test_start_survives_a_pid_file_with_a_stranger_s_number()
  local folder = temp.folder("pg")
  local server = assert(start(folder))
  server.stop()
  local owner = fs.stat(server.data)
  local stranger <close> = assert(proc.spawn({ "sleep", "60" }, { uid = owner.uid ~= proc.self().uid and owner.uid or nil,
    gid = owner.uid ~= proc.self().uid and owner.gid or nil, cwd = "/", stdout = "null", stderr = "null" }))
  local path = server.data .. "/postmaster.pid"
  assert(fs.write(path, ("%d\n%s\n1795564800\n5432\n%s\n\n  1 0\nready\n"):format(stranger:pid(), server.data, server.socket_dir)))
  assert(fs.chown(path, owner.uid, owner.gid))
  lu.assertEquals(cluster.status(server.data).state, "stopped")
  local again <close> = assert(start(folder))
  lu.assertEquals(ask(again, "select 1 as n").n, 1)
  lu.assertEquals(proc.kill(stranger:pid(), 0), true)
  stranger:kill(15)
  stranger:wait(60)
end

function TestLocalCluster:test_start_sweeps_up_after_a_killed_start()
  local folder = temp.folder("pg")
  folder:write("pg/data.new-12345678/PG_VERSION", "15\n")
  local server <close> = assert(start(folder))
  lu.assertNil(fs.stat(folder:join("pg/data.new-12345678")))
  lu.assertEquals(ask(server, "select 1 as n").n, 1)
end

function TestLocalCluster:test_data_of_an_unknown_major_is_explained()
  local folder = temp.folder("pg")
  folder:write("pg/data/PG_VERSION", "9\n")
  local server, message, code, detail = cluster.start({ data = folder:join("pg/data") })
  lu.assertNil(server)
  lu.assertStrContains(message, "made by PostgreSQL 9")
  lu.assertEquals(code, "config")
  lu.assertStrContains(detail.advice, "install PostgreSQL 9")
  lu.assertEquals(folder:read("pg/data/PG_VERSION"), "9\n")
end

function TestLocalCluster:test_a_folder_with_other_files_is_left_alone()
  local folder = temp.folder("pg")
  folder:write("pg/data/letter.txt", "dear")
  local server, message, code = start(folder)
  lu.assertNil(server)
  lu.assertStrContains(message, "holds no PostgreSQL data")
  lu.assertEquals(code, "config")
  lu.assertEquals(folder:read("pg/data/letter.txt"), "dear")
end

function TestLocalCluster:test_settings_that_the_server_refuses_are_explained()
  local folder = temp.folder("pg")
  local server, message, code, detail = support.start_in(folder.path, { shared_buffers = "nonsense" })
  lu.assertNil(server)
  lu.assertStrContains(message, "shared_buffers")
  lu.assertEquals(code, "failed")
  lu.assertStrContains(detail.advice, folder:join("pg/log"))
  lu.assertEquals(cluster.status(folder:join("pg/data")).state, "stopped")
end

function TestLocalCluster:test_a_long_path_gets_a_short_socket()
  local folder = temp.folder("pg")
  local deep = folder:join(("d"):rep(60) .. "/" .. ("e"):rep(60))
  local server <close> = assert(support.start_in(deep))
  lu.assertTrue(#server.socket_dir + #"/.s.PGSQL.5432" <= 107)
  lu.assertEquals(ask(server, "select 1 as n").n, 1)
  server.stop()
  lu.assertNil(fs.stat(server.socket_dir))
end

function TestLocalCluster:test_a_socket_folder_of_somebody_else_is_refused()
  lu.skipIf(proc.self().euid ~= 0, "only root can give a folder away")
  local folder, socket_dir = temp.folder("pg"), assert(fs.temporary("tilth-socket-")) -- short enough for a socket
  assert(fs.chown(socket_dir, 12345, 12345))
  local server, message, code = cluster.start({ data = folder:join("pg/data"), bindir = support.bindir(), socket_dir = socket_dir })
  assert(fs.remove_tree(socket_dir))
  lu.assertNil(server)
  lu.assertStrContains(message, socket_dir .. " must be a folder of")
  lu.assertEquals(code, "config")
end

function TestLocalCluster:test_a_template_that_others_can_write_to_is_refused()
  local folder = temp.folder("pg")
  local template = folder:join("template")
  do
    local first <close> = assert(cluster.start({ data = folder:join("a/data"), bindir = support.bindir(), template = template }))
    lu.assertEquals(ask(first, "select 1 as n").n, 1)
  end
  assert(fs.chmod(template, 511)) -- 511: rwxrwxrwx
  local server, message, code = cluster.start({ data = folder:join("b/data"), bindir = support.bindir(), template = template })
  lu.assertNil(server)
  lu.assertStrContains(message, template .. " must be a folder that only")
  lu.assertEquals(code, "config")
end

function TestLocalCluster:test_root_is_told_which_folder_the_server_cannot_enter()
  lu.skipIf(proc.self().euid ~= 0, "only root changes to another user")
  local folder = temp.folder("pg")
  folder:write("closed/x", "")
  assert(fs.chmod(folder:join("closed"), 448))
  local server, message, code, detail = support.start_in(folder:join("closed"))
  lu.assertNil(server)
  lu.assertStrContains(message, "cannot enter " .. folder:join("closed"))
  lu.assertEquals(code, "config")
  lu.assertStrContains(detail.advice, "chmod o+x " .. folder:join("closed"))
end

--- Waits until the data folder has no running server; false when that takes too long.
local function is_gone(data, patience)
  local deadline = clock.monotonic() + patience
  while cluster.status(data).pid and clock.monotonic() < deadline do clock.sleep(0.01) end
  return not cluster.status(data).pid
end

function TestLocalCluster:test_a_server_that_dies_with_its_parent_ends_after_kill_9()
  local folder = temp.folder("pg")
  local script = folder:write("start.lua", ([[
    local server = assert(require("tilth.local.cluster").start({ data = %q, bindir = %q, die_with_parent = true }))
    print("pid " .. server.pid)
    io.stdout:flush()
    require("tilth.clock").sleep(60)]]):format(folder:join("pg/data"), support.bindir()))
  local child <close> = program.start({ args = { "run", script } })
  child:wait_for("pid %d+\n")
  lu.assertEquals(cluster.status(folder:join("pg/data")).pid, math.tointeger(tonumber(child.stdout:match("pid (%d+)"))))
  child:signal(9)
  lu.assertEquals(child:wait().signal, 9)
  lu.assertTrue(is_gone(folder:join("pg/data"), 60))
  lu.assertNil(fs.stat(folder:join("pg/data/postmaster.pid")))
end

function TestLocalCluster:test_start_is_quick()
  local folder = temp.folder("pg")
  assert(start(folder)).stop()
  local best, tries = math.huge, 0
  repeat
    local began = clock.monotonic()
    local _ <close> = assert(start(folder))
    best, tries = math.min(best, clock.monotonic() - began), tries + 1
  until best < 0.5 or tries == 10
  -- A machine that is slow, or busy all the time, may take longer, but not the seconds of a wait that is left to its end.
  lu.assertTrue(best < 5, ("the quickest start took %.3f s"):format(best))
end

return TestLocalCluster
