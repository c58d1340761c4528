--- Writes variables into the text of a .env file so that dotenv reads them back exactly. Pure.
local env_file = {}

local array = require("tilth.array")
local dotenv = require("tilth.dotenv")

-- What needs no quotes for dotenv, for Next.js and for a shell that sources the file.
local PLAIN <const> = "^[%w_./:@%%+,=-]+$"

-- Lines that may follow: a form that they can't disturb is taken first (a backslash before the closing quote is one they can).
local FOLLOWERS <const> = { "\nB=1\n# '\n# \"\n# `\n", "\nB=1\n" }

local function has(value, text)
  return value:find(text, 1, true) ~= nil
end

-- dotenv makes line breaks of \n and \r between double quotes, and undoes no other escape there.
local function double_quoted(value)
  if has(value, "\"") or value:find("\\[nr]") then
    return nil
  end
  return "\"" .. value:gsub("\n", "\\n"):gsub("\r", "\\r") .. "\""
end

local function forms(value)
  local list = {}
  if value:find(PLAIN) then
    list[#list + 1] = value
  end
  -- Older readers know line breaks in the escaped form only; a carriage return has no other form.
  if value == "" or value:find("[\r\n]") then
    list[#list + 1] = double_quoted(value)
  end
  if not has(value, "\r") then
    for _, quote in ipairs({ "'", "\"", "`" }) do
      local taken = has(value, quote) or (quote == "\"" and value:find("\\[nr]"))
      if not taken then
        list[#list + 1] = quote .. value .. quote
      end
    end
    if value:find("^[^%s'\"`#][^#\n]*$") and not value:find("%s$") then
      list[#list + 1] = value
    end
  end
  return list
end

--- Writes one value.
-- @tparam string value
-- @tparam string reader "next" (dotenv with expansion: every `$` is escaped) or "dotenv" (no expansion)
-- @treturn[1] string the text to stand after `NAME=`
-- @treturn[2] nil
-- @treturn[2] string why dotenv has no form for it
function env_file.quote(value, reader)
  if reader == "next" then
    value = value:gsub("%$", "\\$")
  end
  local list = forms(value)
  for _, follower in ipairs(FOLLOWERS) do
    for _, form in ipairs(list) do
      local read = dotenv.parse("A=" .. form .. follower)
      if read and read.A == value and read.B == "1" then
        return form
      end
    end
  end
  return nil, "dotenv has no form for it: it mixes quotes of several kinds with line breaks, `#` or escapes"
end

-- Cuts the text where the assignments stand; the first one of a name gets the new value, later ones go with their line.
local function replace(text, entries, written)
  local out, from, done = {}, 1, {}
  for _, entry in ipairs(entries) do
    local new = written[entry.name]
    if new and not done[entry.name] then
      done[entry.name] = true
      local export = text:sub(entry.first, entry.last):match("^export%s+") or ""
      out[#out + 1] = text:sub(from, entry.first - 1) .. export .. entry.name .. "=" .. new
      from = entry.last + 1
      if text:sub(from, from) == "#" then
        out[#out + 1] = " "
      end
    elseif new then
      local start = entry.first
      while start > from and text:sub(start - 1, start - 1):find("[ \t]") do
        start = start - 1
      end
      out[#out + 1] = text:sub(from, start - 1)
      from = (text:find("\n", entry.last + 1, true) or #text) + 1
    end
  end
  out[#out + 1] = text:sub(from)
  return table.concat(out), done
end

-- Nothing is written that does not read back: neither our values nor the ones that were there.
local function verify(text, before, wanted)
  local after = dotenv.parse(text)
  for _, name in ipairs(array.sorted_keys(before)) do
    if not after or (wanted[name] or before[name]) ~= after[name] then
      return nil, name
    end
  end
  for _, name in ipairs(array.sorted_keys(wanted)) do
    if after[name] ~= wanted[name] then
      return nil, name
    end
  end
  return true
end

--- Puts variables into the text of a .env file; what stands there besides, comments too, stays.
-- @tparam string text of the file, "" for a new one
-- @tparam table variables list of { name, value }
-- @tparam string reader see `quote`
-- @treturn[1] string the new text
-- @treturn[1] table { added = {names}, replaced = {names}, same = {names}, kept = {names} }
-- @treturn[2] nil
-- @treturn[2] string message, never holding a value
-- @treturn[2] string "config"
-- @treturn[2] table { line, advice }
function env_file.merge(text, variables, reader)
  local before, order, _, entries = dotenv.parse(text)
  if not before then
    local detail = entries or {}
    return nil, order, "config", { line = detail.line, advice = detail.advice }
  end
  local crlf = text:find("\r\n", 1, true) and not text:gsub("\r\n", ""):find("\n", 1, true)
  local written, wanted, names = {}, {}, { added = {}, replaced = {}, same = {}, kept = {} }
  for _, variable in ipairs(variables) do
    local form, why = env_file.quote(variable.value, reader)
    if not form then
      return nil, ("%s cannot be written: %s"):format(variable.name, why), "config",
        { advice = "Keep the value in the parameter store and read it at run time, or encode it (base64, for instance)." }
    end
    written[variable.name] = form
    wanted[variable.name] = reader == "next" and variable.value:gsub("%$", "\\$") or variable.value
  end
  local merged, done = replace(dotenv.normal(text), entries, written)
  for _, variable in ipairs(variables) do
    local name = variable.name
    if not done[name] then
      if merged ~= "" and merged:sub(-1) ~= "\n" then
        merged = merged .. "\n"
      end
      merged, done[name] = merged .. name .. "=" .. written[name] .. "\n", true
    end
    local kind = before[name] == nil and "added" or before[name] == wanted[name] and "same" or "replaced"
    names[kind][#names[kind] + 1] = name
  end
  for _, name in ipairs(order) do
    if not wanted[name] then
      names.kept[#names.kept + 1] = name
    end
  end
  local good, broken = verify(merged, before, wanted)
  if not good then
    return nil, ("%s would not read back as it is, because of a quote that is never closed before it"):format(broken), "config",
      { advice = "Close the quotes in the file, or begin with a new one." }
  end
  return crlf and merged:gsub("\n", "\r\n") or merged, names
end

return env_file
