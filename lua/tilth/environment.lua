--- Which environment this is (development, preview, staging, production), and who runs the program.
local environment = {}

local suggest = require("tilth.suggest")

local NAMES <const> = { "development", "preview", "staging", "production" }
local PRODUCTION_BRANCHES <const> = { main = true, master = true, production = true }

-- What continuous integration services set. VERCEL is left out as in Prisma: its local tool sets it too.
local CI_VARIABLES <const> = {
  "CONTINUOUS_INTEGRATION", "BUILD_NUMBER", "BUILD_ID", "RUN_ID", "CI_NAME", "CI_APP_ID", "CI_BUILD_ID", "CI_BUILD_NUMBER",
  "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "TRAVIS", "JENKINS_URL", "TEAMCITY_VERSION", "BUILDKITE", "DRONE", "TF_BUILD",
  "CODEBUILD_BUILD_ARN", "CODEBUILD_BUILD_ID", "AWS_APP_ID", "BITBUCKET_COMMIT", "SEMAPHORE", "APPVEYOR", "NETLIFY", "RENDER",
  "CF_BUILD_ID", "CF_PAGES", "GO_PIPELINE_LABEL", "TASK_ID", "CIRRUS_CI", "WOODPECKER_CI", "bamboo_planKey", "SCREWDRIVER",
}

-- Marks of coding agents: { variable, value or nil for any, name }.
local AGENTS <const> = {
  { "CLAUDECODE", nil, "Claude Code" }, { "CLAUDE_CODE", nil, "Claude Code" }, { "GEMINI_CLI", nil, "Gemini CLI" },
  { "CURSOR_AGENT", nil, "Cursor" }, { "REPLIT_CLI", nil, "Replit" }, { "REPLIT_AGENT", nil, "Replit" },
  { "OR_APP_NAME", "Aider", "Aider" }, { "AIDER", nil, "Aider" }, { "CODEX_SANDBOX", nil, "Codex CLI" },
  { "CODEX_CI", nil, "Codex CLI" }, { "CODEX_THREAD_ID", nil, "Codex CLI" }, { "AUGMENT_AGENT", nil, "Augment" },
  { "OPENCODE", nil, "OpenCode" }, { "OPENCODE_CLIENT", nil, "OpenCode" }, { "CLINE_ACTIVE", nil, "Cline" },
  { "ROO_ACTIVE", nil, "Roo Code" }, { "ANTIGRAVITY_AGENT", nil, "Antigravity" }, { "COPILOT_AGENT", nil, "GitHub Copilot" },
  { "COPILOT_CLI", nil, "GitHub Copilot" }, { "QWEN_CODE", nil, "Qwen Code" }, { "GOOSE_TERMINAL", nil, "Goose" },
  { "CRUSH", nil, "Crush" }, { "AMP_CURRENT_THREAD_ID", nil, "Amp" }, { "TRAE_AI_SHELL_ID", nil, "Trae" },
}

local function filled(env, name)
  return env[name] ~= nil and env[name] ~= ""
end

--- Tells whether this is a build of a continuous integration service.
-- @tparam table env name to value
-- @treturn boolean
function environment.is_ci(env)
  if env.CI == "false" then
    return false
  end
  if filled(env, "CI") then
    return true
  end
  for _, name in ipairs(CI_VARIABLES) do
    if filled(env, name) then
      return true
    end
  end
  return false
end

--- Tells whether a coding agent runs the program.
-- @tparam table env name to value
-- @treturn[1] string the agent's name
-- @treturn[2] nil when there is no mark of one
function environment.is_agent(env)
  for _, mark in ipairs(AGENTS) do
    local variable, value, name = mark[1], mark[2], mark[3]
    if filled(env, variable) and (not value or env[variable] == value) then
      return name
    end
  end
  for _, variable in ipairs({ "AI_AGENT", "AGENT" }) do
    if filled(env, variable) then
      local name = env[variable]:match("^[%w_.-]+$")
      return name and name ~= "1" and name ~= "true" and #name <= 40 and name or "a coding agent"
    end
  end
  return nil
end

--- Tells whether somebody can answer a question.
-- @tparam table env name to value
-- @tparam boolean is_terminal whether standard input is a terminal
-- @treturn boolean
function environment.interactive(env, is_terminal)
  return is_terminal and env.TERM ~= "dumb" and not environment.is_ci(env) and not environment.is_agent(env) or false
end

local function known(name)
  for _, candidate in ipairs(NAMES) do
    if candidate == name then
      return true
    end
  end
  return false
end

-- An unknown name is never taken as it stands: a slip in "production" must not unprotect a database.
local function checked(name, source)
  if known(name) then
    return { name = name, source = source }
  end
  return nil, ("%s names an unknown environment.%s"):format(source, suggest.hint(name, NAMES)), "config",
    { advice = "Use one of: " .. table.concat(NAMES, ", ") .. "." }
end

local function branch_pattern(glob)
  return "^" .. glob:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*") .. "$"
end

-- An exact name wins over a pattern, a longer pattern over a shorter one.
local function from_map(map, branch)
  if map[branch] then
    return map[branch], branch
  end
  local best
  for glob in pairs(map) do
    if glob:find("*", 1, true) and branch:find(branch_pattern(glob)) then
      if not best or #glob > #best or (#glob == #best and glob < best) then
        best = glob
      end
    end
  end
  return best and map[best], best
end

--- Finds the environment: `--env`, TILTH_ENV, the branch map of the configuration, a pull request (preview),
-- a production branch, any other branch in a CI build (staging), else development.
-- @tparam table from { flag = text|nil, env = name to value, config = configuration|nil, build = build identity|nil }
-- @treturn[1] table { name, source }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "config"
-- @treturn[2] table { advice }
function environment.find(from)
  local env, build, config = from.env or {}, from.build or {}, from.config or {}
  if from.flag and from.flag ~= "" then
    return checked(from.flag, "--env")
  end
  if filled(env, "TILTH_ENV") then
    return checked(env.TILTH_ENV, "TILTH_ENV")
  end
  local map = config.branches or config.environments
  if map and build.branch then
    local name, key = from_map(map, build.branch)
    if name then
      return checked(name, ("tilth.config.lua (branch \"%s\")"):format(key))
    end
  end
  if filled(env, "AWS_PULL_REQUEST_ID") then
    return { name = "preview", source = "AWS_PULL_REQUEST_ID" }
  end
  if build.pull_request then
    return { name = "preview", source = "pull request " .. build.pull_request }
  end
  if build.branch and PRODUCTION_BRANCHES[build.branch] then
    return { name = "production", source = ("branch \"%s\""):format(build.branch) }
  end
  if build.branch and build.ci then
    return { name = "staging", source = ("branch \"%s\""):format(build.branch) }
  end
  return { name = "development", source = "default" }
end

--- The known environments, mildest first.
-- @treturn table list of names
function environment.names()
  return { table.unpack(NAMES) }
end

return environment
