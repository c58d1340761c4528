---@meta tilth.core.env

-- the environment of this process. Values never appear in messages.

---@class tilth.core.env
local env = {}

---A variable's value, nil when it is not set
---@param name string
---@return string? # text
function env.get(name) end

---For this process and its children
---@param name string
---@param value any
---@return true? # true
---@return string? # message
---@return integer? # errno
function env.set(name, value) end

---Removes a variable
---@param name string
---@return true? # true
---@return string? # message
---@return integer? # errno
function env.unset(name) end

---All variables
---@return table
function env.all() end

return env
