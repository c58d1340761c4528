--- Tries again for a while what may open by itself.
local patience = {}

local clock = require("tilth.clock")

local PAUSE <const> = 0.5

--- Tries a function until it gives a value or the time is over; at least once.
-- @tparam table world left (a function: how many seconds of --wait are left), report
-- @tparam string doing said on the status line
-- @tparam function try gives a value, or nil, message, code
-- @tparam[opt] table options hopeless = function(code) that says that waiting cannot help, left = function in place of world.left
-- @return what `try` gave last
function patience.wait(world, doing, try, options)
  local hopeless, left = options and options.hopeless, options and options.left or world.left
  while true do
    local values = table.pack(try())
    local rest = left()
    local over = rest <= 0
    if values[1] or over or (hopeless and hopeless(values[3])) then
      return table.unpack(values, 1, values.n)
    end
    world.report:status(("waiting: %s: %s"):format(doing, values[2]))
    clock.sleep(math.min(PAUSE, rest))
  end
end

return patience
