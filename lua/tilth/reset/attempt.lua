--- Runs a short transaction that changes schemas, again and again while others are in its way.
local attempt = {}

local clock = require("tilth.clock")
local holders = require("tilth.reset.holders")

-- Lock not to be had in time, deadlock, serialisation failure; XX000 "tuple concurrently updated" comes from two sessions
-- that change one schema at once.
local PASSING <const> = { ["55P03"] = true, ["40P01"] = true, ["40001"] = true }
local LOCK_TIMEOUT <const> = "2s"
local BUDGET <const> = 60
local FIRST_PAUSE <const> = 0.2
local LONGEST_PAUSE <const> = 5

local READ_ONLY <const> = "25006"
local READ_ONLY_ADVICE <const> = "Nothing was changed. This is a replica, a server in maintenance, or a database or role with "
  .. "default_transaction_read_only: connect to the primary, as a role that may write."

local function passing(code, message)
  return PASSING[code] or (code == "XX000" and message:find("concurrently", 1, true) ~= nil)
end

local function gives_up(db, what, schemas, message, code, detail)
  detail = detail or {}
  detail.advice = schemas and holders.advice(db, schemas) or detail.advice
    or "Nothing was changed. Run it again when the database is quiet."
  return nil, ("%s could not get its locks within %d s: %s"):format(what, BUDGET, message), code, detail
end

--- Runs fn(db) in a transaction with a short lock_timeout, with growing pauses between tries.
-- @tparam Db db
-- @tparam string what for the message: "the reset"
-- @tparam function fn
-- @tparam[opt] table report
-- @tparam[opt] table schemas the names of those that are changed, to say who holds them
-- @treturn ... what fn returned
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function attempt.run(db, what, fn, report, schemas)
  local give_up, pause = clock.monotonic() + BUDGET, FIRST_PAUSE
  while true do
    local values = table.pack(db:transaction(function()
      local ok, message, code, detail = db:script("SET LOCAL lock_timeout = '" .. LOCK_TIMEOUT .. "'")
      if not ok then
        return nil, message, code, detail
      end
      return fn(db)
    end))
    if values[1] == nil and values[3] == READ_ONLY then
      values[4] = values[4] or {}
      values[4].advice, values.n = READ_ONLY_ADVICE, 4
    end
    if values[1] ~= nil or not passing(values[3], values[2]) then
      return table.unpack(values, 1, values.n)
    end
    if clock.monotonic() + pause > give_up then
      return gives_up(db, what, schemas, values[2], values[3], values[4])
    end
    if report then
      report:status(("%s waits for a lock: %s"):format(what, values[2]))
    end
    -- Two builds that block each other must not come back at the same moment.
    clock.sleep(pause * (0.75 + math.random() / 2))
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

return attempt
