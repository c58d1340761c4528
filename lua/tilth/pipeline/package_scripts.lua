--- Reads the scripts of a package.json, with their lines. Pure.
local package_scripts = {}

local facts = require("tilth.pipeline.facts")
local json = require("tilth.json")

-- npm runs these by itself during an installation or a build.
local LIFECYCLE <const> = {
  build = true, prebuild = true, postbuild = true, preinstall = true, install = true, postinstall = true, prepare = true,
  ["vercel-build"] = true, ["heroku-postbuild"] = true, ["gcp-build"] = true,
}

local function escape(text)
  return (text:gsub("%p", "%%%0"))
end

local function line_of(text, name, from)
  local at = text:find("\"" .. escape(name) .. "\"%s*:", from) or from
  local _, count = text:sub(1, at):gsub("\n", "")
  return count + 1
end

--- Reads the file.
-- @tparam string text
-- @tparam string file path for messages
-- @treturn table facts, see tilth.pipeline.facts; a script's context has its `name`
function package_scripts.read(text, file)
  local found = facts.new(file, "package")
  local tree, message = json.decode(text)
  if type(tree) ~= "table" then
    found.notes[1] = { line = 1, text = "not valid JSON: " .. tostring(message) }
    return found
  end
  local scripts = type(tree.scripts) == "table" and tree.scripts or {}
  local from, names = text:find("\"scripts\"%s*:") or 1, {}
  for name, script in pairs(scripts) do
    if type(script) == "string" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local line = line_of(text, name, from)
    found:script(scripts[name], function()
      return line
    end, { label = "script " .. name, name = name, build = LIFECYCLE[name] or false })
  end
  return found
end

return package_scripts
