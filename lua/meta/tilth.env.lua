---@meta tilth.env

-- The environment of this process.
-- Values never appear in messages.

---@class tilth.env
local env = {}

---Reads a variable.
---@param name string
---@return string? # its value, nil when it is not set
function env.get(name) end

---Sets a variable, for this process and its children. A wrong name raises.
---@param name string
---@param value string
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function env.set(name, value) end

---Removes a variable.
---@param name string
---@return boolean? # true
---@return string? # message
---@return integer? # errno
function env.unset(name) end

---Reads all variables.
---@return table # name to value
function env.all() end

return env
