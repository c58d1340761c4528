--- Reads the libraries of the core: the tables of luaL_Reg and the comment above each function that they name.
--
-- Such a comment is `/* results = library.name(parameters): text */`; the results are left out where there are none.
local c_source = {}

local function plain(text)
  return (text:gsub("\n%s*%*?%s*", " "):match("^%s*(.-)%s*$"))
end

--- Comments by the C function they stand right above.
local function comments(text, found)
  for at, name in text:gmatch("()[%w_ ]-int ([%w_]+)%(lua_State %*L%)\n{") do
    local before = text:sub(1, text:sub(at, at) == "\n" and at or at - 1)
    local body = before:match("/%*(.*)%*/\n+$")
    if body then
      found[name] = plain(body:match(".*/%*(.*)$") or body)
    end
  end
end

local function parse(text)
  local before, receiver, mark, name, parameters, after = text:match("^(.-)([%a_]+)([.:])([%w_]+)(%b())(.*)$")
  if not receiver then
    return nil
  end
  return {
    owner = receiver, mark = mark, name = name, parameters = parameters:sub(2, -2),
    results = before:match("^(.-)%s*=%s*$") or "", text = after:match("^[%s:,;]*(.-)$"), signature = receiver .. mark .. name .. parameters,
  }
end

--- Functions of the luaL_Reg tables of a file: table name, Lua name, C name.
local function registered(text)
  local list = {}
  for variable, body in text:gmatch("luaL_Reg ([%w_]+)%[%] =%s*(%b{})") do
    for name, fn in body:gmatch('{"([%w_]+)",%s*([%w_]+)}') do
      list[#list + 1] = { variable = variable, name = name, fn = fn }
    end
  end
  return list
end

--- Reads all libraries.
-- @tparam table files name to text of src/*.c
-- @treturn table library ("pg") to `{ text = what the file says first, entries, files }`; an entry is `{ owner, mark, name,
--   parameters, results, text, signature }`, or `{ name, fn, missing = true }` when no comment fits
function c_source.read(files)
  local found, libraries, order = {}, {}, {}
  for name, text in pairs(files) do
    comments(text, found)
    order[#order + 1] = name
  end
  table.sort(order)
  for _, file in ipairs(order) do
    local text = files[file]
    local library, about = text:match("^/%* tilth%.core%.([%w_]+): (.-)%*/")
    if library then
      libraries[library] = { text = plain(about), entries = {} }
    end
  end
  for _, file in ipairs(order) do
    local library = libraries[file:match("^(%a+)")]
    for _, item in ipairs(library and registered(files[file]) or {}) do
      if item.variable == "functions" or item.variable == "methods" then
        local entry = found[item.fn] and parse(found[item.fn])
        if not entry or entry.name ~= item.name then
          entry = { name = item.name, fn = item.fn, missing = true }
        end
        entry.handle = item.variable == "methods"
        table.insert(library.entries, entry)
      end
    end
  end
  return libraries
end

return c_source
