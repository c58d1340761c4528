--- What a simple command is: the program behind npx and its like, and what it does to a database. Pure.
local tool = {}

local path = require("tilth.path")

-- Programs that run another one; the number says how many words of their own they take, besides options.
local WRAPPERS <const> = {
  npx = 0, bunx = 0, sudo = 0, time = 0, exec = 0, command = 0, nohup = 0, env = 0, ["cross-env"] = 0, ["cross-env-shell"] = 0,
  dotenv = 0, dotenvx = 0, ["dotenv-cli"] = 0, timeout = 1, nice = 0, ["env-cmd"] = 0,
}
local OPTIONS_WITH_VALUE <const> = {
  npx = { ["-p"] = true, ["--package"] = true, ["-c"] = false },
  dotenv = { ["-e"] = true, ["-c"] = true }, ["dotenv-cli"] = { ["-e"] = true, ["-c"] = true },
  ["env-cmd"] = { ["-f"] = true, ["-e"] = true }, timeout = { ["-k"] = true, ["-s"] = true }, sudo = { ["-u"] = true, ["-g"] = true },
  nice = { ["-n"] = true }, dotenvx = { ["-f"] = true }, env = { ["-u"] = true },
}
local RUNNERS <const> = { npm = true, pnpm = true, yarn = true, bun = true }
local RUNNER_VERBS <const> = { exec = true, dlx = true, x = true }
local RUNNER_OWN <const> = {
  install = true, ci = true, i = true, add = true, remove = true, config = true, cache = true, set = true, audit = true, publish = true,
  version = true, pack = true, link = true, prune = true, outdated = true, whoami = true, login = true, store = true, fetch = true,
}
-- Programs that run what stands after their `--`, when this word comes second.
local DASHED <const> = {
  doppler = "run", infisical = "run", op = "run", dotenvx = "run", railway = "run", chamber = "exec", kubectl = "exec", oc = "exec",
}

