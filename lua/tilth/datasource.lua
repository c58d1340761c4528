--- Which database: from --database-url, the schema, prisma.config or DATABASE_URL to a target.
local datasource = {}

local dotenv = require("tilth.dotenv")
local json = require("tilth.json")
local path = require("tilth.path")
local url = require("tilth.url")

local DIRECT_NAMES <const> = {
  "DIRECT_URL", "DIRECT_DATABASE_URL", "DATABASE_URL_UNPOOLED", "POSTGRES_URL_NON_POOLING", "POSTGRES_DIRECT_URL",
}

local PROVIDERS <const> = { postgresql = true, postgres = true }

-- Amplify gives the secrets of its parameter store as one JSON text.
local function read_secrets(env)
  local text = env.secrets
  if not text or not text:find("^%s*{") then
    return {}
  end
  local decoded = json.decode(text)
  if type(decoded) ~= "table" then
    return {}, "the variable `secrets` looks like Amplify's JSON but cannot be read"
  end
  return decoded
end

local function lookup(env, name, options)
  local sources, value = options.sources or {}, env[name]
  local secrets, problem = read_secrets(env)
  local secret = type(secrets[name]) == "string" and secrets[name] or nil
  -- What Amplify keeps as a secret is stronger than a file of the checkout, weaker than a variable set for the build.
  if value ~= nil and not (sources[name] and secret) then
    return value, { name = name, file = sources[name] }
  elseif secret then
    return secret, { name = name, secret = true }
  end
  return nil, { name = name, problem = problem }
end

local function source_text(place)
  if place.file then
    return ("%s (%s)"):format(place.name, place.file)
  elseif place.secret then
    return place.name .. " (Amplify's secrets)"
  end
  return place.name
end

