--- What Tab offers: Lua names and fields, modules in require, and in SQL words, tables and columns. Pure.
local complete = {}

local helpers = require("tilth.repl.helpers")
local input = require("tilth.repl.input")

local LUA_WORDS <const> = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or", "repeat",
  "return", "then", "true", "until", "while",
}
local SQL_WORDS <const> = {}
for word in ([[
  select insert into update delete from where group by order having limit offset join left right inner outer full cross on using
  values set returning with recursive as distinct union all intersect except case when then else end and or not in exists between
  like ilike is null true false asc desc create table index view drop alter add column begin commit rollback explain analyze
  truncate count coalesce default primary key references unique constraint]]):gmatch("%a+") do
  SQL_WORDS[#SQL_WORDS + 1] = word
end

--- Words behind which only a table can stand.
local BEFORE_TABLE <const> = { from = true, join = true, into = true, update = true, table = true }

local function starting_with(list, prefix, fold)
  local found, seen = {}, {}
  local wanted = fold and prefix:lower() or prefix
  for _, name in ipairs(list) do
    local start = name:sub(1, #prefix)
    if (fold and start:lower() or start) == wanted and not seen[name] then
      seen[name] = true
      found[#found + 1] = name
    end
  end
  table.sort(found)
  return found
end

--- The names of a table's string keys, those of its metatable's __index as well; not those that are Lua's own (__close).
local function keys_of(value, methods)
  local names = {}
  for _ = 1, 8 do
    if type(value) ~= "table" then
      break
    end
    for key, content in next, value do
      local fits = not methods or type(content) == "function"
      if fits and type(key) == "string" and key:find("^[%a_][%w_]*$") and key:sub(1, 2) ~= "__" then
        names[#names + 1] = key
      end
    end
    local meta = getmetatable(value)
    value = type(meta) == "table" and rawget(meta, "__index") or nil
  end
  return names
end

--- Follows `a.b.c` without calling anything that a metatable holds.
local function follow(environment, path)
  local value = environment
  for name in path:gmatch("[%a_][%w_]*") do
    local found
    for _ = 1, 8 do
      if type(value) ~= "table" then
        return nil
      end
      found = rawget(value, name)
      if found ~= nil then
        break
      end
      local meta = getmetatable(value)
      value = type(meta) == "table" and rawget(meta, "__index") or nil
    end
    value = found
  end
  return value
end

local function lua_candidates(before, context)
  local quote, module_prefix = before:match("require%s*%(?%s*([\"'])([%w_.]*)$")
  if quote then
    return starting_with(context.modules, module_prefix), module_prefix
  end
  local verb_prefix = before:match("[%w_]+:[%a_]+%(%s*[\"']([%w_.]*)$") or before:match("describe%s*%(?%s*[\"']([%w_.]*)$")
  if verb_prefix then
    return starting_with(context.names("model"), verb_prefix, true), verb_prefix
  end
  local path, separator, field = before:match("([%a_][%w_.]*)([.:])([%w_]*)$")
  if path then
    return starting_with(keys_of(follow(context.environment, path), separator == ":"), field), field
  end
  local word = before:match("[%a_][%w_]*$") or ""
  local list = keys_of(context.environment)
  table.move(LUA_WORDS, 1, #LUA_WORDS, #list + 1, list)
  return starting_with(list, word), word
end

--- The table behind the alias or name in `alias.column`.
local function table_of(text, alias)
  for name, after in text:gmatch('[%s,]"?([%a_][%w_]*)"?%s+[aA]?[sS]?%s*([%a_][%w_]*)') do
    if after == alias then
      return name
    end
  end
  return alias
end

--- The tables that a statement names.
local function tables_in(text, context)
  local known, found = {}, {}
  for _, name in ipairs(context.names("table")) do
    known[name:lower()] = name
  end
  for word in text:gmatch("[%a_][%w_]*") do
    local name = known[word:lower()]
    if name then
      found[#found + 1] = name
    end
  end
  return found
end

local function quoted(name)
  return name:find("^[%l_][%l%d_]*$") and name or '"' .. name .. '"'
end

local function sql_candidates(before, text, context)
  local alias, column = before:match('"?([%a_][%w_]*)"?%.("?[%w_]*)$')
  local prefix = column or before:match('"?[%a_]?[%w_]*$') or ""
  local open = prefix:sub(1, 1) == '"'
  local bare = open and prefix:sub(2) or prefix
  local list = {}
  local function add(names)
    for _, name in ipairs(names) do
      list[#list + 1] = name
    end
  end
  if alias then
    add(context.names("column", table_of(text, alias)))
  else
    add(context.names("table"))
    local tables = tables_in(text, context)
    -- Before the first table is named any column may be meant.
    for _, name in ipairs(#tables == 0 and bare ~= "" and context.names("table") or tables) do
      add(context.names("column", name))
    end
  end
  local found = {}
  for _, name in ipairs(starting_with(list, bare, true)) do
    found[#found + 1] = open and '"' .. name .. '"' or quoted(name)
  end
  local last = before:sub(1, #before - #prefix):lower():match("(%a+)%s+$")
  -- Words are written in one case; in another it is the beginning of a name.
  local upper = bare:find("^%u+$") ~= nil
  if not open and not alias and not BEFORE_TABLE[last] and (upper or not bare:find("%u")) then
    for _, word in ipairs(starting_with(SQL_WORDS, bare:lower())) do
      found[#found + 1] = upper and word:upper() or word
    end
    table.sort(found)
  end
  return found, prefix
end

--- The first word of an input may become either.
local function first_word(word, before, context)
  local list = lua_candidates(before, context)
  local upper = word:find("^%u+$") ~= nil
  for _, name in ipairs(starting_with(input.statements(), word:lower())) do
    list[#list + 1] = upper and name:upper() or name
  end
  return starting_with(list, word)
end

--- What may stand at the cursor.
-- @tparam string line
-- @tparam integer cursor bytes before it
-- @tparam table context { environment = of the prompt, modules = list of names for require, so_far = the lines before this one,
--   names = function("table") -> list,
--   ("model") -> tables and Prisma's models, ("column", table) -> list, is_known = function(name) -> bool }
-- @treturn table list of candidates
-- @treturn string the part of the line that they replace
function complete.candidates(line, cursor, context)
  local before = line:sub(1, cursor)
  local whole = (context.so_far or "") .. line
  local command = before:match("^%s*\\(%S*)$")
  if command then
    return starting_with(helpers.commands(), command), command
  elseif before:find("^%s*\\d[%a+]*%s+") then
    local word = before:match("[%w_.]*$")
    return starting_with(context.names("model"), word, true), word
  end
  local first = (context.so_far or "") == "" and before:match("^%s*([%a_][%w_]*)$")
  if first then
    return first_word(first, before, context), first
  elseif input.is_sql(whole, context.is_known) then
    return sql_candidates((context.so_far or "") .. before, whole, context)
  end
  return lua_candidates(before, context)
end

--- Lays names out in columns.
local function listing_of(names, columns)
  local widest = 0
  for _, name in ipairs(names) do
    widest = math.max(widest, #name)
  end
  local across = math.max(1, columns // (widest + 2))
  local down = math.ceil(#names / across)
  local lines = {}
  for row = 1, down do
    local cells = {}
    for index = row, #names, down do
      cells[#cells + 1] = names[index] .. (" "):rep(widest + 2 - #names[index])
    end
    lines[row] = table.concat(cells):gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

local function common(names)
  local prefix = names[1]
  for _, name in ipairs(names) do
    while name:sub(1, #prefix):lower() ~= prefix:lower() do
      prefix = prefix:sub(1, -2)
    end
  end
  return prefix
end

--- What Tab does: a text in the place of what was typed of a name, or a listing where there is a choice.
-- @tparam string line
-- @tparam integer cursor bytes before it
-- @tparam table context as of `candidates`, and `width` of the terminal
-- @treturn string|nil text to insert
-- @treturn string|nil listing
-- @treturn integer|nil how many characters before the cursor the text replaces
function complete.tab(line, cursor, context)
  if not line:sub(1, cursor):find("%S") then
    return "  "
  end
  local names, prefix = complete.candidates(line, cursor, context)
  if #names == 0 then
    return nil
  end
  local shared = common(names)
  if #shared >= #prefix and shared ~= prefix then
    return shared, nil, #prefix
  end
  return nil, #names > 1 and listing_of(names, context.width or 80) or nil
end

return complete
