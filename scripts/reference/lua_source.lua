--- Reads the doc comments of a Lua module: of itself, of its functions, of the methods of its classes.
local lua_source = {}

local comment = require("reference.comment")

--- Doc comments with the first line of code after each.
local function blocks(text)
  local list, current = {}, nil
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local first, more = line:match("^%s*%-%-%-%s?(.*)$"), line:match("^%s*%-%-%s?(.*)$")
    if current and more then
      table.insert(current.lines, first or more)
    elseif first then
      current = { lines = { first } }
      list[#list + 1] = current
    elseif current then
      current.code = line
      current = nil
    end
  end
  return list
end

--- What a line of code makes: receiver, "." or ":", name, parameters.
local function made(code)
  local owner, mark, name, parameters = (code or ""):match("^%s*function ([%w_]+)([.:])([%w_]+)%((.-)%)")
  if not owner then
    owner, mark, name = (code or ""):match("^%s*([%w_]+)(%.)([%w_]+) = [%w_.]+$")
  end
  return owner, mark, name, parameters
end

local function names_of(parameters)
  local names = {}
  for name in (parameters or ""):gmatch("[%w_.]+") do
    if name ~= "_" then
      names[#names + 1] = name
    end
  end
  return names
end

local function entry_of(block)
  local doc = comment.read(block.lines)
  local owner, mark, name, parameters = made(block.code)
  local declared = doc.name ~= nil
  doc.owner, doc.mark, doc.name = owner, mark, doc.name or name
  if parameters then
    doc.named = names_of(parameters)
    -- A method written with a dot takes its object as a parameter without a name, so that it can be left out.
    if mark == "." and parameters:find("^_%f[^%w_]") then
      doc.mark = ":"
    end
  end
  doc.kind = (parameters or declared or #doc.params > 0 or #doc.returns > 0) and "function" or "field"
  return doc
end

--- Reads a module's text.
-- @tparam string text
-- @tparam[opt] string owner of functions that are only named by @function
-- @treturn table `{ text = lines about the module, entries = list of what tilth.comment gives, with owner, mark ("." or ":"),
--   name, kind ("function" or "field"), named = the parameters' names in the code | nil }`
function lua_source.read(text, owner)
  local list = blocks(text)
  assert(list[1], "the module has no doc comment")
  local source = { text = comment.read(list[1].lines).text, entries = {} }
  for index = 2, #list do
    local entry = entry_of(list[index])
    entry.owner = entry.owner or owner
    if entry.name and entry.owner then
      entry.mark = entry.mark or "."
      source.entries[#source.entries + 1] = entry
    end
  end
  return source
end

return lua_source
