--- What one SQL statement is to a transaction: part of it, its bounds, or something that must stay outside.
-- The parser decides; where it can't read a statement (a newer server's syntax), its words do.
-- @module tilth.migrate.statement

local statement = {}

local sql = require("tilth.sql")

-- A statement that begins with one of these and holds one of the words may have to stay outside.
local SUSPECTS <const> = {
  create = { "concurrently", "database", "tablespace", "subscription" },
  drop = { "concurrently", "database", "tablespace", "subscription" },
  alter = { "concurrently", "database", "tablespace", "system", "subscription" },
  reindex = { "" },
  refresh = {},
  vacuum = { "" },
  cluster = { "" },
}

local SETTERS <const> = { set = true, reset = true }

local function skip_blanks(text)
  local at = 1
  while true do
    at = text:find("%S", at) or #text + 1
    if text:sub(at, at + 1) == "--" then
      at = (text:find("\n", at, true) or #text) + 1
    elseif text:sub(at, at + 1) == "/*" then
      local depth = 1
      at = at + 2
      while depth > 0 and at <= #text do
        local open, close = text:find("/*", at, true), text:find("*/", at, true)
        if open and close and open < close then
          depth, at = depth + 1, open + 2
        elseif close then
          depth, at = depth - 1, close + 2
        else
          at = #text + 1
        end
      end
    else
      return at
    end
  end
end

--- The text without what stands before its first word.
-- @tparam string text
-- @treturn string
-- @treturn integer the bytes that were skipped
function statement.body(text)
  local at = skip_blanks(text)
  return text:sub(at), at - 1
end

local function words_of(body)
  local words = {}
  for word in body:sub(1, 200):gsub("%-%-[^\n]*", " "):gsub("/%*.-%*/", " "):lower():gmatch("[%a_]+") do
    words[#words + 1] = word
    if #words == 5 then
      break
    end
  end
  return words
end

local function control(words)
  local first, second, third = words[1], words[2], words[3]
  if first == "begin" or (first == "start" and second == "transaction") then
    local last = words[#words]
    local plain = last == "begin" or last == "work" or last == "transaction"
    return { kind = "begin", options = not plain }
  elseif first == "commit" or first == "end" then
    if second == "prepared" then
      return { kind = "outside", what = "COMMIT PREPARED" }
    end
    local chain = words[#words] == "chain" and words[#words - 1] == "and"
    return { kind = "end", chain = chain }
  elseif first == "rollback" or first == "abort" then
    if second == "prepared" then
      return { kind = "outside", what = "ROLLBACK PREPARED" }
    elseif second == "to" or third == "to" then
      return { kind = "plain" }
    end
    return { kind = "rollback", chain = words[#words] == "chain" and words[#words - 1] == "and" }
  elseif first == "prepare" and second == "transaction" then
    return { kind = "rollback" }
  end
  return nil
end

local function relation_of(node)
  return { schema = node.schemaname, name = node.relname }
end

local function dropped_indexes(node)
  local indexes = {}
  for _, object in ipairs(node.objects or {}) do
    local parts = {}
    for _, item in ipairs(object.List.items) do
      parts[#parts + 1] = item.String.sval or item.String.str
    end
    indexes[#indexes + 1] = { schema = parts[#parts - 1], name = parts[#parts] }
  end
  return indexes
end

local function has_option(params, name)
  for _, param in ipairs(params or {}) do
    if param.DefElem.defname == name then
      return true
    end
  end
  return false
end

local function detached(node)
  for _, command in ipairs(node.cmds or {}) do
    local definition = command.AlterTableCmd.def
    local partition = definition and definition.PartitionCmd
    if command.AlterTableCmd.subtype == "AT_DetachPartition" and partition and partition.concurrent then
      return { kind = "outside", what = "DETACH PARTITION CONCURRENTLY", detach = {
        parent = relation_of(node.relation), partition = relation_of(partition.name),
      } }
    end
  end
  return nil
end

local READERS = {
  IndexStmt = function(node)
    return node.concurrent and { kind = "outside", what = "CREATE INDEX CONCURRENTLY", create_index = {
      name = node.idxname, table = relation_of(node.relation), if_not_exists = node.if_not_exists,
    } }
  end,
  DropStmt = function(node)
    return node.concurrent and { kind = "outside", what = "DROP INDEX CONCURRENTLY", drop_indexes = dropped_indexes(node) }
  end,
  ReindexStmt = function(node)
    local whole = node.kind == "REINDEX_OBJECT_DATABASE" or node.kind == "REINDEX_OBJECT_SYSTEM" or node.kind == "REINDEX_OBJECT_SCHEMA"
    local concurrent = node.concurrent or has_option(node.params, "concurrently")
    return (whole or concurrent) and { kind = "outside", what = concurrent and "REINDEX CONCURRENTLY" or "REINDEX",
      reindex = concurrent and { table = node.relation and relation_of(node.relation) } or nil }
  end,
  AlterTableStmt = detached,
  VacuumStmt = function(node)
    return node.is_vacuumcmd and { kind = "outside", what = "VACUUM" }
  end,
  ClusterStmt = function(node)
    return not node.relation and { kind = "outside", what = "CLUSTER" }
  end,
  AlterSystemStmt = function()
    return { kind = "outside", what = "ALTER SYSTEM" }
  end,
  CreatedbStmt = function(node)
    return { kind = "outside", what = "CREATE DATABASE", makes = { "database", node.dbname } }
  end,
  DropdbStmt = function(node)
    return { kind = "outside", what = "DROP DATABASE", drops = { "database", node.dbname } }
  end,
  AlterDatabaseStmt = function(node)
    return has_option(node.options, "tablespace") and { kind = "outside", what = "ALTER DATABASE ... SET TABLESPACE" }
  end,
  CreateTableSpaceStmt = function(node)
    return { kind = "outside", what = "CREATE TABLESPACE", makes = { "tablespace", node.tablespacename } }
  end,
  DropTableSpaceStmt = function(node)
    return { kind = "outside", what = "DROP TABLESPACE", drops = { "tablespace", node.tablespacename } }
  end,
  CreateSubscriptionStmt = function(node)
    for _, option in ipairs(node.options or {}) do
      local argument = option.DefElem.arg
      if option.DefElem.defname == "connect" or option.DefElem.defname == "create_slot" then
        local word = argument and (argument.String or {}).sval
        if word == "false" or word == "off" then
          return { kind = "plain" }
        end
      end
    end
    return { kind = "outside", what = "CREATE SUBSCRIPTION", makes = { "subscription", node.subname } }
  end,
  DropSubscriptionStmt = function(node)
    return { kind = "outside", what = "DROP SUBSCRIPTION", drops = { "subscription", node.subname } }
  end,
}

local function suspicious(words, lower)
  for _, word in ipairs(SUSPECTS[words[1]] or {}) do
    if lower:find(word, 1, true) then
      return true
    end
  end
  return false
end

-- What the words of a statement say that the parser can't read.
local function guess(words, lower, message)
  local first, second = words[1], words[2]
  local outside = lower:find("%f[%w_]concurrently%f[^%w_]") or first == "vacuum" or second == "system"
    or (second == "database" and first ~= "alter") or second == "tablespace" or second == "subscription"
  if outside then
    return { kind = "outside", what = (first .. " " .. (second or "")):upper(), unread = message }
  end
  return { kind = "plain", unread = message }
end

local function read(text, words, lower)
  local tree, message = sql.parse(text)
  if not tree then
    return guess(words, lower, message)
  end
  local node = tree.stmts and tree.stmts[1] and tree.stmts[1].stmt or {}
  local name, inner = next(node)
  return READERS[name] and READERS[name](inner) or { kind = "plain" }
end

--- Classifies a statement.
-- @tparam string text
-- @treturn table { kind = "plain" | "set" | "begin" | "end" | "rollback" | "outside", what, options, chain, unread,
--   and for what stays outside: create_index, drop_indexes, reindex, detach, makes, drops = { "database" | "tablespace" |
--   "subscription", name } }
function statement.classify(text)
  local body = statement.body(text)
  local words = words_of(body)
  local found = control(words)
  if found then
    return found
  elseif SETTERS[words[1]] or (words[1] == "select" and body:lower():find("set_config", 1, true)) then
    return { kind = "set" }
  elseif words[1] == "discard" and words[2] == "all" then
    return { kind = "outside", what = "DISCARD ALL" }
  end
  local lower = SUSPECTS[words[1]] and body:lower()
  if lower and suspicious(words, lower) then
    return read(text, words, lower)
  end
  return { kind = "plain" }
end

return statement
