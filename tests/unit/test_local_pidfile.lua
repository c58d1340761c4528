--- Tests the reading of postmaster.pid, and what is believed of it.
local lu = require("luaunit")
local pidfile = require("tilth.local.pidfile")

local TestLocalPidfile = {}

local READY <const> = "4711\n/srv/data\n1795564800\n5432\n/srv/socket\n\n  12345 0\nready   \n"

--- A machine with a pid file in /srv/data and some processes: pid -> { cwd, cmdline }.
local function machine(text, processes)
  local removed = {}
  local files = {
    read = function(path)
      if path == "/srv/data/postmaster.pid" then return text, "no such file", 2 end
      local process = processes[math.tointeger(tonumber(path:match("^/proc/(%d+)/cmdline$")))]
      return process and process.cmdline
    end,
    realpath = function(path)
      local pid = path:match("^/proc/(%d+)/cwd$")
      if not pid then return path end
      local process = processes[math.tointeger(tonumber(pid))]
      return process and process.cwd
    end,
    list = function()
      local entries = { { name = "self" }, { name = "meminfo" } }
      for pid in pairs(processes) do entries[#entries + 1] = { name = tostring(pid) } end
      return entries
    end,
    stat = function() return { type = "file" } end,
    remove = function(path)
      removed[#removed + 1] = path
      return true
    end,
  }
  local function kill(pid)
    local process = processes[pid]
    if not process then return nil, "no such process", 3 end
    if process.foreign then return nil, "not permitted", 1 end
    return true
  end
  return files, kill, removed
end

function TestLocalPidfile:test_parse_reads_every_line()
  lu.assertEquals(pidfile.parse(READY), {
    pid = 4711, single_user = false, data = "/srv/data", since = 1795564800, port = 5432, socket_dir = "/srv/socket",
    status = "ready",
  })
end

function TestLocalPidfile:test_parse_takes_what_a_starting_server_has_written()
  local cases = {
    { "", nil }, { "garbage\n", nil }, { "0\n", nil },
    { "4711\n/srv/data\n", nil }, { "4711\n/srv/data\n1\n5432\n/s\n\n 1 0\nstarting\n", "starting" },
    { "4711\n/srv/data\n1\n5432\n/s\n\n 1 0\nstopping\n", "stopping" },
  }
  for _, case in ipairs(cases) do
    local found = pidfile.parse(case[1])
    lu.assertEquals(found and found.status, case[2], case[1])
  end
  lu.assertEquals(pidfile.parse("-4711\n/srv/data\n").pid, 4711)
  lu.assertTrue(pidfile.parse("-4711\n/srv/data\n").single_user)
end

function TestLocalPidfile:test_running_only_when_the_process_is_this_server()
  local cases = {
    { "works in the folder", { cwd = "/srv/data", cmdline = "postgres\0" }, true },
    { "names the folder", { cmdline = "/usr/lib/postgresql/15/bin/postgres\0-D\0/srv/data\0-k\0/s\0" }, true },
    { "another user's", { foreign = true, cmdline = "postgres\0-D\0/srv/data\0" }, true },
    { "another program with that number", { cwd = "/home", cmdline = "vim\0letter\0" }, false },
    { "a server of another folder", { cwd = "/srv/data2", cmdline = "postgres\0-D\0/srv/data2\0" }, false },
    { "ended, not yet waited for", { cmdline = "" }, false },
    { "no process", nil, false },
  }
  for _, case in ipairs(cases) do
    local files, kill = machine(READY, { [4711] = case[2] })
    lu.assertEquals(pidfile.is_running(files, kill, "/srv/data", pidfile.parse(READY)), case[3], case[1])
  end
end

function TestLocalPidfile:test_stale_file_of_a_dead_process_is_left_to_postgres()
  local files, kill, removed = machine(READY, {})
  lu.assertEquals(pidfile.clear_stale(files, kill, "/srv/data", "/srv/socket"), false)
  lu.assertEquals(removed, {})
end

function TestLocalPidfile:test_stale_file_with_a_stranger_s_number_is_removed()
  local files, kill, removed = machine(READY, { [4711] = { cwd = "/home", cmdline = "vim\0" } })
  lu.assertEquals(pidfile.clear_stale(files, kill, "/srv/data", "/srv/socket"), true)
  lu.assertEquals(removed, { "/srv/data/postmaster.pid", "/srv/socket/.s.PGSQL.5432.lock" })
end

function TestLocalPidfile:test_stale_file_stays_while_a_process_works_in_the_data()
  local files, kill, removed = machine(READY,
    { [4711] = { cwd = "/home", cmdline = "vim\0" }, [88] = { cwd = "/srv/data", cmdline = "postgres: app\0" } })
  local cleared, message, code, detail = pidfile.clear_stale(files, kill, "/srv/data", "/srv/socket")
  lu.assertNil(cleared)
  lu.assertStrContains(message, "process 88 still works in /srv/data")
  lu.assertEquals(code, "failed")
  lu.assertStrContains(detail.advice, "88")
  lu.assertEquals(removed, {})
end

return TestLocalPidfile
