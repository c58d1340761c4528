--- Reads the project's seeds, and the ready-made ones that are asked for: files, checksums and what they declare.
-- Runs no seed.
local observe = {}

local hash = require("tilth.hash")
local discover = require("tilth.seed.discover")
local load_seed = require("tilth.seed.load")
local order = require("tilth.seed.order")

local function shown_path(project)
  local root = (project.root or "") .. "/"
  return function(path)
    return path:sub(1, #root) == root and path:sub(#root + 1) or path
  end
end

--- Loads the definition of an observed seed anew.
-- @param files   the file system
-- @param project the project
-- @param file    { name, path, kind }
-- @return { definition, sha256, shown } | nil, message, code, detail
function observe.load(files, project, file)
  local shown = shown_path(project)
  local text, message, code = files.read(file.path)
  if not text then
    return nil, ("the seed %s cannot be read: %s"):format(file.name, message), code
  end
  local environment = load_seed.environment(files, file.path:match("^(.*)/"), shown)
  local definition, why, word, detail = load_seed.definition(text, file, shown(file.path), environment)
  if not definition then
    return nil, why, word, detail
  end
  return { definition = definition, sha256 = hash.sha256(text), shown = shown(file.path) }
end

--- Prisma's seed command: prisma.config's, else package.json's.
local function command(project)
  local config, package = project.prisma_config, project.package
  if config and config.seed and config.seed ~= "" then
    return { text = config.seed, from = config.file or "prisma.config" }
  elseif package and package.seed and package.seed ~= "" then
    return { text = package.seed, from = package.path or "package.json" }
  end
end

--- Observes the seeds, in the order in which they run.
-- @param files       the file system: list, stat, read
-- @param project     the project: root, seeds_dir, package, prisma_config
-- @param environment { name, source }
-- @param names       the seeds wanted, nil for all; ready-made ones are found only by their names
-- @return list of { name, path, shown, kind, sha256, description, environments, after, once };
--   its fields `command` ({ text, from } | nil) and `environment` (a name)
-- @return nil, message, code, detail
function observe.observe(files, project, environment, names)
  local found, message, code, detail = discover.files(files, project.seeds_dir)
  if not found then
    return nil, message, code, detail
  end
  local function fill(file)
    local loaded, why, word, more = observe.load(files, project, file)
    if not loaded then
      return nil, why, word, more
    end
    local definition = loaded.definition
    file.sha256, file.shown = loaded.sha256, loaded.shown
    file.description, file.environments = definition.description, definition.environments
    file.after, file.once = definition.after, definition.once
    return true
  end
  for _, file in ipairs(found) do
    local ok
    ok, message, code, detail = fill(file)
    if not ok then
      return nil, message, code, detail
    end
  end
  if names and #names > 0 then
    found, message, code, detail = require("tilth.seed.ready").add(found, names, fill)
    if not found then
      return nil, message, code, detail
    end
  end
  local sorted
  sorted, message, code, detail = order.sort(found)
  if not sorted then
    return nil, message, code, detail
  end
  local chosen
  chosen, message, code, detail = order.select(sorted, names)
  if not chosen then
    return nil, message, code, detail
  end
  sorted.command = command(project)
  sorted.environment = environment and environment.name
  return sorted
end

return observe
