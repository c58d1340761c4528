---@meta tilth.log

-- What a script says: lines in the style of tilth's own. With --json they go to standard error; passwords are masked.

---@class tilth.log
local log = {}

---A line about what goes on; not with --quiet.
---@param text string with further arguments a format, as of string.format
---@param ... any values of the format
function log.info(text, ...) end

---A line about something that has been done.
---@param text string
---@param seconds? number how long it took
function log.done(text, seconds) end

---A remark that needs no action.
---@param text string with further arguments a format
---@param ... any values of the format
function log.note(text, ...) end

---A warning; said with --quiet as well.
---@param text string with further arguments a format
---@param ... any values of the format
function log.warn(text, ...) end

---An error message on standard error. It ends nothing: raise an error, or return a number.
---@param text string with further arguments a format
---@param ... any values of the format
function log.error(text, ...) end

---Hides a secret from all further output.
---@param secret string
function log.hide(secret) end

return log
