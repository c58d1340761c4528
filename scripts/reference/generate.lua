--- Everything that is generated: path in the source tree to text.
local generate = {}

local bash = require("reference.bash")
local commands = require("reference.commands")
local errors_page = require("reference.errors_page")
local fish = require("reference.fish")
local man = require("reference.man")
local markdown = require("reference.markdown")
local model = require("reference.model")
local pages = require("reference.pages")
local stubs = require("reference.stubs")
local zsh = require("reference.zsh")

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
  local tree = commands.read()
  files["docs/errors.md"] = errors_page.make()
  files["docs/man/tilth.1"] = man.make(tree)
  files["scripts/completion/tilth.bash"] = bash.make(tree)
  files["scripts/completion/_tilth"] = zsh.make(tree)
  files["scripts/completion/tilth.fish"] = fish.make(tree)
  return files
end

return generate
