---@meta tilth.core.term

-- what a descriptor leads to, and how wide it is.

---@class tilth.core.term
local term = {}

---Nil when it is no terminal or does not know its height
---@param fd integer
---@return integer? # rows
function term.height(fd) end

---Does a descriptor lead to a terminal?
---@param fd integer
---@return boolean
function term.is_terminal(fd) end

---Nil when it is no terminal or does not know its width
---@param fd integer
---@return integer? # columns
function term.width(fd) end

return term