local function slice(words, from)
  return table.move(words, from, #words, 1, {})
end

local function skip_options(words, at, takes_value)
  while words[at] and words[at]:find("^%-") do
    if words[at] == "--" then
      return at + 1
    end
    at = at + (takes_value and takes_value[words[at]] and 2 or 1)
  end
  return at
end

local function skip_assignments(words, at)
  while words[at] and words[at]:find("^[%a_][%w_]*=") do
    at = at + 1
  end
  return at
end

-- npm run x, yarn x, pnpm exec prisma ...: a script's name, or the words of a program.
local function through_runner(words, name)
  local at = 2
  while words[at] and words[at]:find("^%-") do
    local takes = words[at]:find("^%-C$") or words[at]:find("^%-%-prefix$") or words[at]:find("^%-%-filter$") or words[at] == "-F"
      or words[at] == "-w" or words[at] == "--workspace" or words[at] == "--cwd"
    at = at + (takes and 2 or 1)
  end
  if name == "yarn" and (words[at] == "workspace") then
    at = at + 2
  end
  local verb = words[at]
  if not verb then
    return { program = name, args = {} }
  elseif RUNNER_VERBS[verb] then
    return nil, slice(words, skip_options(words, at + 1))
  elseif verb == "run" or verb == "run-script" then
    local script = words[skip_options(words, at + 1)]
    return { program = name, script = script, args = slice(words, at + 1) }
  elseif verb == "test" or verb == "start" or (name ~= "npm" and not RUNNER_OWN[verb]) then
    return { program = name, script = verb, args = slice(words, at + 1), maybe = slice(words, at) }
  end
  return { program = name, args = slice(words, at) }
end

local function strip(words)
  for _ = 1, 8 do
    local first = words[1]
    if not first then
      return words
    end
    local name = path.basename(first)
    if name == "docker-compose" or name == "docker" or name == "podman" then
      -- The service's own program comes after the service's name.
      for index = 2, #words do
        if words[index] == "run" or words[index] == "exec" then
          local at = skip_options(words, index + 1, { ["-e"] = true, ["-w"] = true, ["-u"] = true, ["--env"] = true, ["-v"] = true })
          words = slice(words, at + 1)
          break
        elseif index == #words then
          return words
        end
      end
    elseif DASHED[name] and words[2] == DASHED[name] then
      local at
      for index = 3, #words do
        at = at or (words[index] == "--" and index + 1)
      end
      if not at then
        return words
      end
      words = slice(words, at)
    elseif WRAPPERS[name] and #words > 1 then
      local at = skip_options(words, 2, OPTIONS_WITH_VALUE[name])
      at = skip_assignments(words, at + WRAPPERS[name])
      if not words[at] then
        return words
      end
      words = slice(words, at)
      words[1] = name == "npx" and words[1]:gsub("^(@?[^@]+)@.*$", "%1") or words[1]
    elseif name == "node" and (words[2] or ""):find("prisma/build/index") then
      words = slice(words, 2)
      words[1] = "prisma"
    else
      return words
    end
  end
  return words
end

local function option(args, ...)
  for _, arg in ipairs(args) do
    for _, name in ipairs({ ... }) do
      if arg == name or arg:sub(1, #name + 1) == name .. "=" then
        return true
      end
    end
  end
  return false
end

local function plain_words(args)
  local list = {}
  for _, arg in ipairs(args) do
    if not arg:find("^%-") then
      list[#list + 1] = arg
    end
  end
  return list
end

local PRISMA <const> = {
  ["migrate deploy"] = "migrate", ["migrate dev"] = "migrate-dev", ["migrate reset"] = "reset", ["db push"] = "push", ["db seed"] = "seed",
  ["db execute"] = "execute",
}
local TILTH <const> = {
  ["migrate deploy"] = "migrate", ["migrate reset"] = "reset", ["db seed"] = "seed", flow = "flow", seed = "seed", reset = "reset",
  backup = "dump",
}
local TILTH_READS <const> = {
  ["reset list"] = true, ["reset undo"] = true, ["reset purge"] = true, ["seed status"] = true, ["seed check"] = true, ["seed new"] = true,
}

local function database_kind(found)
  local args = plain_words(found.args)
  local one, two = args[1] or "", (args[1] or "") .. " " .. (args[2] or "")
  if found.program == "prisma" then
    return PRISMA[two]
  elseif found.program == "tilth" then
    return not TILTH_READS[two] and (TILTH[two] or TILTH[one]) or nil
  elseif found.program == "dropdb" then
    return "drop"
  elseif found.program == "psql" or PRISMA[two] == "execute" then
    local text = table.concat(found.args, " "):lower()
    return (text:find("drop%s+schema") or text:find("drop%s+database") or text:find("truncate%s")) and "drop" or nil
  elseif found.program == "pg_dump" or found.program == "pg_dumpall" then
    return "dump"
  end
  return nil
end

-- Names of scripts that cannot be looked into.
local function guessed_kind(name)
  local lower = name:lower()
  if lower:find("reset") and (lower:find("db") or lower:find("database") or lower:find("prisma") or lower:find("migrat")) then
    return "reset"
  elseif lower:find("seed") then
    return "seed"
  elseif lower:find("migrat") then
    return lower:find("dev") and "migrate-dev" or "migrate"
  end
  return nil
end

--- Tells what a command is.
-- @tparam table words of a simple command
-- @treturn table { program, args, script = name of a package script | nil, file = a shell script it runs | nil,
--   kind = "migrate"|"migrate-dev"|"reset"|"push"|"seed"|"flow"|"drop"|"dump"|nil, accepts_loss, forces_reset }
function tool.identify(words)
  words = strip(words)
  local name = words[1] and path.basename(words[1]) or ""
  local found
  if RUNNERS[name] then
    local rest
    found, rest = through_runner(words, name)
    if rest then
      return tool.identify(rest)
    end
  else
    found = { program = name, args = slice(words, 2) }
  end
  local shells = { sh = true, bash = true, zsh = true, dash = true, ash = true, source = true, ["."] = true }
  if shells[name] then
    local at = 2
    while words[at] and words[at]:find("^[-+]") do
      if words[at]:find("^%-%a*c$") then
        found.inline = words[at + 1]
        break
      end
      at = at + 1
    end
    found.file = not found.inline and words[at] or nil
    found.errexit = table.concat(words, " ", 2):find("^%-%a*e") ~= nil
  elseif (words[1] or ""):find("%.sh$") or (words[1] or ""):find("^%./[%w_/.-]+$") then
    found.file = words[1]
  end
  found.kind = database_kind(found)
  found.accepts_loss, found.forces_reset = option(found.args, "--accept-data-loss"), option(found.args, "--force-reset")
  return found
end

--- What a package script that is not known does, by its name.
-- @tparam string name
-- @treturn string|nil a kind, see `identify`
function tool.guess(name)
  return guessed_kind(name)
end

return tool
