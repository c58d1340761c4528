--- Stubs for the Lua language server: what the modules offer, with types and without code.
local stubs = {}

local pages = require("reference.pages")
local shapes = require("reference.shapes")

--- What the core's comments call values, as types.
local WORDS <const> = {
  text = "string", path = "string", message = "string", sqlstate = "string", code = "string|integer", errno = "integer", ["nil"] = "nil",
  ["true"] = "true", ["false"] = "false", boolean = "boolean", integer = "integer", count = "integer", columns = "integer",
  rows = "integer", seconds = "number", bytes = "string", line = "string", stdout = "string", stderr = "string", kind = "string",
  timed_out = "boolean", table = "table", detail = "table", name = "string", sql = "string", timeout = "number", address = "string",
  host = "string", port = "integer", fd = "integer", pid = "integer", mode = "integer", fn = "function", sink = "function",
  handler = "function", prompt = "string", options = "table", params = "table", arguments = "table", value = "any", list = "table",
  from = "string", to = "string", target = "string", prefix = "string", tail = "string", uid = "integer", gid = "integer",
  delimiter = "string", names = "table", signal = "integer|string", limits = "table", width = "integer", follow = "string",
}

local function type_of(text, page)
  return (text:gsub("%a[%w_]*", function(name)
    return page.types and page.types[name] or pages.types[name]
  end))
end

local function word_type(word)
  local handle = pages.handles[word]
  return handle or WORDS[word] or word:find("^[\"{]") and (word:find("^{") and "table" or "string") or "any"
end

