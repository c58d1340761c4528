--- Extensions stay where they are in a reset, since the old tables in the bin use them. So a migration that makes one, and does not say
-- IF NOT EXISTS, finds it there when the migrations run anew: that statement is passed over.
local kept = {}

local sql = require("tilth.sql")
local statement = require("tilth.migrate.statement")

local function named(item)
  local tree = sql.parse(item.text)
  local found = tree and #tree.stmts == 1 and tree.stmts[1].stmt.CreateExtensionStmt
  return found and not found.if_not_exists and found.extname or nil
end

local function is_there(db, name, schema)
  return db:value([[SELECT EXISTS (SELECT FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = $1 AND n.nspname = $2)]], name, schema)
end

-- A statement of the same length, so that every other one keeps its line and column.
local function replace(text, item)
  local body, skipped = statement.body(item.text)
  local from = item.position + skipped
  return text:sub(1, from - 1) .. "SELECT" .. body:sub(7):gsub("[^\n]", " ") .. text:sub(from + #body)
end

--- Takes the statements out of a migration's text that would make an extension which the reset has kept.
-- @tparam table world db, report, state.kept_extensions (name -> schema; nil where there was no reset)
-- @tparam string name of the migration, for the note
-- @tparam string text
-- @treturn string the text, of the same length
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function kept.pass_over(world, name, text)
  local lower = world.state.kept_extensions and next(world.state.kept_extensions) and text:lower()
  -- One that is dropped on the way is to be made again.
  if not lower or not lower:find("%f[%w]create%s+extension%f[%W]") or lower:find("%f[%w]drop%s+extension%f[%W]") then
    return text
  end
  for _, item in ipairs(sql.split(text) or {}) do
    local extension = item.text:lower():find("%f[%w]extension%f[%W]") and named(item)
    local schema = extension and world.state.kept_extensions[extension]
    if schema then
      local there, message, code, detail = is_there(world.db, extension, schema)
      if there == nil then
        return nil, ("cannot look for the extension %s: %s"):format(extension, message), code, detail
      elseif there then
        text = replace(text, item)
        world.report:note(("`%s` line %d: CREATE EXTENSION %s is passed over, because a reset keeps extensions"):format(
          name, item.line, extension))
      end
    end
  end
  return text
end

return kept
