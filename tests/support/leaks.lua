--- Finds what a test left behind: connections, child processes, descriptors, the folder or variables it changed.
local leaks = {}

local clock = require("tilth.core.clock")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local PATIENCE <const> = require("support.patience")

--- The open descriptors, each with what it is open on. The one that the listing itself used is closed by now.
local function descriptors()
  local found = {}
  for _, entry in ipairs(fs.list("/proc/self/fd") or {}) do
    local path = "/proc/self/fd/" .. entry.name
    local open = fs.stat(path, "follow")
    if open then found[entry.name] = fs.realpath(path) or open.type end
  end
  return found
end

--- Reads the parent of a process from its stat line, whose second field may hold blanks and brackets.
local function parent_of(pid)
  local text = fs.read("/proc/" .. pid .. "/stat")
  return text and math.tointeger(tonumber(text:match("^.*%) %a (%d+)")))
end

--- The children of this process, from the kernel's list where it keeps one, else by asking every process.
local function children()
  local self, found, listed = proc.self().pid, {}, false
  for _, task in ipairs(fs.list("/proc/self/task") or {}) do
    local text = fs.read(("/proc/self/task/%s/children"):format(task.name))
    listed = listed or text ~= nil
    for pid in (text or ""):gmatch("%d+") do found[pid] = true end
  end
  if listed then return found end
  for _, entry in ipairs(fs.list("/proc") or {}) do
    if entry.name:find("^%d+$") and parent_of(entry.name) == self then found[entry.name] = true end
  end
  return found
end

--- What a process is, for a message.
local function command_of(pid)
  local text = fs.read("/proc/" .. pid .. "/cmdline")
  if not text or text == "" then return "ended, but nobody waited for it" end
  return (text:gsub("%z", " "):sub(1, 120))
end

--- The sessions of others on the run's server.
local function sessions(watch)
  if not watch then return {} end
  local rows = assert(watch:query([[
    select pid::text as pid, coalesce(datname, '') as name, application_name, coalesce(state, '') as state
    from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()]]))
  local found = {}
  for _, row in ipairs(rows) do
    found[row.pid] = ("a session on database %s (application_name %q, %s)"):format(
      row.name, row.application_name, row.state)
  end
  return found
end

--- What is in one set and not in another, each as a line of text.
local function added(before, now, describe)
  local lines = {}
  for name in pairs(now) do
    if not before[name] then lines[#lines + 1] = describe(name) end
  end
  table.sort(lines)
  return lines
end

--- Asks again until nothing is left, for things that need a moment to go away.
local function settle(probe)
  local deadline = clock.monotonic() + PATIENCE
  local found = probe()
  while #found > 0 and clock.monotonic() < deadline do
    clock.sleep(0.01)
    found = probe()
  end
  return found
end

--- Remembers how things are before a test.
-- @tparam userdata|nil watch a connection to the run's server, which is not counted
-- @treturn table for `check`
function leaks.snapshot(watch)
  return {
    watch = watch, cwd = fs.cwd(), env = env.all(), descriptors = descriptors(),
    children = children(), sessions = sessions(watch),
  }
end

--- Variables that differ, by name only: a value may be a secret.
local function changed_variables(before, now)
  local lines = {}
  for name, value in pairs(before) do
    if now[name] ~= value then lines[#lines + 1] = "the variable " .. name .. " was changed" end
  end
  for name in pairs(now) do
    if before[name] == nil then lines[#lines + 1] = "the variable " .. name .. " was left set" end
  end
  table.sort(lines)
  return lines
end

--- Puts variables and folder back, so that the next test is judged by what it does itself.
local function restore(before)
  for name in pairs(env.all()) do
    if before.env[name] == nil then env.unset(name) end
  end
  for name, value in pairs(before.env) do
    if env.get(name) ~= value then env.set(name, value) end
  end
  if fs.cwd() ~= before.cwd then assert(fs.chdir(before.cwd)) end
end

--- Compares with a snapshot, after a collection of garbage.
-- @tparam table before of `snapshot`
-- @treturn table list of sentences, empty when nothing was left behind
function leaks.check(before)
  collectgarbage()
  collectgarbage()
  local found = {}
  local function add(lines) table.move(lines, 1, #lines, #found + 1, found) end
  if fs.cwd() ~= before.cwd then add({ ("the working folder was changed to %s"):format(fs.cwd() or "nothing") }) end
  add(changed_variables(before.env, env.all()))
  restore(before)
  add(settle(function()
    return added(before.children, children(), function(pid)
      return ("a child process is left: %s (%s)"):format(pid, command_of(pid))
    end)
  end))
  add(settle(function()
    local now = sessions(before.watch)
    return added(before.sessions, now, function(pid) return now[pid] .. " was left open" end)
  end))
  add(settle(function()
    local open = descriptors()
    return added(before.descriptors, open, function(name)
      return ("descriptor %s was left open (%s)"):format(name, open[name])
    end)
  end))
  return found
end

return leaks
