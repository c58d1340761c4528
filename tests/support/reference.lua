--- The generator of the reference (scripts/reference), for tests.
local reference = {}

local env = require("tilth.core.env")

--- The root of the source tree.
-- @treturn string
function reference.root()
  return assert(env.get("TILTH_SOURCE"), "make check sets TILTH_SOURCE")
end

--- A module of the generator.
-- @tparam string name such as "pages"
-- @treturn any
function reference.module(name)
  local folder = reference.root() .. "/scripts/?.lua"
  if not package.path:find(folder, 1, true) then
    package.path = package.path .. ";" .. folder
  end
  return require("reference." .. name)
end

--- All that the reference says.
-- @treturn table of scripts/reference/model.lua
function reference.model()
  return reference.module("model").read(require("tilth.fs"), reference.root())
end

--- Names of the functions in a table, those of metamethods left out.
-- @tparam table live
-- @treturn table sorted list
function reference.functions_in(live)
  local names = {}
  for name, value in pairs(live) do
    if type(name) == "string" and type(value) == "function" and not name:find("^_") then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

--- Names of the functions that entries are about.
-- @tparam table entries of a page, a class or a library
-- @treturn table sorted list
function reference.documented(entries)
  local names = {}
  for _, entry in ipairs(entries) do
    names[#names + 1] = entry.kind ~= "field" and entry.name or nil
  end
  table.sort(names)
  return names
end

return reference
