--- What package.json says of the database and the build.
local package_json = {}

local json = require("tilth.json")
local path = require("tilth.path")

local function wrong(file, text, advice)
  return nil, ("%s: %s"):format(file, text), "config", { file = file, advice = advice }
end

local function text_at(tree, ...)
  local value = tree
  for _, key in ipairs({ ... }) do
    if type(value) ~= "table" then
      return nil
    end
    value = value[key]
  end
  return value
end

--- Reads the text of a package.json.
-- @tparam string text
-- @tparam string file its path
-- @treturn[1] table { path, dir, name, seed = prisma.seed, schema = prisma.schema, build = scripts.build, has_prisma }
-- @treturn[2] nil
-- @treturn[2] string message with the path, and line and column where known
-- @treturn[2] string "config"
-- @treturn[2] table { file, line, column_number, advice }
function package_json.parse(text, file)
  local tree, message, _, place = json.decode(text)
  if tree == nil then
    place = place or {}
    return nil, ("%s: not valid JSON: %s"):format(file, message), "config",
      { file = file, line = place.line, column_number = place.column_number, advice = "Correct the JSON." }
  elseif type(tree) ~= "table" then
    return wrong(file, "the file must hold a JSON object", "Write { } around its contents.")
  end
  local result = { path = file, dir = path.dirname(file), has_prisma = type(tree.prisma) == "table" }
  result.name = type(tree.name) == "string" and tree.name or nil
  local seed, schema, build = text_at(tree, "prisma", "seed"), text_at(tree, "prisma", "schema"), text_at(tree, "scripts", "build")
  if seed ~= nil and type(seed) ~= "string" then
    return wrong(file, "provided seed command from `package.json` must be of type string", "Write prisma.seed as one string.")
  elseif schema ~= nil and type(schema) ~= "string" then
    return wrong(file, "provided schema path from `package.json` must be of type string", "Write prisma.schema as one string.")
  elseif build ~= nil and type(build) ~= "string" then
    return wrong(file, "the script \"build\" must be a string", "Write scripts.build as one string.")
  end
  result.seed = seed ~= "" and seed or nil
  result.schema = schema ~= "" and schema or nil
  result.build = build and build:find("%S") and build or nil
  return result
end

--- Finds the nearest package.json from a folder upward.
-- @tparam table files a module with `read` and `stat`
-- @tparam string folder an absolute path
-- @treturn[1] table what `parse` gives
-- @treturn[2] nil when there is none
-- @treturn[3] nil
-- @treturn[3] string message
-- @treturn[3] string|number code
-- @treturn[3] table detail
function package_json.find(files, folder)
  while true do
    local file = path.join(folder, "package.json")
    local found = files.stat(file, "follow")
    if found and found.type == "file" then
      local text, message, code = files.read(file)
      if not text then
        return nil, ("cannot read %s: %s"):format(file, message), code
      end
      return package_json.parse(text, file)
    end
    local above = path.dirname(folder)
    if above == folder then
      return nil
    end
    folder = above
  end
end

return package_json
