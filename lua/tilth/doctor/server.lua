--- Probe: the server's version, and whether it takes writes.
local answer = require("tilth.doctor.answer")

local OLDEST <const>, NEWEST <const> = 13, 18

-- reset_val is what a session begins with; this session itself has turned writing off.
local SQL <const> = [[
select pg_catalog.pg_is_in_recovery() as replica, pg_catalog.current_setting('server_version') as version,
 (select reset_val from pg_catalog.pg_settings where name = 'default_transaction_read_only') as read_only]]

--- Judges a version. Pure.
-- @tparam integer number as the server gives it: 150018
-- @tparam string text as the server writes it
-- @treturn table answer
local function judge(number, text)
  local major = number // 10000
  if major < OLDEST then
    return answer.fail(("PostgreSQL %s is older than tilth knows (%d to %d)"):format(text, OLDEST, NEWEST), "failed",
      "Upgrade the server: PostgreSQL itself mends these versions no more.")
  elseif major > NEWEST then
    return answer.warn(("PostgreSQL %s is newer than tilth knows (%d to %d)"):format(text, OLDEST, NEWEST),
      "It will most likely work; look for a newer tilth.")
  end
  return answer.ok("PostgreSQL " .. text)
end

local function run(world)
  local row, message, code, detail = world.db:one(SQL)
  if not row then
    return answer.failure(message, code, detail, "cannot ask the server what it is")
  elseif row.replica then
    return answer.fail("the server is a read-only replica: nothing can be migrated or seeded there", "config",
      ("Name the primary (the writer endpoint) in %s."):format(world.target.source))
  elseif row.read_only == "on" then
    return answer.fail("sessions of this user begin read-only (default_transaction_read_only = on)", "failed",
      "Take the setting back (ALTER ROLE or ALTER DATABASE ... RESET default_transaction_read_only), or use another user.")
  end
  return judge(world.db:info().server_version, row.version)
end

return { id = "server", needs = { "login" }, run = run, judge = judge }
