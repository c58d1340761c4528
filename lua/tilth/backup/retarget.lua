--- The same server and login, another database. Pure.
local retarget = {}

--- Makes a target of another database on the server of a target.
-- @tparam table target see docs/architecture.md
-- @tparam string database
-- @treturn table target; the parameters, which hold the password, stay out of sight as in the original
function retarget.database(target, database)
  local copy, params = {}, {}
  for name, value in pairs(target) do
    copy[name] = value
  end
  for name, value in pairs(target.params) do
    params[name] = value
  end
  params.dbname = database
  copy.database = database
  copy.text = ("database \"%s\"%s"):format(database, (target.text or ""):match("^[^\"]*\"[^\"]*\"(.*)$") or "")
  return setmetatable(copy, { __index = { params = params }, __tostring = function(self) return self.text end, __name = "target" })
end

return retarget
