--- All that the reference says, read from the sources: one model for the pages and for the editor's stubs.
local model = {}

local c_source = require("reference.c_source")
local lua_source = require("reference.lua_source")
local pages = require("reference.pages")

local function read_libraries(fs, root)
  local files = {}
  for _, entry in ipairs(assert(fs.list(root .. "/src"))) do
    if entry.name:find("%.c$") then
      files[entry.name] = assert(fs.read(root .. "/src/" .. entry.name))
    end
  end
  return c_source.read(files)
end

--- Methods of the core's handles, by what the comments call the handle.
local function handles_of(libraries)
  local handles = {}
  for _, library in pairs(libraries) do
    for _, entry in ipairs(library.entries) do
      if entry.handle and entry.owner then
        handles[entry.owner] = handles[entry.owner] or {}
        table.insert(handles[entry.owner], entry)
      end
    end
  end
  return handles
end

local function read_page(fs, root, page)
  local text = assert(fs.read(root .. "/" .. pages.source(page)))
  local source = lua_source.read(text, page.owner)
  local made = { page = page, text = page.text and { page.text } or source.text, functions = {}, classes = {} }
  for _, entry in ipairs(source.entries) do
    local class = page.classes and page.classes[entry.owner]
    if entry.owner == page.owner then
      table.insert(made.functions, entry)
    elseif class then
      if not made.classes[class.name] then
        made.classes[class.name] = { class = class, entries = {} }
        table.insert(made.classes, made.classes[class.name])
      end
      table.insert(made.classes[class.name].entries, entry)
    end
  end
  return made
end

--- Reads everything.
-- @tparam table fs as tilth.fs: list, read
-- @tparam string root of the source tree
-- @treturn table `{ pages = list of { page, text, functions, classes }, libraries = of c_source, handles }`
function model.read(fs, root)
  local made = { pages = {}, libraries = read_libraries(fs, root) }
  made.handles = handles_of(made.libraries)
  for index, page in ipairs(pages.all()) do
    made.pages[index] = read_page(fs, root, page)
  end
  return made
end

--- What is wrong with the doc comments.
-- @tparam table made of `read`
-- @treturn table list of texts, empty when all is well
function model.problems(made)
  local problems = {}
  local function say(...)
    problems[#problems + 1] = string.format(...)
  end
  local function judge(page, entry)
    local name = ("%s: %s%s%s"):format(pages.source(page), entry.owner, entry.mark, entry.name)
    if #entry.text == 0 then
      say("%s has no text", name)
    end
    local documented = {}
    for index, parameter in ipairs(entry.params) do
      documented[index] = parameter.name
      if parameter.type == "any" and parameter.text == "" and parameter.name ~= "value" then
        say("%s: the parameter %s has neither a type nor a text", name, parameter.name)
      end
    end
    if entry.named and table.concat(entry.named, ", ") ~= table.concat(documented, ", ") then
      say("%s takes (%s), and its comment names (%s)", name, table.concat(entry.named, ", "), table.concat(documented, ", "))
    end
  end
  for _, item in ipairs(made.pages) do
    for _, entry in ipairs(item.functions) do
      judge(item.page, entry)
    end
    for _, class in ipairs(item.classes) do
      for _, entry in ipairs(class.entries) do
        judge(item.page, entry)
      end
    end
  end
  for library, item in pairs(made.libraries) do
    for _, entry in ipairs(item.entries) do
      if entry.missing then
        say("src: %s.%s (%s) has no comment such as /* results = %s.%s(...): text */", library, entry.name, entry.fn, library, entry.name)
      elseif entry.text == "" then
        say("src: the comment of %s says nothing beside the signature", entry.signature)
      end
    end
  end
  table.sort(problems)
  return problems
end

return model
