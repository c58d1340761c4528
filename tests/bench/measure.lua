--- Times commands in turns and says how they compare.
local measure = {}

local clock = require("tilth.core.clock")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")

local TIME <const> = "/usr/bin/time"
local TIMEOUT <const> = 900

local function sorted(list)
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy)
  return copy
end

--- The middle value.
-- @tparam table list numbers, at least one
-- @treturn number
function measure.median(list)
  local values = sorted(list)
  local middle = #values // 2
  if #values % 2 == 1 then
    return values[middle + 1]
  end
  return (values[middle] + values[middle + 1]) / 2
end

local function must_end_well(argv, done, message)
  if done and done.kind == "exit" and done.code == 0 then
    return done
  end
  local why = done and ("ended with %s %d: %s"):format(done.kind, done.code, (done.stderr or ""):sub(-800)) or message
  error(("%s %s"):format(table.concat(argv, " "):sub(1, 200), why), 3)
end

--- Runs a command once; raises when it fails, for a failure's time says nothing.
-- @tparam table command `argv`, `env`, `cwd`, `stdin`
-- @treturn number seconds from before the start of the process to its end
function measure.time(command)
  local options = {
    cwd = command.cwd, env = command.env, clean_env = true, stdin = command.stdin or "null", stdout = "null",
    stderr = "capture", timeout = TIMEOUT,
  }
  local start = clock.monotonic()
  local done, message = proc.run(command.argv, options)
  local seconds = clock.monotonic() - start
  must_end_well(command.argv, done, message)
  return seconds
end

--- The peak of a command's resident memory, as the kernel counts it for the process (wait4), in a run of its own:
-- the program that asks for it costs time.
-- @tparam table command as of `time`
-- @treturn integer bytes
-- @treturn[2] nil when GNU time is not installed
function measure.memory(command)
  if not fs.stat(TIME, "follow") then
    return nil
  end
  local folder = assert(fs.temporary("tilth-bench-time-"))
  local _ <close> = setmetatable({}, { __close = function() fs.remove_tree(folder) end })
  local file = folder .. "/peak"
  local argv = { TIME, "-q", "-f", "%M", "-o", file }
  table.move(command.argv, 1, #command.argv, #argv + 1, argv)
  measure.time({ argv = argv, env = command.env, cwd = command.cwd, stdin = command.stdin })
  local kilobytes = math.tointeger(tonumber((assert(fs.read(file)):match("(%d+)%s*$"))))
  return kilobytes * 1024
end

local function side(name, times, memory)
  local values = sorted(times)
  return { name = name, median = measure.median(times), fastest = values[1], slowest = values[#values], memory = memory }
end

--- Takes two commands in turns.
-- @tparam table options `name`, `runs`, `a` and `b` (each `{ name, command = function() -> command }`, called before every
-- run, outside the time; `after = function()` is called after it), `goal` (the highest ratio that is well), `limit`
-- (the longest median of `a` that is well, in seconds), `memory_goal` (bytes, for `a`), `warm` (false: no run before the first that counts)
-- @treturn table `{ name, runs, a, b, ratio, goal, met }`
function measure.pairs(options)
  local times, ratios, memory = { a = {}, b = {} }, {}, {}
  local function once(key, run)
    local part = options[key]
    local value = run(part.command())
    if part.after then part.after() end
    return value
  end
  -- The first runs fill the caches; the runs that ask for memory serve as these.
  if options.warm ~= false then
    for _, key in ipairs({ "a", "b" }) do
      memory[key] = once(key, measure.memory)
      once(key, measure.time)
    end
  end
  for run = 1, options.runs do
    times.a[run] = once("a", measure.time)
    times.b[run] = once("b", measure.time)
    ratios[run] = times.a[run] / times.b[run]
  end
  local ratio = measure.median(ratios)
  local row = {
    name = options.name, runs = options.runs, ratio = ratio, goal = options.goal, limit = options.limit, memory_goal = options.memory_goal,
    a = side(options.a.name, times.a, memory.a), b = side(options.b.name, times.b, memory.b),
  }
  if options.goal or options.limit then
    row.met = ratio <= (options.goal or math.huge) and row.a.median <= (options.limit or math.huge)
      and not (options.memory_goal and memory.a and memory.a > options.memory_goal)
  end
  return row
end

return measure
