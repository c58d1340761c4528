--- What a descriptor leads to: a terminal, and how wide it is.
local terminal = {}

local core = require("tilth.core.term")

--- Is a descriptor a terminal?
-- @function is_terminal
-- @tparam integer fd 0 standard input, 1 standard output, 2 standard error
-- @treturn bool
terminal.is_terminal = core.is_terminal

--- The width of a terminal.
-- @function width
-- @tparam integer fd
-- @treturn integer|nil columns; nil when it is no terminal or does not know
terminal.width = core.width

--- The height of a terminal.
-- @function height
-- @tparam integer fd
-- @treturn integer|nil rows; nil when it is no terminal or does not know
terminal.height = core.height

return terminal
