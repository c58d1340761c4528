--- What a script says: lines in the style of tilth's own. With --json they go to standard error; passwords are masked.
local log = {}

--- The report of the command line that runs the script.
local function report()
  return require("tilth").context().report
end

--- Puts a text and values together: `log.info("%d rows", n)`. A text alone is taken as it is.
local function text_of(text, ...)
  return select("#", ...) > 0 and text:format(...) or tostring(text)
end

--- A line about what goes on; not with --quiet.
-- @tparam string text with further arguments a format, as of string.format
-- @tparam any ... values of the format
function log.info(text, ...)
  report():progress(text_of(text, ...))
end

--- A line about something that has been done.
-- @tparam string text
-- @tparam[opt] number seconds how long it took
function log.done(text, seconds)
  report():done(tostring(text), seconds)
end

--- A remark that needs no action.
-- @tparam string text with further arguments a format
-- @tparam any ... values of the format
function log.note(text, ...)
  report():note(text_of(text, ...))
end

--- A warning; said with --quiet as well.
-- @tparam string text with further arguments a format
-- @tparam any ... values of the format
function log.warn(text, ...)
  report():warn(text_of(text, ...))
end

--- An error message on standard error. It ends nothing: raise an error, or return a number.
-- @tparam string text with further arguments a format
-- @tparam any ... values of the format
function log.error(text, ...)
  report():error(text_of(text, ...))
end

--- Hides a secret from all further output.
-- @tparam string secret
function log.hide(secret)
  report():hide(secret)
end

return log
