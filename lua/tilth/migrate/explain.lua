--- Turns a failure of the server into an error that names file, line, column, reason and way out.
-- @module tilth.migrate.explain

local explain = {}

local advice = require("tilth.migrate.advice")
local excerpt = require("tilth.migrate.excerpt")
local sql = require("tilth.sql")
local statement = require("tilth.migrate.statement")

-- A path as the user knows it: below the project's folder.
local function short_path(path, root)
  if root and path:sub(1, #root + 1) == root .. "/" then
    return path:sub(#root + 2)
  end
  return path
end

explain.short_path = short_path

-- Where statement number `number` of the file begins.
local function statement_start(text, number)
  local list = sql.split(text)
  local item = list and list[number]
  if not item then
    return nil, list and #list
  end
  local _, skipped = statement.body(item.text)
  return excerpt.character(text, item.position + skipped), #list
end

--- Finds the place of a failure in the file.
-- @tparam string text the file's text as it was sent
-- @tparam table at { position = character in the file|nil, statement = number in the file|nil }
-- @treturn table { line, column_number, excerpt, statement, statements }; without line where nothing is known
function explain.place(text, at)
  local position, total = at.position, nil
  local last = excerpt.character(text, #text + 1)
  if position and position > last and (at.statement or 0) <= 0 then
    -- The server met what follows the file: something in it is not closed.
    position = excerpt.character(text, #(text:match("^.*%S") or ""))
  elseif position and (position < 1 or position > last) then
    position = nil
  end
  if at.statement and at.statement > 0 then
    local start
    start, total = statement_start(text, at.statement)
    position = position or start
  end
  if not position then
    return { statement = nil, statements = total }
  end
  local line, column = excerpt.locate(text, position)
  return {
    line = line,
    column_number = column,
    excerpt = excerpt.show(text, line, column),
    statement = at.statement,
    statements = total,
  }
end

local function server_lines(message, detail)
  local lines = { ("%s: %s"):format(detail.severity or "ERROR", detail.message or message) }
  for _, field in ipairs({ { "DETAIL", detail.detail }, { "HINT", detail.hint }, { "CONTEXT", detail.context } }) do
    if field[2] then
      lines[#lines + 1] = field[1] .. ": " .. field[2]
    end
  end
  return table.concat(lines, "\n")
end

--- Makes the error of a migration that failed.
-- @tparam table failure { name, path, root, text, message, sqlstate, detail, at (see place), outcome (what became of the
--   file's work, a sentence), recorded (a part of it is), advice|nil }
-- @treturn nil,string,string,table message, "P3018", detail
function explain.failure(failure)
  local detail = {}
  for key, value in pairs(failure.detail or {}) do
    detail[key] = value
  end
  local place = explain.place(failure.text, failure.at or {})
  detail.sqlstate = detail.sqlstate or failure.sqlstate
  detail.file = failure.path
  detail.line, detail.column_number, detail.excerpt = place.line, place.column_number, place.excerpt
  detail.statement = place.statement
  detail.migration = failure.name
  detail.advice = failure.advice or advice.of(failure.sqlstate, failure.name, failure.recorded, failure.message)
  local where = short_path(failure.path, failure.root)
  if place.line then
    where = ("%s:%d:%d"):format(where, place.line, place.column_number)
  end
  if place.statement and place.statements and place.statements > 1 then
    where = ("%s (statement %d of %d)"):format(where, place.statement, place.statements)
  end
  local parts = {
    "P3018",
    "A migration failed to apply. " .. failure.outcome,
    "Migration name: " .. failure.name,
    "Database error code: " .. tostring(failure.sqlstate or "none"),
    "Database error:\n" .. server_lines(failure.message, detail),
    where .. (place.excerpt and "\n" .. place.excerpt or ""),
  }
  return nil, table.concat(parts, "\n\n"), "P3018", detail
end

return explain
