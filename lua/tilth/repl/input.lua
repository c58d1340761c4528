--- Tells SQL from Lua at the prompt, and whether more lines are needed. Pure.
local input = {}

local array = require("tilth.array")
local sql = require("tilth.sql")
local sql_comment = require("tilth.sql_comment")

--- Words that begin a statement of SQL.
local STATEMENTS <const> = {}
for word in ([[
  abort alter analyse analyze begin call checkpoint close cluster comment commit copy create deallocate declare delete discard drop
  execute explain fetch grant import insert listen lock merge move notify prepare reassign refresh reindex release reset revoke
  rollback savepoint security select set show start table truncate unlisten update vacuum values with]]):gmatch("%a+") do
  STATEMENTS[word] = true
end

--- Words that other prompts take by themselves.
local BARE <const> = { exit = true, quit = true, help = true }

--- Is a text SQL?
-- @tparam string text what was typed, or its first line
-- @tparam[opt] function is_known function(name) -> bool: is there a Lua value of this name? Then `name(...)` is a call
-- @treturn boolean
function input.is_sql(text, is_known)
  local body = sql_comment.skip(text)
  local word, rest = body:match("^(%a+)(.*)$")
  if not word then
    return body:find("^%(%s*[sS][eE][lL][eE][cC][tT]%f[%W]") ~= nil
  end
  word = word:lower()
  if word == "do" then
    return rest:find("^%s*%$") ~= nil or rest:lower():find("^%s+language%f[%W]") ~= nil
  elseif not STATEMENTS[word] or rest:find("^[%w_]") then
    return false
  end
  -- An assignment, a list of names, a field, a method, an index: the word is a Lua name.
  if rest:find("^%s*[=,:]") or rest:find("^%s*%.%s*%a") or rest:find("^%[") then
    return false
  end
  if rest:sub(1, 1) == "(" and is_known and is_known(word) then
    return false
  end
  return true
end

--- Does this text of SQL end with a semicolon that belongs to no quote or comment?
-- @tparam string text
-- @treturn boolean
function input.sql_is_complete(text)
  if not text:find(";", 1, true) then
    return false
  end
  -- A word behind the last statement would be a statement of its own, if the text had ended before it.
  local statements = sql.split(text .. "\n1")
  local alone = sql.split(text)
  return statements ~= nil and alone ~= nil and #statements == #alone + 1
end

--- Compiles Lua: as an expression first, so that its value is shown.
-- @tparam string text
-- @tparam table environment
-- @treturn[1] function chunk
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] boolean true when more lines may complete it
function input.compile(text, environment)
  local body = text:gsub("^%s*=", "", 1)
  local chunk = load("return " .. body, "=repl", "t", environment) or load(text, "=repl", "t", environment)
  if chunk then
    return chunk
  end
  -- With its line's end an unfinished text in quotes is an error and no beginning.
  local _, message = load(text .. "\n", "=repl", "t", environment)
  local _, as_value = load("return " .. body .. "\n", "=repl", "t", environment)
  local open = message:find("near '?<eof>'?$") or as_value:find("near '?<eof>'?$")
  return nil, message, open ~= nil
end

--- Judges what was typed so far.
-- @tparam string text
-- @tparam[opt] function is_known as of `is_sql`
-- @treturn string "empty", "sql", "lua", "command" (\d and the like; exit, quit and help alone) or "more"
function input.judge(text, is_known)
  local body, open_comment = sql_comment.skip(text)
  if open_comment then
    return "more"
  elseif body == "" and (not text:find("%S") or text:find("^%s*%-%-") or text:find("^%s*/%*")) then
    return "empty"
  elseif text:find("^%s*\\") or BARE[text:match("^%s*(%a+)%s*;?%s*$")] then
    return "command"
  elseif input.is_sql(text, is_known) then
    return input.sql_is_complete(text) and "sql" or "more"
  end
  local chunk, _, open = input.compile(text, {})
  return not chunk and open and "more" or "lua"
end

--- The words that begin a statement of SQL, for completion.
-- @treturn table list
function input.statements()
  return array.sorted_keys(STATEMENTS)
end

return input
