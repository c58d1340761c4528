--- Running SQL as scripts and seeds do: query, one, value and exec, over a session's own way to send a statement.
local statements = {}

local function check(self, verb, text)
  if type(self) ~= "table" or not self.db then
    error(("write db:%s(...), with a colon"):format(verb), 3)
  elseif type(text) ~= "string" then
    error(("db:%s expects SQL text, not a %s"):format(verb, type(text)), 3)
  end
end

-- After such a script what is known of tables and models may be wrong.
local function may_change_tables(text)
  local words = text:lower()
  return words:find("%f[%a]table%f[%A]") ~= nil or words:find("%f[%a]type%f[%A]") ~= nil or words:find("%f[%a]schema%f[%A]") ~= nil
end

--- The four methods of a session.
-- @tparam function send send(session, verb, method, text, ...) gives what db[method] gives, or raises an error object
-- @tparam function ran ran(session, changed) is told that a script went well, and whether it may have changed tables
-- @treturn table { query, one, value, exec }
function statements.over(send, ran)
  local methods = {}

  function methods.query(self, text, ...)
    check(self, "query", text)
    return send(self, "query", "query", text, ...)
  end

  function methods.one(self, text, ...)
    check(self, "one", text)
    return send(self, "one", "one", text, ...) or nil
  end

  function methods.value(self, text, ...)
    check(self, "value", text)
    local result = send(self, "value", "query", text, ...)
    return result[1] and result[1][result.columns[1]]
  end

  function methods.exec(self, text, ...)
    check(self, "exec", text)
    if select("#", ...) > 0 then
      return send(self, "exec", "query", text, ...).count
    end
    local results = send(self, "exec", "script", text)
    ran(self, may_change_tables(text))
    return #results > 0 and results[#results].count or 0
  end

  return methods
end

return statements