-- The .env files of the project that hold a variable but are not the ones that Prisma reads.
local function holders(project, name, files)
  local found, read = {}, {}
  for _, file in ipairs(project.dotenv_files or {}) do
    read[file] = true
  end
  local folders = { project.root }
  if project.schema then
    folders[2] = path.dirname(project.schema.datasource_file)
  end
  for index, folder in ipairs(folders) do
    for _, entry in ipairs((index == 1 or folder ~= folders[1]) and files.list(folder) or {}) do
      local file = path.join(folder, entry.name)
      if entry.name:find("^%.env") and not entry.name:find("example") and not read[file] then
        local text = files.read(file)
        local values = text and dotenv.parse(text)
        if values and values[name] then
          found[#found + 1] = path.relative(file, project.root)
        end
      end
    end
  end
  return found
end

local function advice_for(project, name, options)
  local advice = ("Set %s for this build (in Amplify: App settings, Environment variables), or in .env for local work."):format(name)
  local found = options.files and holders(project, name, options.files) or {}
  if #found > 0 then
    advice = advice .. (" It stands in %s, which is not read; copy it to .env or export it."):format(table.concat(found, ", "))
  end
  return advice
end

local function where(project, reference)
  if not reference.file then
    return "", {}
  end
  return (" It is named in %s:%d."):format(path.relative(reference.file, project.root), reference.line),
    { file = reference.file, line = reference.line }
end

-- The texts begin with Prisma's own, so that whoever greps for them still finds them.
local function unset(project, env, reference, options, place)
  local named, detail = where(project, reference)
  detail.advice = advice_for(project, reference.env, options)
  local message = ("Environment variable not found: %s.%s"):format(reference.env, named)
  if place.problem then
    message = message .. " Also, " .. place.problem .. "."
  end
  local other = reference.env ~= "DATABASE_URL" and lookup(env, "DATABASE_URL", options)
  if other then
    return nil, message .. " DATABASE_URL is set, but this project does not use it there.", "P1012", detail
  end
  -- With the plain URL set, a missing direct one is a slip; with neither, no database is named at all.
  local plain = reference.plain
  if plain and (plain.value or lookup(env, plain.env, options)) then
    return nil, message, "P1012", detail
  end
  return nil, message, "none", detail
end

local function empty(project, reference, place)
  local named, detail = where(project, reference)
  detail.advice = ("Give %s a value: postgresql://USER:PASSWORD@HOST:PORT/DATABASE."):format(reference.env)
  return nil, ("You must provide a nonempty %sURL. The environment variable `%s` resolved to an empty string.%s%s"):format(
    reference.direct and "direct " or "", reference.env, place.file and (" It comes from %s."):format(place.file) or "", named),
    "P1012", detail
end

local function base_of(project)
  return project.schema and path.dirname(project.schema.datasource_file) or project.root
end

-- A pooled URL and, beside it, a direct one that nothing names: said, never switched to by itself.
local function add_direct_hint(target, env, options)
  if not target.pooled then
    return
  end
  for _, name in ipairs(DIRECT_NAMES) do
    local value = lookup(env, name, options)
    if value and value ~= "" and name ~= target.variable then
      target.direct_variable = name
      target.notes[#target.notes + 1] = ("the URL goes through a pooler (%s), and %s is set but not used: name it as directUrl in the"
        .. " schema's datasource, or give it with --database-url"):format(target.pooled_why, name)
      return
    end
  end
end

-- What libpq would take from its variables and service files; the module is loaded when there are any.
local function libpq_defaults(env, files)
  return function(service)
    local used = service ~= nil
    for name in pairs(env) do
      used = used or name:find("^PG") ~= nil
    end
    if used then
      return require("tilth.url.service").defaults(env, files, service)
    end
    return {}
  end
end

local function settle_roots(target, project, env, files)
  if target.rds or target.options.system_roots or target.params.sslrootcert == "system" then
    require("tilth.url.roots").settle(target, env, files, { project.root, base_of(project) })
  end
end

local function target_of(project, env, text, place, reference, options)
  local target, message, code, detail = url.target(text, {
    source = source_text(place), from_file = place.file ~= nil, base = base_of(project),
    defaults = options.files and libpq_defaults(env, options.files),
  })
  if not target then
    if reference.file then
      local named
      named, detail.file, detail.line = where(project, reference), reference.file, reference.line
      message = message .. named
    end
    return nil, message, code, detail
  end
  target.variable = reference.env
  if options.files then
    settle_roots(target, project, env, options.files)
  end
  add_direct_hint(target, env, options)
  return target
end

local function read_reference(project, env, reference, options)
  if reference.value then
    local name = reference.file and ("the URL in %s:%d"):format(path.relative(reference.file, project.root), reference.line)
    return target_of(project, env, reference.value, { name = name }, reference, options)
  end
  local value, place = lookup(env, reference.env, options)
  if not value then
    return unset(project, env, reference, options, place)
  elseif not value:find("%S") then
    return empty(project, reference, place)
  end
  return target_of(project, env, value, place, reference, options)
end

local function copy(reference, direct, plain)
  return { env = reference.env, value = reference.value, file = reference.file, line = reference.line, direct = direct, plain = plain }
end

-- prisma.config overrides the schema, as in Prisma; migrations go by the direct URL where there is one.
local function choose(project, purpose)
  local from_schema = project.schema and project.schema.datasource or {}
  local from_config = project.prisma_config or {}
  local holder = (from_config.url or from_config.direct_url) and from_config or from_schema
  if purpose == "migrate" and holder.direct_url then
    return copy(holder.direct_url, true, holder.url)
  end
  return holder.url and copy(holder.url, false) or nil
end

local function unreadable_url(project)
  for _, entry in ipairs(project.prisma_config and project.prisma_config.unreadable or {}) do
    if entry.key == "datasource.url" or entry.key == "datasource" then
      return entry
    end
  end
  return nil
end

--- Resolves the database of a project.
-- @tparam table project as found by tilth.project
-- @tparam table env the environment, with the .env files' values added
-- @tparam table settings with `get`
-- @tparam[opt] table options { purpose = "migrate" | "query", sources = name to path for values from .env files,
--   files = a module with read, list and stat, to name .env files that are not read and to find root certificates }
-- @treturn[1] table target, see tilth.url; `variable` names the variable that held the URL
-- @treturn[2] nil
-- @treturn[2] string message, never holding a value
-- @treturn[2] string "P1012", "P1013", or "none" when no URL is set anywhere
-- @treturn[2] table detail { file, line, advice }
function datasource.resolve(project, env, settings, options)
  options = options or {}
  local given = settings and settings:get("database_url")
  if given then
    return target_of(project, env, given, { name = "--database-url" }, {}, options)
  end
  local declared = project.schema and project.schema.datasource
  if declared and not PROVIDERS[declared.provider] then
    return nil, ("%s:%d: the datasource's provider is \"%s\"; tilth works with PostgreSQL only"):format(
      path.relative(declared.file, project.root), declared.line, declared.provider), "P1012",
      { file = declared.file, line = declared.line, advice = "Use provider = \"postgresql\"." }
  end
  local reference = choose(project, options.purpose or "migrate")
  if reference then
    return read_reference(project, env, reference, options)
  end
  reference = { env = "DATABASE_URL" }
  local entry = unreadable_url(project)
  local target, message, code, detail = read_reference(project, env, reference, options)
  if entry and code == "none" then
    local file = project.prisma_config.file
    return nil, ("%s:%d: the database URL cannot be read without running JavaScript, and DATABASE_URL is not set"):format(
      path.relative(file, project.root), entry.line), "P1012",
      { file = file, line = entry.line, advice = "Set DATABASE_URL, or give the URL with --database-url." }
  end
  return target, message, code, detail
end

return datasource
