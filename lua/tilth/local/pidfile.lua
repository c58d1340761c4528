--- Reads postmaster.pid, the file in which a PostgreSQL server says who and how far it is.
local pidfile = {}

local NAME <const> = "/postmaster.pid"

--- Parses the file's text; a server that is just starting may have written only a part of it.
-- @tparam string text
-- @treturn table `{ pid, data, since (seconds since 1970), port, socket_dir, status }`, status "ready", "starting",
-- "stopping", "standby" or absent
-- @treturn[2] nil when there is no process id in it
function pidfile.parse(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  local pid = math.tointeger(tonumber(lines[1]))
  -- A negative number is a single-user backend, which serves nobody.
  if not pid or pid == 0 then return nil end
  local status = lines[8] and lines[8]:match("^%a+")
  return {
    pid = math.abs(pid), single_user = pid < 0, data = lines[2], since = tonumber(lines[3]),
    port = math.tointeger(tonumber(lines[4])), socket_dir = lines[5] ~= "" and lines[5] or nil, status = status,
  }
end

--- Reads the file of a data folder.
-- @tparam table files the fs module or a fake
-- @tparam string data
-- @treturn table as of `parse`
-- @treturn[2] nil when there is none
function pidfile.read(files, data)
  local text = files.read(data .. NAME)
  return text and pidfile.parse(text) or nil
end

--- Whether a process works in a data folder: every process of a server does, and no other.
local function works_in(files, pid, data)
  return files.realpath(("/proc/%d/cwd"):format(pid)) == data
end

--- Whether the process that the file names is a living server of this data folder. A process id is given
-- to another program sooner or later, so that being alive proves nothing.
-- @tparam table files
-- @tparam function kill process.kill or a fake
-- @tparam string data
-- @tparam table state as of `parse`
-- @treturn bool
function pidfile.is_running(files, kill, data, state)
  local alive, _, code = kill(state.pid, 0)
  if not alive and code ~= 1 then return false end -- 1 is EPERM: it lives, as somebody else
  local command = files.read(("/proc/%d/cmdline"):format(state.pid))
  if not command then return not files.stat("/proc/self/cmdline") end -- no /proc here: believe the signal
  local real = files.realpath(data) or data
  return works_in(files, state.pid, real) or command:find("\0" .. real .. "\0", 1, true) ~= nil
end

--- Finds a process that works in the data folder of a server that has left its file. Those of one that was killed end
-- a moment later.
-- @tparam table files
-- @tparam string data
-- @treturn integer its process id
-- @treturn[2] nil when there is none, or no file
function pidfile.worker(files, data)
  if not pidfile.read(files, data) then return nil end
  local real = files.realpath(data) or data
  for _, entry in ipairs(files.list("/proc") or {}) do
    local pid = math.tointeger(tonumber(entry.name))
    if pid and works_in(files, pid, real) then return pid end
  end
  return nil
end

--- Removes a postmaster.pid whose process id now belongs to another program. PostgreSQL itself deals with a dead
-- one; a living stranger makes it refuse to start. The file is also what keeps two servers off the same
-- memory, so it stays as long as any process works in the data folder.
-- @tparam table files
-- @tparam function kill
-- @tparam string data
-- @tparam string socket_dir
-- @treturn bool whether one was removed
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function pidfile.clear_stale(files, kill, data, socket_dir)
  local state = pidfile.read(files, data)
  if not state or not kill(state.pid, 0) then return false end
  local pid = pidfile.worker(files, data)
  if pid then
    return nil, ("process %d still works in %s, although its server is gone"):format(pid, data), "failed",
      { advice = ("it ends by itself in a moment; if it does not: kill -QUIT %d"):format(pid) }
  end
  for _, path in ipairs({ data .. NAME, socket_dir .. "/.s.PGSQL.5432.lock" }) do
    local removed, message, code = files.remove(path)
    if not removed and code ~= 2 then return nil, ("the stale file %s: %s"):format(path, message), code end
  end
  return true
end

return pidfile
