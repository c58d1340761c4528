---@meta tilth.core.edit

-- reads lines, with an editor on a terminal (libedit) and plainly elsewhere. Every wait is tilth_wait, so that Ctrl-C ends it.

---@class tilth.core.edit
local edit = {}

---@class tilth.Editor: userdata
local editor = {}

---Adds a line to what the arrow keys bring back
---@param line string
function editor:add(line) end

---Gives the terminal back as it was. Twice is allowed.
function editor:close() end

---Does it edit lines, or read them plainly?
---@return boolean
function editor:edits() end

---The next line, without its end
---@param prompt string
---@return string? # line
---@return string? # message
---@return string?
function editor:read(prompt) end

---Options are edit (standard input and output are a terminal that can do more than print), prompt (without an editor, show the prompt all the same) and complete, a function(line, cursor) that gives text | nil, listing | nil, replaced | nil
---@param options table
---@return tilth.Editor # editor
function edit.open(options) end

return edit
