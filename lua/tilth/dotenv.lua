--- Reads .env files exactly as dotenv 16 and Prisma's expansion do.
local dotenv = {}

local array = require("tilth.array")

local NAME <const> = "^[%w_.-]+"

-- The places where a quoted value may end, in the order in which dotenv's expression tries them: the first
-- bare quote, then escaped quotes from the last to the first (`"C:\"` is a value that ends in a backslash).
local function closing_quotes(text, from, quote)
  local ends, escaped = {}, {}
  local at = from
  while true do
    at = text:find(quote, at, true)
    if not at then
      break
    end
    if text:sub(at - 1, at - 1) == "\\" and at - 1 >= from then
      escaped[#escaped + 1] = at
    else
      ends[1] = at
      break
    end
    at = at + 1
  end
  for i = #escaped, 1, -1 do
    ends[#ends + 1] = escaped[i]
  end
  return ends
end

-- A value may be followed on its line by blanks and a comment only.
local function tail_is_clean(text, from)
  local after = text:find("[^ \t\v\f]", from)
  if not after then
    return true
  end
  local char = text:sub(after, after)
  return char == "\n" or char == "#"
end

local function unquote(raw)
  local trimmed = raw:match("^%s*(.*%S)") or ""
  local first = trimmed:sub(1, 1)
  local value = trimmed
  if #trimmed >= 2 and first:find("['\"`]") and trimmed:sub(-1) == first then
    value = trimmed:sub(2, -2)
  end
  if first == "\"" then
    value = value:gsub("\\n", "\n"):gsub("\\r", "\r")
  end
  return value
end

-- Reads the value that starts at `from`; returns it, where it ends, and whether a quote was left open.
local function read_value(text, from)
  local start = text:find("%S", from)
  local quote = start and text:sub(start, start)
  local open = false
  if quote and quote:find("['\"`]") then
    for _, close in ipairs(closing_quotes(text, start + 1, quote)) do
      if tail_is_clean(text, close + 1) then
        return unquote(text:sub(start, close)), close
      end
    end
    open = not text:sub(from, start):find("\n", 1, true)
  end
  local _, stop = text:find("^[^#\n]+", from)
  if not stop then
    return "", from - 1, false
  end
  local raw = text:sub(from, stop)
  return unquote(raw), stop, open and not (raw:match("^%s*(.*%S)") or ""):find("^(['\"`]).*%1$")
end

-- Reads `NAME =` or `NAME: ` at a position; returns the name and where the value starts.
local function read_name(text, from)
  local starts = { from }
  local _, word = text:find("^export%s+", from)
  if word then
    table.insert(starts, 1, word + 1)
  end
  for _, at in ipairs(starts) do
    local _, stop = text:find(NAME, at)
    if stop then
      local _, equals = text:find("^%s*=", stop + 1)
      if not equals then
        _, equals = text:find("^:%s", stop + 1)
      end
      if equals then
        return text:sub(at, stop), equals + 1
      end
    end
  end
  return nil
end

local function line_of(text, position)
  local _, count = text:sub(1, position - 1):gsub("\n", "")
  return count + 1
end

--- The text as dotenv sees it: without a byte order mark, with plain line feeds.
-- @tparam string text
-- @treturn string
function dotenv.normal(text)
  return (text:gsub("^\xEF\xBB\xBF", ""):gsub("\r\n?", "\n"))
end

--- Reads the text of a .env file.
-- Lines that dotenv ignores without a word are ignored too, and named in the notes.
-- @tparam string text
-- @treturn[1] table name to value, not expanded
-- @treturn[1] table names in the order of their first appearance
-- @treturn[1] table notes, a list of { line, text }, never holding a value
-- @treturn[1] table entries, a list of { name, line, first, last }: where each assignment stands in the text, counted in bytes
--   after `dotenv.normal`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "config"
-- @treturn[2] table { line, advice }
function dotenv.parse(text)
  if text:find("\0", 1, true) then
    local wide = text:find("^\xFF\xFE") or text:find("^\xFE\xFF")
    return nil, wide and "the file is UTF-16 text" or "the file holds a NUL byte", "config",
      { line = line_of(text, text:find("\0", 1, true)), advice = "Save the file as UTF-8 text." }
  end
  text = dotenv.normal(text)
  local values, order, notes, entries = {}, {}, {}, {}
  local at, line, counted = 1, 1, 1
  while true do
    at = text:find("%S", at)
    if not at then
      break
    end
    local name, from = read_name(text, at)
    local stop
    line, counted = line + line_of(text:sub(counted, at - 1), at) - 1, at
    if name then
      local value, open
      value, stop, open = read_value(text, from)
      if open then
        notes[#notes + 1] = { line = line, text = name .. ": the quote is never closed; it is taken as part of the value" }
      end
      if values[name] == nil then
        order[#order + 1] = name
      end
      values[name] = value
      entries[#entries + 1] = { name = name, line = line, first = at, last = stop }
    else
      stop = at - 1
      if text:sub(at, at) ~= "#" then
        notes[#notes + 1] = { line = line, text = "this line is not NAME=value and is ignored" }
      end
    end
    at = (text:find("\n", stop + 1, true) or #text) + 1
  end
  return values, order, notes, entries
end

--- Replaces `${NAME}` in values: the real environment wins, then the file; unknown names are empty, `\${X}` stays.
-- @tparam table values name to raw value
-- @tparam table env the real environment
-- @treturn[1] table name to expanded value
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "config"
function dotenv.expand(values, env)
  local expanded, path = {}, {}
  local circle

  local function resolve(name)
    if env[name] ~= nil then
      return env[name]
    end
    if expanded[name] or not values[name] then
      return expanded[name] or ""
    end
    if path[name] then
      circle = circle or name
      return ""
    end
    path[name] = true
    -- Not gsub with a function: Lua allows only some 200 calls through C inside each other.
    local raw, parts, at = values[name], {}, 1
    for first, escape, inner, behind in raw:gmatch("()(\\?)%${([%w_]*)}()") do
      parts[#parts + 1] = raw:sub(at, first - 1)
      parts[#parts + 1] = escape == "" and resolve(inner) or "${" .. inner .. "}"
      at = behind
    end
    local result = table.concat(parts) .. raw:sub(at)
    path[name] = nil
    expanded[name] = result
    return result
  end

  local result = {}
  -- In an order of its own: which of several circles is told, and by which of its names, is not left to chance.
  for _, name in ipairs(array.sorted_keys(values)) do
    if env[name] == nil then
      resolve(name)
    end
  end
  if circle then
    return nil, ("the variable %s refers to itself through ${...}"):format(circle), "config",
      { advice = "Write the value out in one of the variables." }
  end
  for name in pairs(values) do
    result[name] = expanded[name] or resolve(name)
  end
  return result
end

--- Reads several .env files; the first file that defines a name gives its value.
-- @tparam table files a module with `read`
-- @tparam table paths list of paths, strongest first
-- @treturn[1] table { values = name to raw value, from = name to path, notes = list of { path, line, text } }
-- @treturn[2] nil
-- @treturn[2] string message with path and line
-- @treturn[2] string "config", or the errno of the read
-- @treturn[2] table detail
function dotenv.load(files, paths)
  local loaded = { values = {}, from = {}, notes = {} }
  for _, path in ipairs(paths) do
    local text, message, code = files.read(path)
    if not text then
      return nil, ("cannot read %s: %s"):format(path, message), code
    end
    local values, order, notes, detail = dotenv.parse(text)
    if not values then
      return nil, ("%s:%d: %s"):format(path, detail.line, order), "config",
        { file = path, line = detail.line, advice = detail.advice }
    end
    for _, name in ipairs(order) do
      if loaded.values[name] == nil then
        loaded.values[name], loaded.from[name] = values[name], path
      end
    end
    for _, note in ipairs(notes) do
      loaded.notes[#loaded.notes + 1] = { path = path, line = note.line, text = note.text }
    end
  end
  return loaded
end

--- Adds .env values to an environment; what the environment has already, even empty, stays.
-- @tparam table loaded what `load` returned
-- @tparam table env the real environment; not changed
-- @treturn[1] table a new environment
-- @treturn[1] table sources, name to path, for the names that came from a file
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "config"
function dotenv.apply(loaded, env)
  local expanded, message, code, detail = dotenv.expand(loaded.values, env)
  if not expanded then
    return nil, message, code, detail
  end
  local merged, sources = {}, {}
  for name, value in pairs(env) do
    merged[name] = value
  end
  for name, value in pairs(expanded) do
    if merged[name] == nil then
      merged[name], sources[name] = value, loaded.from[name]
    end
  end
  return merged, sources
end

return dotenv
