--- What a probe answers: a state, one line, and what to do about it. Pure.
local answer = {}

local connect_error = require("tilth.connect_error")

--- All is well.
-- @tparam string message
-- @treturn table { state, message }
function answer.ok(message)
  return { state = "ok", message = message }
end

--- Something to look at, which stops nothing.
-- @tparam string message
-- @tparam[opt] string advice
-- @treturn table { state, message, advice }
function answer.warn(message, advice)
  return { state = "warn", message = message, advice = advice }
end

--- Something that a deployment would fail on.
-- @tparam string message its first line is the one that stands in the list
-- @tparam[opt] string|integer code as of any failure; it decides the exit status
-- @tparam[opt] string advice
-- @treturn table { state, message, code, advice }
function answer.fail(message, code, advice)
  return { state = "fail", message = message, code = code or "failed", advice = advice }
end

--- Nothing to look at here; probes that need this one go on.
-- @tparam string message why
-- @treturn table { state, message }
function answer.skip(message)
  return { state = "skip", message = message }
end

--- A failure of another module.
-- @tparam string message
-- @tparam[opt] string|integer code
-- @tparam[opt] table detail its advice and exit are kept
-- @tparam[opt] string prefix says what was being done
-- @treturn table as of `fail`; `lost` marks a session that is gone
function answer.failure(message, code, detail, prefix)
  message, code, detail = connect_error.lost(prefix and prefix .. ": " .. message or message, code, detail)
  local made = answer.fail(message, code, detail and detail.advice)
  made.exit, made.lost = detail and detail.exit, detail and detail.lost
  return made
end

return answer
