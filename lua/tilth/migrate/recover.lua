--- After a lost connection: was it committed? Looks instead of guessing.
-- @module tilth.migrate.recover

local recover = {}

local clock = require("tilth.clock")
local lock = require("tilth.migrate.lock")

-- A server that restarts is back within this time, or not soon.
local WAIT <const> = 30
local PAUSE <const> = 0.3
local LOCK_PATIENCE <const> = 30

local function reconnect(db, wait)
  local started = clock.monotonic()
  while true do
    local ok, message, code, detail = db:reconnect()
    if ok then
      return true
    end
    if clock.monotonic() - started > wait then
      return nil, message, code, detail
    end
    clock.sleep(PAUSE)
  end
end

--- Connects again and asks for a row of the history. Only the lock proves that the lost session has ended: until then
-- the server may still be at work for it.
-- @tparam table world db, report, lock, settings
-- @tparam string sql a query with the row's id as $1
-- @tparam string id
-- @treturn table|false the row, or false when it is not there
-- @treturn nil,string,string,table when that could not be found out
function recover.look(world, sql, id)
  local db = world.db
  world.lock = nil
  local ok, message, code, detail = reconnect(db, world.reconnect_wait or WAIT)
  if not ok then
    return nil, message, code, detail
  end
  local held
  held, message, code, detail = lock.acquire(db, { patience = LOCK_PATIENCE, report = world.report })
  if not held then
    return nil, message, code, detail
  end
  world.lock = held
  local row, why, state, more = db:one(sql, id)
  if row == nil and state == "42P01" then
    -- The table is made in the same transaction as its first row.
    return false
  end
  return row, why, state, more
end

--- The error of a migration whose session was lost.
-- @tparam string name
-- @tparam string why the server's or the network's words
-- @tparam boolean|nil known that nothing of it is there
-- @treturn nil,string,string,table message, "P1017", detail
function recover.failure(name, why, known)
  local first = ("the connection to the database was lost while migration `%s` was running: %s."):format(name, why)
  if known then
    return nil, ("P1017\n\nServer has closed the connection.\n\n%s\nIt was rolled back: database and history are as before it. "
      .. "(tilth connected again and looked.)"):format(first), "P1017", {
        advice = "Run `tilth migrate deploy` again.", migration = name, lost = true, exit = 1,
      }
  end
  return nil, ("P1017\n\nServer has closed the connection.\n\n%s\nIts work and its history row are one transaction: both are there, "
    .. "or neither. (The database cannot be asked now.)"):format(first), "P1017", {
      advice = "Run `tilth migrate deploy` again when the database is back: it goes on from what is really there.",
      migration = name, lost = true, exit = 4,
    }
end

return recover
