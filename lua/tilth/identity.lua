--- Who is building: the identity that the ledger and the server's list of sessions show.
local identity = {}

local environment = require("tilth.environment")

-- Variables are other people's text: no control characters, and short enough for application_name.
local function clean(value, limit)
  if value == nil or value == "" then
    return nil
  end
  local text = value:gsub("%c", " ")
  return #text > limit and text:sub(1, limit) or text
end

local function commit_of(value)
  -- Amplify says "HEAD" for a build that was started again: no commit at all.
  return value ~= "HEAD" and clean(value, 64) or nil
end

local function amplify(env)
  return {
    kind = "amplify", ci = true, app = clean(env.AWS_APP_ID, 64), branch = clean(env.AWS_BRANCH, 255),
    job = clean(env.AWS_JOB_ID, 64), commit = commit_of(env.AWS_COMMIT_ID), pull_request = clean(env.AWS_PULL_REQUEST_ID, 20),
  }
end

local function github(env)
  local pull_request = (env.GITHUB_REF or ""):match("^refs/pull/(%d+)/")
  local job = clean(env.GITHUB_RUN_ID, 64)
  if job and env.GITHUB_RUN_ATTEMPT and env.GITHUB_RUN_ATTEMPT ~= "1" then
    job = job .. "." .. clean(env.GITHUB_RUN_ATTEMPT, 8)
  end
  local branch = clean(env.GITHUB_HEAD_REF, 255) or clean(env.GITHUB_REF_NAME, 255)
  return {
    kind = "github", ci = true, app = clean(env.GITHUB_REPOSITORY, 140), branch = branch,
    job = job, commit = commit_of(env.GITHUB_SHA), pull_request = pull_request,
  }
end

local function gitlab(env)
  return {
    kind = "gitlab", ci = true, app = clean(env.CI_PROJECT_PATH, 140),
    branch = clean(env.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME, 255) or clean(env.CI_COMMIT_BRANCH, 255)
      or clean(env.CI_COMMIT_REF_NAME, 255),
    job = clean(env.CI_JOB_ID, 64) or clean(env.CI_PIPELINE_ID, 64), commit = commit_of(env.CI_COMMIT_SHA),
    pull_request = clean(env.CI_MERGE_REQUEST_IID, 20),
  }
end

-- Services without rules of their own: the variable names that several of them share.
local function other_ci(env)
  local function first(...)
    for _, name in ipairs({ ... }) do
      if env[name] and env[name] ~= "" then
        return env[name]
      end
    end
    return nil
  end
  return {
    kind = "ci", ci = true,
    app = clean(first("CIRCLE_PROJECT_REPONAME", "BITBUCKET_REPO_FULL_NAME", "BUILDKITE_PIPELINE_SLUG", "JOB_NAME",
      "TRAVIS_REPO_SLUG", "DRONE_REPO", "BUILD_REPOSITORY_NAME", "CODEBUILD_PROJECT", "CI_REPO"), 140),
    branch = clean(first("CIRCLE_BRANCH", "BITBUCKET_BRANCH", "BUILDKITE_BRANCH", "GIT_BRANCH", "TRAVIS_BRANCH", "DRONE_BRANCH",
      "BUILD_SOURCEBRANCHNAME", "CI_BRANCH", "CI_COMMIT_BRANCH", "BRANCH_NAME", "BRANCH"), 255),
    job = clean(first("CIRCLE_BUILD_NUM", "BITBUCKET_BUILD_NUMBER", "BUILDKITE_BUILD_NUMBER", "TRAVIS_BUILD_NUMBER",
      "DRONE_BUILD_NUMBER", "BUILD_NUMBER", "CODEBUILD_BUILD_ID", "BUILD_ID", "BUILD_BUILDID", "CI_BUILD_ID", "RUN_ID"), 64),
    commit = commit_of(first("CIRCLE_SHA1", "BITBUCKET_COMMIT", "BUILDKITE_COMMIT", "GIT_COMMIT", "TRAVIS_COMMIT",
      "DRONE_COMMIT_SHA", "BUILD_SOURCEVERSION", "CODEBUILD_RESOLVED_SOURCE_VERSION", "CI_COMMIT_SHA")),
    pull_request = clean(first("CIRCLE_PR_NUMBER", "BITBUCKET_PR_ID", "DRONE_PULL_REQUEST", "CHANGE_ID"), 20),
  }
end

local function describe(build)
  local parts = { build.kind }
  if build.app then
    parts[#parts + 1] = build.app
  end
  if build.branch then
    parts[#parts + 1] = build.branch
  end
  local text = table.concat(parts, " ")
  if build.pull_request then
    text = text .. " pull request " .. build.pull_request
  end
  if build.job then
    text = text .. " #" .. build.job
  end
  if build.commit then
    text = text .. " (" .. build.commit:sub(1, 7) .. ")"
  end
  return text
end

--- Builds the identity of this run.
-- @tparam table env name to value
-- @tparam[opt] table host { user, hostname } of this machine, for runs outside of CI
-- @treturn table { kind = "amplify"|"github"|"gitlab"|"ci"|"local", text, app, branch, job, commit, pull_request, ci }
function identity.build(env, host)
  local build
  local function set(name)
    return env[name] ~= nil and env[name] ~= ""
  end
  if set("AWS_APP_ID") or (set("AWS_BRANCH") and set("AWS_JOB_ID")) then
    build = amplify(env)
  elseif set("GITHUB_ACTIONS") then
    build = github(env)
  elseif set("GITLAB_CI") then
    build = gitlab(env)
  elseif environment.is_ci(env) then
    build = other_ci(env)
  else
    local user = clean(host and host.user or env.USER or env.LOGNAME, 64) or "someone"
    local name = clean(host and host.hostname or env.HOSTNAME, 64)
    build = { kind = "local", ci = false, app = name and (user .. "@" .. name) or user }
  end
  build.text = describe(build)
  return build
end

return identity
