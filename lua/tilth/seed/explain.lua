--- Makes an error of a seed explain itself: which row, constraint and columns, and what to do. Pure.
local explain = {}

local function unique(context)
  local detail = context.detail
  local key = (detail.detail or ""):match("Key (%(.-%)=%(.*%)) already exists")
  local named = context.key_text and (" The verb's key is { %s }."):format(table.concat(context.key or {}, ", ")) or ""
  return ("the unique constraint %s of %s already has a row with %s"):format(
    detail.constraint or "?", detail.table or context.label or "the table", key or "these values"),
    "Two rows would have the same values." .. named .. " Upsert or ensure by the fields of that constraint, or change the values."
end

local function foreign_key(context)
  local detail = context.detail
  local key, target = (detail.detail or ""):match('Key (%(.-%)=%(.*%)) is not present in table "(.-)"')
  if key then
    return ("foreign key %s: %s is not in table %s"):format(detail.constraint or "?", key, target),
      ("Seed %s first (name that seed in `after`), or correct the value."):format(target)
  end
  key, target = (detail.detail or ""):match('Key (%(.-%)=%(.*%)) is still referenced from table "(.-)"')
  return ("foreign key %s: %s is still used by table %s"):format(detail.constraint or "?", key or "the row", target or "another"),
    "Delete or change the rows that use it first."
end

local function exclusion(context)
  local detail = context.detail
  local key, other = (detail.detail or ""):match("^Key (%(.-%)=%(.*%)) conflicts with existing key (%(.-%)=%(.*%))%.$")
  return ("the exclusion constraint %s of %s: %s conflicts with a row that has %s"):format(detail.constraint or "?",
    detail.table or context.label or "the table", key or "the row", other or "such values"),
    "Change the values of one of the two rows."
end

local function not_null(context)
  local detail = context.detail
  local column = detail.column or "?"
  if detail.datatype then
    return ("a value of domain %s may not be NULL%s"):format(detail.datatype,
      detail.column and (" (column %s)"):format(column) or ""), "Give it a value in each row."
  end
  return ("column %s of %s may not be NULL"):format(column, context.detail.table or context.label or "the table"),
    ("Give %s a value in each row, or a default in the schema."):format(column)
end

local function check(context)
  local detail = context.detail
  if not detail.constraint then
    return detail.detail and ("%s: %s"):format(context.message, detail.detail) or context.message,
      "Correct the values, or make the partition that they belong to."
  elseif detail.datatype then
    return ("the check constraint %s of domain %s refuses the value%s"):format(detail.constraint, detail.datatype,
      detail.column and (" (column %s)"):format(detail.column) or ""),
      "Look at the constraint's condition in the migrations, and correct the value."
  end
  return ("the check constraint %s of %s refuses the row"):format(
    detail.constraint, detail.table or context.label or "the table"),
    "Look at the constraint's condition in the migrations, and correct the values."
end

local function bad_value(context)
  local column = context.detail.column
  return context.message .. (column and not context.message:find('"' .. column .. '"', 1, true) and (" (column %s)"):format(column) or ""),
    "Correct the value in the row."
end

local EXPLAINED <const> = {
  ["23505"] = unique, ["23503"] = foreign_key, ["23502"] = not_null, ["23514"] = check, ["23P01"] = exclusion,
}

local function twice()
  return "its key is that of a row before it, to the server", "Take one of the two rows out; which of them should win cannot be known."
end

local VALUES <const> = { ["22P02"] = true, ["22001"] = true, ["22003"] = true, ["22007"] = true, ["22008"] = true }

--- Other data exceptions (class 22) are a row's where a verb has rows.
local function special_of(context)
  local code = context.code
  return context.detail.sqlstate and (EXPLAINED[code] or code == "21000" and context.row and twice
    or (VALUES[code] or context.label and tostring(code):sub(1, 2) == "22") and bad_value)
end

local ADVICE <const> = {
  ["42P01"] = "Is a migration missing? Run `tilth migrate status`.",
  ["42703"] = "Compare the name with the schema; was a migration left out?",
  ["42501"] = "The database's role lacks a right: grant it, or use another role in DATABASE_URL.",
  ["55P03"] = "Another session holds the table; run the seed again when it has ended.",
  ["40P01"] = "Two sessions waited for each other; run the seed again.",
  ["57014"] = "A time limit cancelled the statement (seed.timeout or statement_timeout).",
  P0001 = "A trigger or function of the database raised this.",
  ["22021"] = "Text is sent as UTF-8: convert it, or keep its bytes in a column of type bytea.",
  ["25P02"] = "An error before it was caught. Use db:savepoint(function() ... end) round what may fail.",
}

local function where_text(context)
  local parts = {}
  if context.where then
    parts[#parts + 1] = context.where
  elseif context.row then
    parts[#parts + 1] = "row " .. context.row
  end
  if context.key_text and context.key_text ~= "" then
    parts[#parts + 1] = "(" .. context.key_text .. ")"
  end
  return #parts > 0 and table.concat(parts, " ") .. ": " or ""
end

--- Explains a failure of a verb or statement.
-- @param context { site = "seeds/x.lua:12" | nil, verb, label (model or table), row, key (list), key_text,
--   message, code, detail (of the server or of us) }
-- @return message, detail with `advice`, and `file` and `line` where known
function explain.failure(context)
  context.detail = context.detail or {}
  local detail = {}
  for key, value in pairs(context.detail) do
    detail[key] = value
  end
  local message, advice = context.message, detail.advice or context.code == "P0001" and detail.hint or ADVICE[context.code]
  local special = special_of(context)
  if special then
    local text
    message, text = special(context)
    advice = advice or text
    message = message .. " (" .. context.code .. ")"
  elseif context.detail.sqlstate then
    message = ("%s (%s)"):format(message, context.code)
  end
  if detail.sqlstate and detail.hint and not advice then
    advice = detail.hint
  end
  local what = context.label and ("%s %s: "):format(context.verb, context.label) or (context.verb and context.verb .. ": " or "")
  detail.advice = advice
  if context.site then
    local file, line = context.site:match("^(.*):(%d+)$")
    detail.file, detail.line = file or context.site, tonumber(line)
  end
  return (context.site and context.site .. ": " or "") .. what .. where_text(context) .. message, detail
end

return explain
