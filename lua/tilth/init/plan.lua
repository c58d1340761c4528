--- Which files `tilth init` writes, changes or leaves alone, and why. Reads; writes nothing.
local plan = {}

local amplify = require("tilth.init.amplify")
local difference = require("tilth.init.difference")
local discover = require("tilth.seed.discover")
local json = require("tilth.json")
local path = require("tilth.path")
local templates = require("tilth.init.templates")

local LOCK_FILES <const> = {
  { "pnpm-lock.yaml", "pnpm" }, { "yarn.lock", "yarn" }, { "package-lock.json", "npm" }, { "package.json", "plain" },
}

-- How a package's program is called, by the manager that installs it.
local CALLED <const> = { npm = "npx tilth", plain = "npx tilth", yarn = "yarn tilth", pnpm = "pnpm exec tilth" }

local function exists(files, file)
  return files.stat(file) ~= nil
end

local function new_file(files, root, name, text)
  local file = path.join(root, name)
  if exists(files, file) then
    return { path = file, name = name, action = "keep", why = "it is there already" }
  end
  return { path = file, name = name, action = "write", text = text }
end

local function config_file(files, project)
  if project.config_file then
    return { path = project.config_file, name = path.relative(project.config_file, project.root), action = "keep",
      why = "it is there already" }
  end
  return new_file(files, project.root, "tilth.config.lua", templates.config)
end

local function seed_file(files, project)
  local name = path.relative(path.join(project.seeds_dir, "example.lua"), project.root)
  local file = path.join(project.seeds_dir, "example.lua")
  local present, message, code, detail = discover.files(files, project.seeds_dir)
  if not present then
    return nil, message, code, detail
  elseif #present > 0 then
    return { path = file, name = name, action = "keep", why = "there are seeds already" }
  elseif project.package and project.package.seed then
    -- The first file in seeds/ would take the place of the command.
    return { path = file, name = name, action = "keep",
      why = "package.json names a seed command (prisma.seed), which runs as long as there are no seed files" }
  elseif exists(files, file) then
    return { path = file, name = name, action = "keep", why = "it is there already" }
  end
  return { path = file, name = name, action = "write", text = templates.seed }
end

local function manager_of(files, root)
  for _, entry in ipairs(LOCK_FILES) do
    if exists(files, path.join(root, entry[1])) then
      return entry[2]
    end
  end
  return nil
end

local function dependencies_of(files, project)
  local text = project.package and files.read(project.package.path)
  local tree = text and json.decode(text)
  local names = {}
  for _, key in ipairs({ "dependencies", "devDependencies" }) do
    for name in pairs(type(tree) == "table" and type(tree[key]) == "table" and tree[key] or {}) do
      names[name] = true
    end
  end
  return names
end

local function amplify_file(files, project, repository)
  local manager, names = manager_of(files, project.root), dependencies_of(files, project)
  local program = names.tilth and CALLED[manager] or "tilth"
  for _, folder in ipairs({ project.root, repository or project.root }) do
    for _, name in ipairs({ "amplify.yml", "amplify.yaml" }) do
      local file = path.join(folder, name)
      if exists(files, file) then
        local text, message, code = files.read(file)
        if not text then
          return nil, ("cannot read %s: %s"):format(file, message), code
        end
        local shown = path.relative(file, project.root)
        local after, why = amplify.rewrite(text, program)
        if not after then
          return { path = file, name = shown, action = "keep", why = why }
        end
        return { path = file, name = shown, action = "change", text = after, before = text,
          difference = difference.unified(text, after, shown), program = program }
      end
    end
  end
  if repository and repository ~= project.root then
    return { path = path.join(repository, "amplify.yml"), name = path.join(repository, "amplify.yml"), action = "keep",
      why = "in a repository of several projects it needs `applications:`; write it by hand, with `tilth flow` as the build command" }
  end
  return { path = path.join(project.root, "amplify.yml"), name = "amplify.yml", action = "write", program = program,
    text = templates.amplify({
      manager = manager, next = names.next or false, client = names.prisma or names["@prisma/client"] or false, program = program,
    }) }
end

--- Makes the plan.
-- @tparam table files a module with read, list and stat
-- @tparam table project as found by tilth.project
-- @tparam[opt] table options { amplify = false to leave amplify.yml alone, repository = the repository's folder }
-- @treturn[1] table list of { path, name, action = "write"|"change"|"keep", text, before, difference, why,
--   program (how amplify.yml calls tilth) }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table detail
function plan.make(files, project, options)
  options = options or {}
  local list = { config_file(files, project) }
  local seed, message, code, detail = seed_file(files, project)
  if not seed then
    return nil, message, code, detail
  end
  list[#list + 1] = seed
  if options.amplify ~= false then
    local entry
    entry, message, code = amplify_file(files, project, options.repository)
    if not entry then
      return nil, message, code
    end
    list[#list + 1] = entry
  end
  list[#list + 1] = new_file(files, project.root, ".env.example", templates.env_example)
  return list
end

return plan
