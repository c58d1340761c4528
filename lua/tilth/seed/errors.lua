--- The errors that seed code sees: tables with `message`, `code`, `advice` and the server's fields. tostring gives what the
-- program would print of them.
local errors = {}

local Error = { __name = "seed error" }
Error.__tostring = function(self)
  local text, code = tostring(self.message), self.code
  if type(code) == "string" and code:find("^P%d%d%d%d$") and text:sub(1, #code) ~= code then
    text = code .. ": " .. text
  end
  return self.advice and ("%s\n\n%s"):format(text, self.advice) or text
end
Error.__index = Error

--- Makes an error object.
-- @param message what happened
-- @param code    SQLSTATE or word
-- @param detail  more about it (constraint, table, column, advice, file, line ...); its fields are the object's too
-- @return error object, to be raised
function errors.new(message, code, detail)
  local object = {}
  for key, value in pairs(detail or {}) do
    object[key] = value
  end
  object.message, object.code, object.fields = message, code, detail or {}
  return setmetatable(object, Error)
end

--- Tells whether a raised value is such an object.
-- @tparam any value
function errors.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

--- Raises an error object made of nil, message, code, detail.
-- @tparam string message
-- @tparam string|integer code
-- @tparam table detail
function errors.raise(message, code, detail)
  error(errors.new(message, code, detail), 0)
end

--- Passes results through, or raises nil, message, code, detail as an error object.
-- @tparam any value
function errors.check(value, ...)
  if value == nil then
    errors.raise(...)
  end
  return value, ...
end

return errors
