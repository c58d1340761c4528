--- Is it certain that nothing of a failed migration is in the database?
-- Only where every statement of the file makes something that the catalog can be asked for, and none of it is there:
-- then neither a transaction nor single statements of it were ever committed.
-- @module tilth.migrate.leftovers

local leftovers = {}

local sql = require("tilth.sql")

local function name_of(db, relation)
  return (relation.schemaname and db:identifier(relation.schemaname) .. "." or "") .. db:identifier(relation.relname)
end

local function relation_absent(db, relation, name)
  local full = name_of(db, { schemaname = relation.schemaname, relname = name or relation.relname })
  return ("pg_catalog.to_regclass(%s) IS NULL"):format(db:literal(full))
end

local function type_absent(db, names)
  local parts = {}
  for position, item in ipairs(names) do
    parts[position] = db:identifier(item.String.sval or item.String.str)
  end
  return ("pg_catalog.to_regtype(%s) IS NULL"):format(db:literal(table.concat(parts, ".")))
end

local ALTERATIONS = {
  AT_AddColumn = function(db, table_name, command)
    return not command.missing_ok and ("NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass(%s) AND "
      .. "attname = %s AND NOT attisdropped)"):format(db:literal(table_name), db:literal(command.def.ColumnDef.colname))
  end,
  AT_AddConstraint = function(db, table_name, command)
    local name = command.def.Constraint.conname
    return name and ("NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass(%s) AND conname = %s)")
      :format(db:literal(table_name), db:literal(name))
  end,
}

local function altered(db, node)
  local conditions = {}
  for position, item in ipairs(node.cmds or {}) do
    local command = item.AlterTableCmd
    local condition = ALTERATIONS[command.subtype] and ALTERATIONS[command.subtype](db, name_of(db, node.relation), command)
    if not condition then
      return false
    end
    conditions[position] = condition
  end
  return #conditions > 0 and table.concat(conditions, " AND ")
end

-- The condition under which nothing of a statement is there; false where that can't be told.
local CONDITIONS = {
  CreateStmt = function(db, node)
    return not node.if_not_exists and relation_absent(db, node.relation)
  end,
  IndexStmt = function(db, node)
    return node.idxname and not node.if_not_exists and relation_absent(db, node.relation, node.idxname)
  end,
  ViewStmt = function(db, node)
    return not node.replace and relation_absent(db, node.view)
  end,
  CreateSeqStmt = function(db, node)
    return not node.if_not_exists and relation_absent(db, node.sequence)
  end,
  CreateEnumStmt = function(db, node)
    return type_absent(db, node.typeName)
  end,
  CreateSchemaStmt = function(db, node)
    return not node.if_not_exists and not node.schemaElts and node.schemaname
      and ("NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)"):format(db:literal(node.schemaname))
  end,
  AlterTableStmt = altered,
}

--- Looks for what a file would have made.
-- @tparam table db
-- @tparam string text the file that the failed row belongs to, unchanged since
-- @treturn boolean true only when it is certain that nothing of it is there
function leftovers.none(db, text)
  local tree = sql.parse(text)
  local conditions = {}
  for position, item in ipairs(tree and tree.stmts or {}) do
    local kind, node = next(item.stmt)
    local condition = CONDITIONS[kind] and CONDITIONS[kind](db, node)
    if not condition then
      return false
    end
    conditions[position] = condition
  end
  return #conditions > 0 and db:value("SELECT " .. table.concat(conditions, " AND ")) == true
end

return leftovers
