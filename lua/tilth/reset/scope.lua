--- Which resets are a project's own, where several projects keep their schemas in one database. Pure.
local scope = {}

--- The schemas that a reset of this project is about, as Prisma chooses them.
-- @tparam table target
-- @tparam table|nil project
-- @treturn table list of names
function scope.names(target, project)
  local source = project and project.schema and project.schema.datasource
  if source and source.schemas and #source.schemas > 0 then
    return source.schemas
  end
  return { target.schema or "public" }
end

--- Was a reset about one of these schemas?
-- @tparam table reset a row of the ledger
-- @tparam table names list of schema names
-- @treturn boolean
function scope.touches(reset, names)
  for _, entry in ipairs(reset.schemas) do
    for _, name in ipairs(names) do
      if entry.schema == name then
        return true
      end
    end
  end
  return false
end

--- The resets that were about these schemas, in the same order.
-- @tparam table resets rows of the ledger
-- @tparam table names list of schema names
-- @treturn table list of rows
function scope.own(resets, names)
  local own = {}
  for _, reset in ipairs(resets) do
    if scope.touches(reset, names) then
      own[#own + 1] = reset
    end
  end
  return own
end

return scope
