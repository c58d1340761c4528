---@meta tilth.terminal

-- What a descriptor leads to: a terminal, and how wide it is.

---@class tilth.terminal
local terminal = {}

---Is a descriptor a terminal?
---@param fd integer 0 standard input, 1 standard output, 2 standard error
---@return boolean
function terminal.is_terminal(fd) end

---The width of a terminal.
---@param fd integer
---@return integer? # columns; nil when it is no terminal or does not know
function terminal.width(fd) end

---The height of a terminal.
---@param fd integer
---@return integer? # rows; nil when it is no terminal or does not know
function terminal.height(fd) end

return terminal
