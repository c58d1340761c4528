--- The pages of the reference, in Markdown.
local markdown = {}

local pages = require("reference.pages")

local NOTE <const> = "<!-- Generated from the doc comments by `tilth run scripts/reference.lua`. -->\n\n"

local function sentence(text)
  return (text:gsub("^%l", string.upper))
end

--- Text of a doc comment: lines that stand in by two blanks or more are code.
local function prose(lines)
  local out, in_code = {}, false
  for _, line in ipairs(lines) do
    local code = line:match("^  (.*)$")
    if code and not in_code and (out[#out] == "" or #out == 0) then
      out[#out + 1], in_code = "```lua", true
    elseif not code and in_code then
      out[#out + 1], in_code = "```", false
    end
    out[#out + 1] = in_code and code or line
  end
  if in_code then
    out[#out + 1] = "```"
  end
  return table.concat(out, "\n")
end

--- `fs.write(path, text [, mode])`
local function signature(prefix, entry)
  local text, closing = "", ""
  for index, parameter in ipairs(entry.params) do
    if parameter.optional then
      text = text .. (index > 1 and " [, " or "[") .. parameter.name
      closing = closing .. "]"
    else
      text = text .. (index > 1 and ", " or "") .. parameter.name
    end
  end
  return ("%s%s(%s%s)"):format(prefix, entry.name, text, closing)
end

--- A type as people read it: classes by their full names.
local function type_text(page, text)
  return (text:gsub("%a[%w_]*", function(name)
    return page.types and page.types[name] or pages.types[name]
  end):gsub("|", " or "))
end

local function value_text(page, value)
  local text = value.type == "nil" and "`nil`" or value.type == "any" and "" or ("`%s`"):format(type_text(page, value.type))
  local joined = value.text == "" and text or (text .. " " .. value.text)
  return (joined:gsub("^%s+", ""))
end

local function add_values(lines, page, entry)
  for _, parameter in ipairs(entry.params) do
    local kind = type_text(page, parameter.type)
    lines[#lines + 1] = ("- `%s` (%s%s)%s"):format(parameter.name, kind, parameter.optional and ", optional" or "",
      parameter.text ~= "" and ": " .. parameter.text or "")
  end
  if #entry.params > 0 then
    lines[#lines + 1] = ""
  end
  for index, group in ipairs(entry.returns) do
    local parts = {}
    for position, value in ipairs(group) do
      parts[position] = value_text(page, value)
    end
    lines[#lines + 1] = ("%s %s"):format(index == 1 and "Returns" or "or", table.concat(parts, ", "))
      .. (index < #entry.returns and "<br>" or "")
  end
  if entry.raises then
    lines[#lines + 1] = (#entry.returns > 0 and "\n" or "") .. "Raises " .. entry.raises .. "."
  end
end

local function add_entry(lines, page, prefix, entry)
  lines[#lines + 1] = ("### `%s`\n"):format(entry.kind == "function" and signature(prefix, entry) or prefix .. entry.name)
  lines[#lines + 1] = prose(entry.text) .. "\n"
  add_values(lines, page, entry)
  if lines[#lines] ~= "" and (#entry.params > 0 or #entry.returns > 0 or entry.raises) then
    lines[#lines + 1] = ""
  end
end

local function add_signature(lines, entry)
  lines[#lines + 1] = ("- `%s%s`<br>%s"):format(entry.results ~= "" and entry.results .. " = " or "", entry.signature,
    sentence(entry.text):gsub("([^.?!])$", "%1."))
end

local function finish(lines)
  return NOTE .. table.concat(lines, "\n"):gsub("\n\n\n+", "\n\n"):gsub("\n+$", "") .. "\n"
end

--- The page of a module.
-- @tparam table item of model.read
-- @tparam table handles methods of the core's handles
-- @treturn string
function markdown.module(item, handles)
  local page = item.page
  local lines = { "# " .. (page.title or page.name), "", prose(item.text), "" }
  if page.module ~= false then
    table.move({ "```lua", ("local %s = require(\"%s\")"):format(page.owner, page.name), "```", "" }, 1, 4, #lines + 1, lines)
  end
  for _, entry in ipairs(item.functions) do
    add_entry(lines, page, page.module == false and "" or page.owner .. entry.mark, entry)
  end
  for _, class in ipairs(item.classes) do
    lines[#lines + 1] = ("## %s\n"):format(class.class.name)
    if class.class.text then
      lines[#lines + 1] = class.class.text .. "\n"
    end
    for _, entry in ipairs(class.entries) do
      add_entry(lines, page, class.class.var .. (entry.kind == "function" and ":" or "."), entry)
    end
  end
  for _, name in ipairs(page.handles or {}) do
    lines[#lines + 1] = ("## %s\n"):format(pages.handles[name])
    for _, entry in ipairs(handles[name]) do
      add_signature(lines, entry)
    end
    lines[#lines + 1] = ""
  end
  return finish(lines)
end

--- The page of the core's libraries.
-- @tparam table libraries of c_source
-- @treturn string
function markdown.core(libraries)
  local lines = { "# The core", "",
    "The C libraries below the modules, `require(\"tilth.core.NAME\")`. Scripts are better served by the modules, which say more "
      .. "and stay as they are; what only the core has is for those who build modules of their own.", "",
    "What fails gives `nil, message, code`; wrong use raises. A wait in any of them ends with an interruption.", "" }
  local names, above = {}, {}
  for name in pairs(libraries) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, page in ipairs(pages.all()) do
    above[page.core or ""] = page
  end
  for _, name in ipairs(names) do
    local library, page = libraries[name], above[name]
    lines[#lines + 1] = ("## tilth.core.%s\n\n%s%s\n"):format(name, sentence(library.text),
      page and (" Its module is [%s](%s)."):format(page.name, pages.target(page)) or "")
    for _, entry in ipairs(library.entries) do
      add_signature(lines, entry)
    end
    lines[#lines + 1] = ""
  end
  return finish(lines)
end

--- The page that leads to all the others.
-- @tparam table made of model.read
-- @treturn string
function markdown.index(made)
  local by_page = {}
  for _, item in ipairs(made.pages) do
    by_page[item.page] = item
  end
  local lines = { "# Lua API", "",
    "What scripts (`tilth run`), seeds, `tilth.config.lua` and programs that embed tilth find. Success is a value, failure is "
      .. "`nil, message, code, detail`; what seeds and scripts get as `db`, and [tilth.flow](reference/flow.md), raises error objects "
      .. "with the same fields instead. Wrong use of a function raises.", "",
    "[docs/errors.md](errors.md) explains the codes. For completion and type checks in an editor with the Lua language server, name "
      .. "the installed stubs in `.luarc.json` (`node_modules/tilth/meta` where npm has installed them):", "",
    "```json", '{ "runtime.version": "Lua 5.4", "workspace.library": ["/usr/local/share/tilth/meta"] }', "```", "" }
  for _, group in ipairs(pages.groups) do
    lines[#lines + 1] = ("## %s\n\n| module | |\n|---|---|"):format(group.title)
    for _, page in ipairs(group) do
      local text = table.concat(by_page[page].text, " "):match("^(.-[.:])%s") or table.concat(by_page[page].text, " ")
      lines[#lines + 1] = ("| [%s](reference/%s) | %s |"):format(page.module == false and page.title or page.name, pages.target(page),
        (text:gsub(":$", ".")))
    end
    lines[#lines + 1] = ""
  end
  lines[#lines + 1] = "## The core\n\n[tilth.core.*](reference/core.md): the C libraries below the modules."
  return finish(lines)
end

return markdown
