--- Decides how a migration file runs: whole in one transaction with its history row, or statement by statement.
-- @module tilth.migrate.statements

local statements = {}

local sql = require("tilth.sql")
local statement = require("tilth.migrate.statement")

-- A file without any of these words can't leave or end a transaction, and is not looked at further.
local WORDS <const> = { "concurrently", "vacuum", "begin", "commit", "rollback", "database", "tablespace", "subscription",
  "reindex", "cluster", "start", "abort", "system", "discard", "prepare" }

local function looks_plain(text)
  local lower = text:lower()
  for _, word in ipairs(WORDS) do
    if lower:find(word, 1, true) then
      return false
    end
  end
  return not lower:find("%f[%w_]end%f[^%w_]")
end

local function classify_all(list)
  local unread
  for _, item in ipairs(list) do
    for key, value in pairs(statement.classify(item.text)) do
      item[key] = value
    end
    unread = unread or (item.unread and item) or nil
  end
  return unread
end

-- A transaction that may only read has no room for the progress, and running it once more does no harm.
local function reads_only(list, own)
  for number = math.min(own.begin, own.first), own.last do
    local words = statement.body(list[number].text):upper():gsub("%s+", " ")
    if words:find("READ ONLY", 1, true) and (number == own.begin or words:find("^SET TRANSACTION ")) then
      return true
    end
  end
  return false
end

-- To the server a file is one message: what stands before a BEGIN, or before a ROLLBACK without one, is part of that transaction.
local function join(units, position)
  local own = units[#units]
  if not own or own.kind ~= "transaction" then
    own = { first = position }
    units[#units + 1] = own
  end
  own.kind, own.last, own.begin = "own", position, position
  return own
end

-- Ends a transaction of the file's own. AND CHAIN begins the next one, which is returned.
local function close(list, units, own, item)
  own.ends, own.read_only = item.kind, reads_only(list, own)
  if own.read_only and own.ends == "end" then
    statements.part(units, #units)
  end
  if not item.chain then
    return nil
  end
  units[#units + 1] = { kind = "own", first = own.last + 1, last = own.last + 1, begin = own.begin }
  return units[#units]
end

-- Joins statements into units: each unit is done or not done.
local function units_of(list)
  local units, open = {}, nil
  for position, item in ipairs(list) do
    local last = units[#units]
    local in_transaction = last and last.kind == "transaction"
    if open then
      open.last = position
      if item.kind == "end" or item.kind == "rollback" then
        open = close(list, units, open, item)
      end
    elseif item.kind == "begin" then
      open = join(units, position)
    elseif item.kind == "outside" then
      units[#units + 1] = { kind = "alone", first = position, last = position }
    elseif item.kind == "rollback" and in_transaction then
      join(units, position).ends = "rollback"
    elseif item.kind == "end" or item.kind == "rollback" then
      units[#units + 1] = { kind = "stray", first = position, last = position }
    elseif in_transaction then
      last.last = position
    else
      units[#units + 1] = { kind = "transaction", first = position, last = position }
    end
  end
  return units, open
end

local function only_settings(list, first, last)
  for position = first, last do
    if list[position].kind ~= "set" then
      return false
    end
  end
  return true
end

-- A file that is one BEGIN ... COMMIT, with nothing but settings around it, fits into our transaction.
local function single_block(list, units)
  local block
  for _, unit in ipairs(units) do
    if unit.kind == "own" then
      if block or not only_settings(list, unit.first, unit.begin - 1) then
        return nil
      end
      block = unit
    elseif unit.kind ~= "transaction" or not only_settings(list, unit.first, unit.last) then
      return nil
    end
  end
  if not block or block.ends ~= "end" or list[block.begin].options then
    return nil
  end
  for position = block.begin + 1, block.last - 1 do
    local kind = list[position].kind
    if kind == "begin" or kind == "end" or kind == "rollback" or kind == "outside" then
      return nil
    end
  end
  return block
end

-- Takes a statement out of a text and leaves every other character on its line and column.
local function blank(text, position, body)
  local spaces = body:gsub("[%z\1-\127\194-\244][\128-\191]*", function(character)
    return character == "\n" and character or " "
  end)
  return text:sub(1, position - 1) .. spaces .. text:sub(position + #body)
end

local function without_block(text, first, last)
  for _, item in ipairs({ last, first }) do
    local body, skipped = statement.body(item.text)
    text = blank(text, item.position + skipped, body)
  end
  return text
end

local function reason(list, units)
  for _, unit in ipairs(units) do
    local item = list[unit.first]
    if unit.kind == "alone" then
      return ("%s (line %d) cannot run inside a transaction"):format(item.what, item.line)
    elseif unit.kind == "own" or unit.kind == "stray" then
      return ("it has transactions of its own (line %d)"):format(list[unit.begin or unit.first].line)
    end
  end
  return nil
end

--- Parts a transaction of the file's own from the statements before its BEGIN.
-- @tparam {table,...} units changed in place
-- @tparam integer position of the unit
-- @treturn boolean whether there were such statements
function statements.part(units, position)
  local own = units[position]
  if own.begin <= own.first then
    return false
  end
  table.insert(units, position, { kind = "transaction", first = own.first, last = own.begin - 1 })
  own.first = own.begin
  return true
end

--- Splits a file into statements and joins them into units: { kind = "transaction" | "own" | "alone" | "stray", first, last = statements },
-- and for "own": begin = its BEGIN, ends = "end" | "rollback", read_only.
-- @tparam string text
-- @treturn table { mode = "statements", statements, units, why }; error = { message, line } for a BEGIN without an end
-- @treturn nil,string,string,table when the text can't be split (an open quote or comment)
function statements.split(text)
  local list, message, code, detail = sql.split(text)
  if not list then
    return nil, message, code, detail
  end
  local unread = classify_all(list)
  local units, open = units_of(list)
  local found = { mode = "statements", statements = list, units = units, why = reason(list, units) }
  if unread then
    found.unread = { line = unread.line, message = unread.unread }
  end
  if open then
    local first = list[open.begin]
    local _, skipped = statement.body(first.text)
    found.error = { line = first.line, position = first.position + skipped }
  end
  return found
end

--- Decides how a file runs.
-- @tparam string text
-- @treturn table { mode = "transaction", text } or { mode = "statements", statements, units, why }; error = { line } for
--   a file that opens a transaction and never ends it; unread = { line, message } where the parser gave up
function statements.analyse(text)
  if looks_plain(text) then
    return { mode = "transaction", text = text }
  end
  local found = statements.split(text)
  if not found then
    -- An open quote or comment: the server says so better.
    return { mode = "transaction", text = text }
  end
  if found.error then
    return found
  end
  if not found.why then
    return { mode = "transaction", text = text, unread = found.unread }
  end
  local block = single_block(found.statements, found.units)
  if block then
    local bare = without_block(text, found.statements[block.begin], found.statements[block.last])
    return { mode = "transaction", text = bare, own_block = true }
  end
  return found
end

return statements
