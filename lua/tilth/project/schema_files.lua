--- Finds the Prisma schema's files and reads their datasource, by Prisma's rules.
local schema_files = {}

local path = require("tilth.path")
local schema = require("tilth.prisma.schema")
local suggest = require("tilth.suggest")

local PROPERTIES <const> = {
  "provider", "url", "directUrl", "shadowDatabaseUrl", "schemas", "relationMode", "referentialIntegrity", "extensions",
}

-- Folders that a schema folder may lie beside, and that hold many files but no schema.
local SKIPPED <const> = { node_modules = true, migrations = true, [".git"] = true }

local function kind_of(files, name)
  local found = files.stat(name, "follow")
  return found and found.type
end

local function collect(files, folder, list)
  local entries, message, code = files.list(folder)
  if not entries then
    return nil, ("cannot read the folder %s: %s"):format(folder, message), code
  end
  for _, entry in ipairs(entries) do
    local name = path.join(folder, entry.name)
    local kind = entry.type
    if kind == "link" then
      kind = kind_of(files, name)
    end
    if kind == "directory" and not SKIPPED[entry.name] and entry.type ~= "link" then
      local ok, why, word = collect(files, name, list)
      if not ok then
        return nil, why, word
      end
    elseif kind == "file" and entry.name:find("%.prisma$") then
      list[#list + 1] = name
    end
  end
  return true
end

-- A file, or all *.prisma files of a folder.
local function files_of(files, place)
  if kind_of(files, place) == "file" then
    return { place }
  end
  local list = {}
  local ok, message, code = collect(files, place, list)
  if not ok then
    return nil, message, code
  end
  table.sort(list)
  return list
end

--- The places where a schema may be, strongest first.
-- @tparam table known { given (--schema, absolute), config, prisma_config, package, root }
-- @treturn table list of { path, from, explicit }
function schema_files.places(known)
  local places = {}
  local function add(name, from, explicit)
    places[#places + 1] = { path = name, from = from, explicit = explicit }
  end
  if known.given then
    add(known.given, "--schema", true)
  end
  if known.config and known.config.schema then
    add(path.join(known.root, known.config.schema), "schema in tilth.config.lua", true)
  end
  if known.prisma_config and known.prisma_config.schema then
    add(path.join(path.dirname(known.prisma_config.file), known.prisma_config.schema), "schema in " .. known.prisma_config.file, true)
  end
  if known.package and known.package.schema then
    add(path.join(known.package.dir, known.package.schema), "prisma.schema in " .. known.package.path, true)
  end
  add(path.join(known.root, "schema.prisma"), "default")
  add(path.join(known.root, "prisma/schema.prisma"), "default")
  add(path.join(known.root, "prisma/schema"), "default")
  return places
end

local function url_of(property, file)
  local value = property.value
  local result = { file = file, line = property.line }
  if value.kind == "string" then
    result.value = value.value
  elseif value.kind == "function" and value.name == "env" and #value.args == 1 and value.args[1].value.kind == "string" then
    result.env = value.args[1].value.value
  else
    return nil, ("%s:%d:%d: the datasource's %s must be a string or env(\"NAME\")"):format(file, property.line, property.column,
      property.name), "P1012", { file = file, line = property.line, column_number = property.column }
  end
  return result
end

local function schemas_of(property, file)
  local value, names = property.value, {}
  for _, item in ipairs(value.kind == "array" and value.items or {}) do
    if item.kind == "string" then
      names[#names + 1] = item.value
    end
  end
  if value.kind ~= "array" or #names ~= #value.items or #names == 0 then
    return nil, ("%s:%d:%d: the datasource's schemas must be a list of strings that is not empty"):format(file, property.line,
      property.column), "P1012", { file = file, line = property.line, column_number = property.column }
  end
  return names
end

-- The datasource as the rest of the program sees it.
local function datasource_of(item)
  local result = { name = item.name, file = item.file, line = item.line }
  for _, property in ipairs(item.properties) do
    local name, value = property.name, property.value
    local message, code, detail
    if name == "url" then
      result.url, message, code, detail = url_of(property, item.file)
    elseif name == "directUrl" then
      result.direct_url, message, code, detail = url_of(property, item.file)
    elseif name == "shadowDatabaseUrl" then
      result.shadow_url, message, code, detail = url_of(property, item.file)
    elseif name == "schemas" then
      result.schemas, message, code, detail = schemas_of(property, item.file)
    elseif name == "provider" then
      result.provider = value.kind == "string" and value.value or nil
    else
      local known = false
      for _, other in ipairs(PROPERTIES) do
        known = known or other == name
      end
      if not known then
        message = ("%s:%d:%d: property not known: \"%s\".%s"):format(item.file, property.line, property.column, name,
          suggest.hint(name, PROPERTIES))
        code, detail = "P1012", { file = item.file, line = property.line, column_number = property.column }
      end
    end
    if message then
      return nil, message, code, detail
    end
  end
  if not result.provider then
    return nil, ("%s:%d: the datasource \"%s\" has no provider"):format(item.file, item.line, item.name), "P1012",
      { file = item.file, line = item.line, advice = "Write provider = \"postgresql\"." }
  end
  return result
end

local function read_datasource(files, names)
  local sources = {}
  for index, name in ipairs(names) do
    local text, message, code = files.read(name)
    if not text then
      return nil, ("cannot read %s: %s"):format(name, message), code
    end
    sources[index] = { path = name, text = text }
  end
  local blocks, message, code, detail = schema.datasources(sources)
  if not blocks then
    return nil, message, code, detail
  elseif #blocks > 1 then
    local second = blocks[2]
    return nil, ("%s:%d: you defined more than one datasource; the first is in %s:%d"):format(second.file, second.line,
      blocks[1].file, blocks[1].line), "P1012", { file = second.file, line = second.line, advice = "Keep one of them." }
  end
  return blocks[1] or false
end

local function missing(place, shown)
  return nil, ("Could not load %s from provided path `%s`: file or directory not found"):format(
    place.from == "--schema" and "`--schema`" or "the schema named by " .. place.from, shown), "config",
    { file = place.path, advice = "Check the path, or remove it to let the schema be found." }
end

--- Finds and reads the schema's datasource.
-- @tparam table files a module with read, list, stat
-- @tparam table known as for `places`
-- @treturn[1] table { files, datasource_file, datasource, from, place }
-- @treturn[2] boolean false when there is no schema
-- @treturn[3] nil
-- @treturn[3] string message
-- @treturn[3] string|number code
-- @treturn[3] table detail
function schema_files.find(files, known)
  for _, place in ipairs(schema_files.places(known)) do
    local kind = kind_of(files, place.path)
    if kind == "file" or kind == "directory" then
      local names, message, code = files_of(files, place.path)
      if not names then
        return nil, message, code
      end
      if #names > 0 then
        local found, why, word, detail = read_datasource(files, names)
        if found == nil then
          return nil, why, word, detail
        end
        local file = found and found.file or names[1]
        local datasource
        if found then
          datasource, why, word, detail = datasource_of(found)
          if not datasource then
            return nil, why, word, detail
          end
        end
        return { files = names, datasource_file = file, datasource = datasource, from = place.from, place = place.path }
      elseif place.explicit then
        return missing(place, path.relative(place.path, known.root))
      end
    elseif place.explicit then
      return missing(place, path.relative(place.path, known.root))
    end
  end
  return false
end

return schema_files
