--- The project: where its schema, migrations, seeds, package.json, .env files and configuration are.
local project = {}

local config = require("tilth.config")
local package_json = require("tilth.package_json")
local path = require("tilth.path")
local schema_files = require("tilth.project.schema_files")

local CONFIG <const> = "tilth.config.lua"
local EXTENSIONS <const> = { "ts", "mts", "cts", "js", "mjs", "cjs" }

local function is(files, name, kind)
  local found = files.stat(name, "follow")
  return found ~= nil and found.type == kind
end

local function first_file(files, names)
  for _, name in ipairs(names) do
    if is(files, name, "file") then
      return name
    end
  end
  return nil
end

local function prisma_config_names(folder)
  local names = {}
  for _, base in ipairs({ "prisma.config.", ".config/prisma.", "prisma7.config." }) do
    for _, extension in ipairs(EXTENSIONS) do
      names[#names + 1] = path.join(folder, base .. extension)
    end
  end
  return names
end

-- What makes a folder a project. Its list of names is read once; nothing inside is opened but package.json.
local function marker(files, folder)
  local entries, message, code = files.list(folder)
  if not entries then
    return nil, message, code
  end
  local names = {}
  for _, entry in ipairs(entries) do
    names[entry.name] = entry.type
  end
  local strong = names[CONFIG] or names["schema.prisma"]
  for _, extension in ipairs(EXTENSIONS) do
    strong = strong or names["prisma.config." .. extension] or names["prisma7.config." .. extension]
  end
  if not strong and names[".config"] then
    strong = first_file(files, prisma_config_names(folder)) ~= nil
  end
  if not strong and names.prisma then
    strong = is(files, path.join(folder, "prisma/schema.prisma"), "file") or is(files, path.join(folder, "prisma/schema"), "directory")
  end
  if not strong and names["package.json"] then
    -- A package.json that can't be read is reported later, where it is really needed.
    local package = package_json.find(files, folder)
    strong = package and package.path == path.join(folder, "package.json") and package.has_prisma
  end
  return { strong = strong and true or false, weak = names["package.json"] ~= nil, repository = names[".git"] ~= nil }
end

-- Climbs as git does: the nearest folder with a mark; a repository's own folder is the last one looked at.
local function find_root(files, start)
  local folder, weak = start, nil
  while true do
    local found = marker(files, folder)
    if found and found.strong then
      return folder
    end
    if found and found.weak then
      weak = weak or folder
    end
    local above = path.dirname(folder)
    if above == folder or (found and found.repository) then
      return weak
    end
    folder = above
  end
end

local function absolute(files, start, name)
  local joined = path.join(start, name)
  return files.realpath(joined) or joined
end

local function root_of(files, start, options)
  if options.project then
    local folder = absolute(files, start, options.project)
    if not is(files, folder, "directory") then
      return nil, ("--project names %s, which is not a folder"):format(options.project), "config", { advice = "Check the path." }
    end
    return folder
  end
  local root = find_root(files, start)
  if not root and options.config then
    root = path.dirname(path.join(start, options.config))
  elseif not root and options.schema then
    local place = path.join(start, options.schema)
    local folder = is(files, place, "directory") and place or path.dirname(place)
    root = path.basename(folder) == "prisma" and path.dirname(folder) or folder
  end
  if root then
    return root
  elseif options.optional then
    return start
  end
  return nil, ("no project in %s or above: no tilth.config.lua, prisma/schema.prisma, schema.prisma, prisma.config.* or package.json")
    :format(start), "config", { advice = "Go to the project's folder, or name it with --project DIR or --schema PATH." }
end

local function load_config(files, root, start, given)
  -- Prisma's own --config names a prisma.config file: tilth's guards hold beside it all the same.
  given = given and given:find("%.lua$") and given or nil
  local file = given and path.join(start, given) or path.join(root, CONFIG)
  if not is(files, file, "file") then
    if given then
      return nil, ("Config file not found at \"%s\""):format(given), "config", { advice = "Check the path given with --config." }
    end
    return nil
  end
  local text, message, code = files.read(file)
  if not text then
    return nil, ("cannot read %s: %s"):format(file, message), code
  end
  local value, why, word, detail = config.load(text, file)
  if not value then
    return nil, why, word, detail
  end
  return { file = file, value = value }
end

local function load_prisma_config(files, root, start, given)
  local file
  if given and not given:find("%.lua$") then
    file = path.join(start, given)
    if not is(files, file, "file") then
      return nil, ("Config file not found at \"%s\""):format(given), "config", { advice = "Check the path given with --config." }
    end
  else
    file = first_file(files, prisma_config_names(root))
  end
  if not file then
    return nil
  end
  local text, message, code = files.read(file)
  if not text then
    return nil, ("cannot read %s: %s"):format(file, message), code
  end
  return require("tilth.prisma.config_js").parse(text, file)
end

local function unreadable(prisma_config, key)
  for _, entry in ipairs(prisma_config and prisma_config.unreadable or {}) do
    if entry.key == key or entry.key == "export default" or (entry.key == key:match("^[^.]+") and key:find(".", 1, true)) then
      return entry
    end
  end
  return nil
end

local function migrations_of(files, found)
  local config_value, prisma_config, schema = found.config, found.prisma_config, found.schema
  if config_value.migrations then
    return path.join(path.dirname(found.config_file), config_value.migrations), "tilth.config.lua"
  elseif prisma_config and prisma_config.migrations_path then
    return path.join(path.dirname(prisma_config.file), prisma_config.migrations_path), path.basename(prisma_config.file)
  end
  local entry = unreadable(prisma_config, "migrations.path")
  if entry and entry.key ~= "export default" then
    -- Guessing here could deploy the wrong folder's history.
    return nil, ("%s:%d: the migrations path cannot be read without running JavaScript"):format(prisma_config.file, entry.line),
      "config", { file = prisma_config.file, line = entry.line,
        advice = "Name the folder in tilth.config.lua: migrations = \"prisma/migrations\"." }
  elseif schema then
    return path.join(path.dirname(schema.datasource_file), "migrations"), "schema"
  elseif is(files, path.join(found.root, "migrations"), "directory")
    and not is(files, path.join(found.root, "prisma/migrations"), "directory") then
    return path.join(found.root, "migrations"), "default"
  end
  return path.join(found.root, "prisma/migrations"), "default"
end

local function seeds_of(files, found)
  if found.config.seeds then
    return path.join(path.dirname(found.config_file), found.config.seeds)
  end
  local plain = path.join(found.root, "seeds")
  local beside = found.schema and path.join(path.dirname(found.schema.datasource_file), "seeds")
  if beside and not is(files, plain, "directory") and is(files, beside, "directory") then
    return beside
  end
  return plain
end

-- Prisma's two places: beside package.json, then the first that exists of the schema's folder, prisma/ and the root.
-- Without a package.json Prisma reads the second only, so that the root's file comes after it.
local function dotenv_files(files, found)
  local list, seen = {}, {}
  local function add(name)
    if name and not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  if found.package then
    add(first_file(files, { path.join(found.package.dir, ".env") }))
  end
  local folder = found.schema and path.dirname(found.schema.datasource_file) or found.root
  add(first_file(files, { path.join(folder, ".env"), path.join(found.root, "prisma/.env"), path.join(found.root, ".env") }))
  add(first_file(files, { path.join(found.package and found.package.dir or found.root, ".env") }))
  return list
end

-- Prisma 8 keeps migrations/app/<name>/ops.json.
local function prisma8(files, found)
  for _, base in ipairs({ found.migrations_dir, path.join(found.root, "migrations") }) do
    local app = path.join(base, "app")
    if is(files, app, "directory") then
      for _, entry in ipairs(files.list(app) or {}) do
        local ops = path.join(app, entry.name, "ops.json")
        if is(files, ops, "file") then
          return ops
        end
      end
    end
  end
  return nil
end

-- Prisma looks for package.json from the current folder upward; in a workspace that may lie below the root.
local function find_package(files, root, start, options)
  local from = start
  if options.project or (path.relative(start, root) == path.normalize(start) and start ~= root) then
    from = root
  end
  return package_json.find(files, from)
end

local function fill(files, found, start, options)
  local loaded, message, code, detail = load_config(files, found.root, start, options.config)
  if message then
    return nil, message, code, detail
  end
  found.config_file, found.config = loaded and loaded.file, loaded and loaded.value or {}
  found.package, message, code, detail = find_package(files, found.root, start, options)
  if message then
    return nil, message, code, detail
  end
  found.prisma_config, message, code, detail = load_prisma_config(files, found.root, start, options.config)
  if message then
    return nil, message, code, detail
  end
  local entry = unreadable(found.prisma_config, "schema")
  if entry and entry.key == "schema" and not options.schema and not found.config.schema then
    return nil, ("%s:%d: the schema's path cannot be read without running JavaScript"):format(found.prisma_config.file, entry.line),
      "config", { file = found.prisma_config.file, line = entry.line,
        advice = "Name it with --schema, or in tilth.config.lua: schema = \"prisma/schema.prisma\"." }
  end
  local schema
  schema, message, code, detail = schema_files.find(files, {
    given = options.schema and path.join(start, options.schema), config = found.config, prisma_config = found.prisma_config,
    package = found.package, root = found.root,
  })
  if schema == nil then
    return nil, message, code, detail
  end
  found.schema = schema or nil
  return true
end

--- Finds the project from a folder upward.
-- @tparam table files a module with read, list, stat and realpath
-- @tparam string start the current folder, absolute
-- @tparam[opt] table options { project = folder, schema = Prisma's --schema, config = --config,
--   optional = true for a bare project where there is none }
-- @treturn[1] table project = { root, schema = { files, datasource_file, datasource, from } | nil, migrations_dir,
--   migrations_from, seeds_dir, package | nil, config_file | nil, config, dotenv_files, prisma_config | nil, prisma8 | nil }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|number code
-- @treturn[2] table detail
function project.find(files, start, options)
  options = options or {}
  local root, message, code, detail = root_of(files, start, options)
  if not root then
    return nil, message, code, detail
  end
  local found = { root = root }
  if options.project then
    start = root
  end
  local ok
  ok, message, code, detail = fill(files, found, start, options)
  if not ok then
    return nil, message, code, detail
  end
  found.migrations_dir, found.migrations_from, code, detail = migrations_of(files, found)
  if not found.migrations_dir then
    return nil, found.migrations_from, code, detail
  end
  found.seeds_dir = seeds_of(files, found)
  found.dotenv_files = dotenv_files(files, found)
  found.prisma8 = prisma8(files, found)
  return found
end

return project
