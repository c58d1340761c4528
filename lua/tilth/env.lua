--- The environment of this process.
-- Values never appear in messages.
local env = {}

local core = require("tilth.core.env")

--- Reads a variable.
-- @function get
-- @tparam string name
-- @treturn string|nil its value, nil when it is not set
env.get = core.get

--- Sets a variable, for this process and its children. A wrong name raises.
-- @function set
-- @tparam string name
-- @tparam string value
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
env.set = core.set

--- Removes a variable.
-- @function unset
-- @tparam string name
-- @treturn bool true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
env.unset = core.unset

--- Reads all variables.
-- @function all
-- @treturn table name to value
env.all = core.all

return env