local function add_text(lines, text)
  for _, line in ipairs(text) do
    lines[#lines + 1] = ("---%s"):format(line)
  end
end

--- `string?`, `string|integer|nil`: nil last.
local function union_of(types)
  local others, has_nil = {}, false
  for _, name in ipairs(types) do
    has_nil = has_nil or name == "nil"
    others[#others + 1] = name ~= "nil" and name or nil
  end
  local joined = table.concat(others, "|")
  if not has_nil or joined == "any" then
    return #others > 0 and joined or "nil"
  end
  return joined .. (#others == 1 and "?" or "|nil")
end

--- One line a position: the union of what the ways to return have there.
local function add_returns(lines, groups, convert)
  local positions = 0
  for _, group in ipairs(groups) do
    positions = math.max(positions, #group)
  end
  for position = 1, positions do
    local types, seen, text = {}, {}, nil
    for _, group in ipairs(groups) do
      local value = group[position] or { type = "nil", text = "" }
      for name in convert(value.type):gmatch("[^|]+") do
        if not seen[name] then
          seen[name], types[#types + 1] = true, name
        end
      end
      text = text or (group[position] and group[position].text ~= "" and group[position].text) or nil
    end
    local union = union_of(types)
    lines[#lines + 1] = ("---@return %s%s"):format(union, text and text ~= union and " # " .. text or "")
  end
end

local function add_function(lines, page, prefix, entry, first)
  local names = {}
  add_text(lines, entry.text)
  local params = first and { first, table.unpack(entry.params) } or entry.params
  for index, parameter in ipairs(params) do
    names[index] = parameter.name
    lines[#lines + 1] = (("---@param %s%s %s %s"):format(parameter.name, parameter.optional and parameter.name ~= "..." and "?" or "",
      type_of(parameter.type, page), parameter.text):gsub("%s+$", ""))
  end
  add_returns(lines, entry.returns, function(name) return type_of(name, page) end)
  lines[#lines + 1] = ("function %s%s(%s) end\n"):format(prefix, entry.name, table.concat(names, ", "))
end

local function add_entry(lines, page, prefix, entry)
  if entry.kind == "function" then
    return add_function(lines, page, prefix, entry)
  end
  add_text(lines, entry.text)
  lines[#lines + 1] = ("---@type any\n%s%s = nil\n"):format(prefix:gsub(":$", "."), entry.name)
end

--- A function of the core, from its signature line.
local function add_signature(lines, prefix, entry)
  local groups, names = {}, {}
  for way in (entry.results .. "|"):gmatch("%s*(.-)%s*|") do
    local group = {}
    for word in way:gsub("%b{}", "{}"):gmatch("[^,]+") do
      word = word:match("^%s*(.-)%s*$")
      group[#group + 1] = { type = word_type(word), text = word:find("^[%a_]+$") and word or "" }
    end
    groups[#groups + 1] = #group > 0 and group or nil
  end
  add_text(lines, { (entry.text:gsub("^%l", string.upper)) })
  local optional = false
  for mark, name in entry.parameters:gmatch("(%[?)[%s,]*([%w_.]+)") do
    optional = optional or mark == "["
    names[#names + 1] = name
    lines[#lines + 1] = ("---@param %s%s %s"):format(name, optional and name ~= "..." and "?" or "", word_type(name))
  end
  add_returns(lines, groups, function(name) return name end)
  lines[#lines + 1] = ("function %s%s(%s) end\n"):format(prefix, entry.name, table.concat(names, ", "))
end

local function add_handle(lines, name, entries)
  lines[#lines + 1] = ("---@class %s: userdata\nlocal %s = {}\n"):format(pages.handles[name], name)
  for _, entry in ipairs(entries) do
    add_signature(lines, name .. ":", entry)
  end
end

local function head(name, text)
  local lines = { ("---@meta %s\n"):format(name) }
  for _, line in ipairs(text) do
    lines[#lines + 1] = line == "" and "--" or "-- " .. line
  end
  lines[#lines + 1] = ""
  return lines
end

local function finish(lines)
  return (table.concat(lines, "\n"):gsub("%s+\n", function(blank)
    return blank:find("\n.*\n") and "\n\n" or "\n"
  end)) .. "\n"
end

--- The stub of a module.
-- @tparam table item of model.read
-- @treturn string Lua
function stubs.module(item)
  local page = item.page
  local lines = head(page.name, item.text)
  for _, shape in ipairs(shapes[page.name] or {}) do
    lines[#lines + 1] = shape
  end
  lines[#lines + 1] = ("---@class %s\nlocal %s = {}\n"):format(page.name, page.owner)
  for _, class in ipairs(item.classes) do
    local owner = class.entries[1].owner
    lines[#lines + 1] = ("---@class %s\nlocal %s = {}\n"):format(class.class.name, owner)
    for _, entry in ipairs(class.entries) do
      add_entry(lines, page, owner .. ":", entry)
      if page.keyed and entry.kind == "function" then
        add_function(lines, page, page.owner .. ".", entry, { name = "key", type = "string|integer", text = "" })
      end
    end
  end
  for _, entry in ipairs(item.functions) do
    add_entry(lines, page, page.owner .. entry.mark, entry)
  end
  lines[#lines + 1] = "return " .. page.owner
  return finish(lines)
end

--- The stub of a library of the core, with its handles.
-- @tparam string name such as "pg"
-- @tparam table library of c_source
-- @treturn string Lua
function stubs.library(name, library)
  local lines = head("tilth.core." .. name, { library.text })
  lines[#lines + 1] = ("---@class tilth.core.%s\nlocal %s = {}\n"):format(name, name)
  local handles, order = {}, {}
  for _, entry in ipairs(library.entries) do
    if entry.handle then
      if not handles[entry.owner] then
        handles[entry.owner], order[#order + 1] = {}, entry.owner
      end
      table.insert(handles[entry.owner], entry)
    end
  end
  for _, owner in ipairs(order) do
    add_handle(lines, owner, handles[owner])
  end
  for _, entry in ipairs(library.entries) do
    if not entry.handle then
      add_signature(lines, name .. ".", entry)
    end
  end
  lines[#lines + 1] = "return " .. name
  return finish(lines)
end

return stubs
