--- Collects the codes of failures from the sources: what stands at the place of the code.
local code_words = {}

--- Functions that take a code as an argument: which one.
local TAKES_CODE <const> = {
  raise = 2, ["errors.new"] = 2, ["errors.raise"] = 2, refuse = 3,
}

--- A Lua text as a list of tokens: names (with their dots), strings in quotes, anything else one by one.
local function tokens(text)
  local list, at = {}, 1
  while at <= #text do
    local rest = text:match("^%-%-%[(=*)%[", at)
    if rest then
      at = (select(2, text:find("]" .. rest .. "]", at, true)) or #text) + 1
    elseif text:find("^%-%-", at) then
      at = (text:find("\n", at, true) or #text) + 1
    elseif text:find("^%[=*%[", at) then
      local close = "]" .. text:match("^%[(=*)%[", at) .. "]"
      at = select(2, text:find(close, at, true)) + 1
      list[#list + 1] = "\"\""
    elseif text:find("^[\"']", at) then
      local quote, last = text:sub(at, at), at + 1
      while text:sub(last, last) ~= quote do
        last = last + (text:sub(last, last) == "\\" and 2 or 1)
      end
      list[#list + 1] = "\"" .. text:sub(at + 1, last - 1) .. "\""
      at = last + 1
    else
      local word = text:match("^[%a_][%w_.]*", at) or text:match("^%s+", at) or text:sub(at, at)
      if not word:find("^%s") then
        list[#list + 1] = word
      end
      at = at + #word
    end
  end
  return list
end

local OPENS <const> = {
  ["("] = 1, ["{"] = 1, ["["] = 1, ["function"] = 1, ["if"] = 1, ["do"] = 1, [")"] = -1, ["}"] = -1, ["]"] = -1, ["end"] = -1,
}
local ENDS <const> = { ["end"] = true, ["else"] = true, ["elseif"] = true, ["return"] = true, ["local"] = true, ["until"] = true }

local COMPARES <const> = { ["="] = true, ["~"] = true }

--- Strings in the n-th expression of a list that begins at a token.
local function strings_at(list, from, wanted, add)
  local depth, index, at = 0, 1, from
  while list[at] do
    local token = list[at]
    if depth == 0 and (ENDS[token] or OPENS[token] == -1) then
      return
    end
    depth = depth + (OPENS[token] or 0)
    if depth == 0 and token == "," then
      index = index + 1
    elseif depth == 0 and index == wanted and token:find("^\"") and not (list[at - 1] == "=" and COMPARES[list[at - 2]]) then
      add(token:sub(2, -2))
    elseif index > wanted then
      return
    end
    at = at + 1
  end
end

-- Prisma's codes begin with P1; P0001 and its like are the server's, of PL/pgSQL.
local function scan_lua(text, add)
  local list = tokens(text)
  for at, token in ipairs(list) do
    if token:find("^\"P[1-9]%d%d%d\"$") then
      add(token:sub(2, -2))
    elseif (token == "return" or token == "=") and list[at + 1] == "nil" and list[at + 2] == "," then
      strings_at(list, at + 1, 3, add)
    elseif list[at + 1] == "(" and TAKES_CODE[token] and list[at - 1] ~= "function" then
      strings_at(list, at + 2, TAKES_CODE[token], add)
    elseif token == "code" and list[at + 1] == "=" and list[at + 2] ~= "=" then
      strings_at(list, at + 2, 1, add)
    end
  end
end

local function scan_c(text, add)
  for word in text:gmatch('tilth_fail%(%s*L,%s*"([^"]+)"') do
    add(word)
  end
end

local function walk(fs, folder, ending, visit)
  for _, entry in ipairs(assert(fs.list(folder))) do
    local path = folder .. "/" .. entry.name
    if entry.type == "directory" then
      walk(fs, path, ending, visit)
    elseif entry.name:find(ending) then
      visit(path, assert(fs.read(path)))
    end
  end
end

local function is_code(text)
  return text:find("^P[1-9]%d%d%d$") or text:find("^%l[%l_]+$") or (text:find("^[%d%u]+$") and #text == 5 and text:find("^%d"))
end

--- The codes that the sources give.
-- @tparam table fs as tilth.fs
-- @tparam string root of the source tree
-- @treturn table code to the list of files that give it
function code_words.collect(fs, root)
  local found = {}
  local function add_from(path)
    return function(code)
      if not is_code(code) then
        return
      end
      found[code] = found[code] or {}
      if found[code][#found[code]] ~= path then
        table.insert(found[code], path)
      end
    end
  end
  walk(fs, root .. "/lua/tilth", "%.lua$", function(path, text) scan_lua(text, add_from(path)) end)
  walk(fs, root .. "/src", "%.c$", function(path, text) scan_c(text, add_from(path)) end)
  return found
end

return code_words
