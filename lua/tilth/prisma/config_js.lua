--- Reads the common forms of prisma.config.* without running JavaScript.
--
-- Understood: strings, template strings without ${}, env("X"), process.env.X, process.env["X"], path.join(...) of strings.
-- Anything else is listed as unreadable and never guessed.
local config_js = {}

local path = require("tilth.path")

local find, sub = string.find, string.sub

local QUOTES <const> = { ["\""] = true, ["'"] = true, ["`"] = true }
local ESCAPES <const> = { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f", v = "\v", ["0"] = "\0", ["\n"] = "" }

-- Where the string that begins at `pos` ends, or nil.
local function string_end(text, pos)
  local quote = sub(text, pos, pos)
  local at = pos + 1
  while true do
    at = find(text, "[\\" .. quote .. "]", at)
    if not at then
      return nil
    elseif sub(text, at, at) == quote then
      return at
    end
    at = at + 2
  end
end

-- Comments become blanks of the same length, so that lines keep their numbers; strings stay.
local function without_comments(text)
  local out, from, pos = {}, 1, 1
  while true do
    pos = find(text, "[\"'`/]", pos)
    if not pos then
      break
    end
    local char = sub(text, pos, pos)
    if QUOTES[char] then
      pos = (string_end(text, pos) or #text) + 1
    else
      local stop
      if sub(text, pos, pos + 1) == "//" then
        stop = (find(text, "\n", pos, true) or #text + 1) - 1
      elseif sub(text, pos, pos + 1) == "/*" then
        stop = select(2, find(text, "*/", pos + 2, true)) or #text
      end
      if stop then
        out[#out + 1] = sub(text, from, pos - 1)
        out[#out + 1] = sub(text, pos, stop):gsub("[^\n]", " ")
        from = stop + 1
      end
      pos = (stop or pos) + 1
    end
  end
  out[#out + 1] = sub(text, from)
  return table.concat(out)
end

-- The end of a property's value: the comma or bracket that stands on its own level.
local function value_end(text, pos)
  local depth = 0
  while true do
    pos = find(text, "[\"'`%(%)%[%]{},;]", pos)
    if not pos then
      return #text
    end
    local char = sub(text, pos, pos)
    if QUOTES[char] then
      pos = string_end(text, pos) or #text
    elseif find(char, "[%(%[{]") then
      depth = depth + 1
    elseif find(char, "[%)%]}]") then
      if depth == 0 then
        return pos - 1
      end
      depth = depth - 1
    elseif depth == 0 then
      return pos - 1
    end
    pos = pos + 1
  end
end

local function literal(text)
  local quote = sub(text, 1, 1)
  if not QUOTES[quote] or string_end(text, 1) ~= #text or #text < 2 then
    return nil
  end
  local inner = sub(text, 2, -2)
  if quote == "`" and find(inner, "${", 1, true) then
    return nil
  elseif find(inner, "\\[xu]") then
    return nil
  end
  return (inner:gsub("\\(.)", function(char)
    return ESCAPES[char] or char
  end))
end

-- path.join(...) and path.resolve(...) of strings; a leading __dirname is the file's own folder.
local function joined(text)
  local inner = text:match("^path%.join%s*(%b())$") or text:match("^path%.resolve%s*(%b())$") or text:match("^join%s*(%b())$")
    or text:match("^resolve%s*(%b())$")
  if not inner then
    return nil
  end
  local parts, pos = {}, 2
  while pos < #inner do
    local stop = value_end(inner, pos)
    local part = sub(inner, pos, stop):match("^%s*(.-)%s*$")
    local value = literal(part)
    if value then
      parts[#parts + 1] = value
    elseif #parts > 0 or (part ~= "__dirname" and part ~= "import.meta.dirname" and part ~= "process.cwd()") then
      if part ~= "" then
        return nil
      end
    end
    pos = stop + 2
  end
  return #parts > 0 and path.join(table.unpack(parts)) or nil
end

-- Gives { value = } or { env = }, or nil for what can't be read.
local function read_value(text)
  local plain = text:match("^%s*(.-)%s*$"):gsub("%s+as%s+string$", ""):gsub("%s+satisfies%s+%w+$", ""):gsub("!$", "")
  local value = literal(plain) or joined(plain)
  if value then
    return { value = value }
  end
  local name = plain:match("^env%s*%b<>%s*%(%s*[\"'`]([%w_]+)[\"'`]%s*,?%s*%)$")
    or plain:match("^env%s*%(%s*[\"'`]([%w_]+)[\"'`]%s*,?%s*%)$")
    or plain:match("^process%.env%.([%a_][%w_]*)$") or plain:match("^process%.env%[%s*[\"'`]([%w_]+)[\"'`]%s*%]$")
    or plain:match("^process%.env%.([%a_][%w_]*)%s*%?%?%s*[\"'`][\"'`]$")
    or plain:match("^process%.env%.([%a_][%w_]*)%s*||%s*[\"'`][\"'`]$")
  return name and { env = name } or nil
end

local function line_of(text, pos)
  return select(2, sub(text, 1, pos - 1):gsub("\n", "")) + 1
end

local read_object

-- One property of an object; returns the position after it.
local function read_property(text, pos, into, prefix, unreadable)
  local _, stop, key = find(text, "^([%a_$][%w_$]*)%s*:%s*", pos)
  if not stop then
    _, stop, key = find(text, "^[\"']([^\"']+)[\"']%s*:%s*", pos)
  end
  if not stop then
    -- A spread, a method, a shorthand: it may set anything.
    local last = value_end(text, pos)
    local shorthand = sub(text, pos, last):match("^async%s+([%a_$][%w_$]*)") or sub(text, pos, last):match("^([%a_$][%w_$]*)")
    unreadable[#unreadable + 1] = { key = prefix .. (shorthand or "..."), line = line_of(text, pos) }
    return last + 1
  end
  local name = prefix .. key
  if sub(text, stop + 1, stop + 1) == "{" then
    local after = read_object(text, stop + 1, into, name .. ".", unreadable)
    local last = value_end(text, after)
    if find(sub(text, after, last), "%S") then
      unreadable[#unreadable + 1] = { key = name, line = line_of(text, pos) }
    end
    return last + 1
  end
  local last = value_end(text, stop + 1)
  local value = read_value(sub(text, stop + 1, last))
  if value then
    value.line = line_of(text, pos)
    into[name] = value
  else
    unreadable[#unreadable + 1] = { key = name, line = line_of(text, pos) }
  end
  return last + 1
end

function read_object(text, pos, into, prefix, unreadable)
  pos = pos + 1
  while true do
    pos = find(text, "[^%s,]", pos)
    if not pos then
      return #text + 1
    elseif sub(text, pos, pos) == "}" then
      return pos + 1
    end
    local after = read_property(text, pos, into, prefix, unreadable)
    pos = after > pos and after or pos + 1
  end
end

local function body_start(text)
  for _, pattern in ipairs({
    "export%s+default%s+defineConfig%s*%b<>%s*%(%s*(){", "export%s+default%s+defineConfig%s*%(%s*(){", "export%s+default%s+(){",
    "module%.exports%s*=%s*defineConfig%s*%(%s*(){", "module%.exports%s*=%s*(){",
  }) do
    local pos = text:match(pattern)
    if pos then
      return pos
    end
  end
  -- const config = {...}; export default config
  local name = text:match("export%s+default%s+([%a_$][%w_$]*)%s*;?%s*$") or text:match("export%s+default%s+([%a_$][%w_$]*)%s")
    or text:match("module%.exports%s*=%s*([%a_$][%w_$]*)")
  if name then
    local quoted = name:gsub("%$", "%%$")
    return text:match("%f[%w_$]" .. quoted .. "%s*=%s*(){")
      or text:match("%f[%w_$]" .. quoted .. "%s*=%s*defineConfig%s*%(%s*(){")
      or text:match("%f[%w_$]" .. quoted .. "%s*:%s*[%w_.]+%s*=%s*(){")
  end
  return nil
end

--- Reads the text of a prisma.config file.
-- @tparam string text
-- @tparam string file its path, for messages
-- @treturn table { file, schema, migrations_path, seed (texts), url, direct_url, shadow_url (each { value } or { env }, with
--   file and line), dotenv = whether it imports dotenv/config, unreadable = list of { key, line } }
function config_js.parse(text, file)
  local plain = without_comments(text)
  local values, unreadable = {}, {}
  local start = body_start(plain)
  if start then
    read_object(plain, start, values, "", unreadable)
  else
    unreadable[1] = { key = "export default", line = 1 }
  end
  local result = { file = file, unreadable = unreadable }
  local function text_of(key)
    local found = values[key]
    if found and found.value == nil then
      unreadable[#unreadable + 1] = { key = key, line = found.line }
    end
    return found and found.value
  end
  local function url_of(key)
    local found = values[key]
    if found then
      found.file = file
    end
    return found
  end
  result.schema, result.migrations_path, result.seed = text_of("schema"), text_of("migrations.path"), text_of("migrations.seed")
  result.url, result.direct_url = url_of("datasource.url"), url_of("datasource.directUrl")
  result.shadow_url = url_of("datasource.shadowDatabaseUrl")
  result.dotenv = find(plain, "[\"']dotenv/config[\"']") ~= nil or find(plain, "dotenv%s*%.%s*config%s*%(") ~= nil
  return result
end

return config_js
