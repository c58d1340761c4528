--- Everything that is generated: path in the source tree to text.
local generate = {}

local markdown = require("reference.markdown")
local model = require("reference.model")
local pages = require("reference.pages")
local stubs = require("reference.stubs")

local function add_reference(files, made)
  files["docs/reference.md"] = markdown.index(made)
  files["docs/reference/core.md"] = markdown.core(made.libraries)
  for _, item in ipairs(made.pages) do
    files["docs/reference/" .. pages.target(item.page)] = markdown.module(item, made.handles)
    if item.page.module ~= false then
      files[("lua/meta/%s.lua"):format(item.page.name)] = stubs.module(item)
    end
  end
  for name, library in pairs(made.libraries) do
    files[("lua/meta/tilth.core.%s.lua"):format(name)] = stubs.library(name, library)
  end
end

--- Makes everything. Raises when a doc comment is wrong.
-- @tparam table fs as tilth.fs
-- @tparam string root of the source tree
-- @treturn table path to text
function generate.all(fs, root)
  local made, files = model.read(fs, root), {}
  local problems = model.problems(made)
  if #problems > 0 then
    error("doc comments:\n  " .. table.concat(problems, "\n  "), 0)
  end
  add_reference(files, made)
  return files
end

return generate
