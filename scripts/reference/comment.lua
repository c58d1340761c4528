--- Takes a doc comment apart: text, parameters, what is returned, what is raised.
local comment = {}

local TYPES <const> = { bool = "boolean", int = "integer" }

local function normal_type(text)
  return (text:gsub("%a+", TYPES))
end

--- Splits the lines into the text before the first tag and the tags, a tag's continued lines joined to it.
local function cut(lines)
  local text, tags = {}, {}
  for _, line in ipairs(lines) do
    if line:find("^@%a") then
      tags[#tags + 1] = line
    elseif #tags > 0 then
      tags[#tags] = tags[#tags] .. " " .. line:match("^%s*(.-)%s*$")
    else
      text[#text + 1] = line
    end
  end
  while text[#text] == "" do
    text[#text] = nil
  end
  return text, tags
end

local function add_return(returns, group, value)
  local number = tonumber(group) or 1
  for index = #returns + 1, number do
    returns[index] = {}
  end
  table.insert(returns[number], value)
end

local READERS <const> = {
  tparam = function(doc, modifier, rest)
    local kind, name, text = rest:match("^(%S+)%s+(%S+)%s*(.*)$")
    assert(kind, "a @tparam wants a type and a name: " .. rest)
    table.insert(doc.params, { name = name, type = normal_type(kind), optional = modifier:find("^opt") ~= nil, text = text })
  end,
  param = function(doc, modifier, rest)
    local name, text = rest:match("^(%S+)%s*(.*)$")
    table.insert(doc.params, { name = name, type = "any", optional = modifier:find("^opt") ~= nil, text = text })
  end,
  treturn = function(doc, modifier, rest)
    local kind, text = rest:match("^(%S+)%s*(.*)$")
    add_return(doc.returns, modifier, { type = normal_type(kind), text = text })
  end,
  ["return"] = function(doc, modifier, rest)
    add_return(doc.returns, modifier, { type = "any", text = rest })
  end,
  raise = function(doc, _, rest)
    doc.raises = rest
  end,
  ["function"] = function(doc, _, rest)
    doc.name = rest
  end,
  field = function(doc, _, rest)
    doc.field = rest
  end,
}

--- Reads a doc comment.
-- @tparam table lines without the dashes and the blank after them
-- @treturn table `{ text = list of lines, params = list of { name, type, optional, text }, returns = list of lists of
--   { type, text }, one list a way to return, raises = text|nil, name = of @function, field = of @field }`
function comment.read(lines)
  local text, tags = cut(lines)
  local doc = { text = text, params = {}, returns = {} }
  for _, tag in ipairs(tags) do
    local name, modifier, rest = tag:match("^@(%a+)%[?([^%]%s]*)%]?%s*(.*)$")
    local read = READERS[name]
    if not read then
      error(("unknown tag in a doc comment: %s"):format(tag), 2)
    end
    read(doc, modifier, rest)
  end
  return doc
end

return comment
