--- Who is building.
local lu = require("luaunit")

local identity = require("tilth.identity")

local TestIdentity = {}

function TestIdentity:test_build_reads_amplify()
  local build = identity.build({ AWS_APP_ID = "d1", AWS_BRANCH = "main", AWS_JOB_ID = "0000000041", AWS_COMMIT_ID = "abcdef1234",
    CI = "true" })
  lu.assertEquals(build, { kind = "amplify", ci = true, app = "d1", branch = "main", job = "0000000041", commit = "abcdef1234",
    text = "amplify d1 main #0000000041 (abcdef1)" })
end

function TestIdentity:test_build_takes_amplifys_head_for_no_commit()
  local build = identity.build({ AWS_APP_ID = "d1", AWS_COMMIT_ID = "HEAD", AWS_PULL_REQUEST_ID = "12" })
  lu.assertNil(build.commit)
  lu.assertEquals(build.pull_request, "12")
  lu.assertEquals(build.text, "amplify d1 pull request 12")
end

function TestIdentity:test_build_reads_github()
  local build = identity.build({ GITHUB_ACTIONS = "true", GITHUB_REPOSITORY = "o/r", GITHUB_REF_NAME = "9/merge",
    GITHUB_HEAD_REF = "topic", GITHUB_REF = "refs/pull/9/merge", GITHUB_RUN_ID = "77", GITHUB_RUN_ATTEMPT = "2",
    GITHUB_SHA = "0123456789" })
  lu.assertEquals({ build.kind, build.app, build.branch, build.job, build.commit, build.pull_request, build.ci },
    { "github", "o/r", "topic", "77.2", "0123456789", "9", true })
  local push = identity.build({ GITHUB_ACTIONS = "true", GITHUB_REF_NAME = "main", GITHUB_REF = "refs/heads/main", GITHUB_HEAD_REF = "",
    GITHUB_RUN_ID = "7", GITHUB_RUN_ATTEMPT = "1" })
  lu.assertEquals({ push.branch, push.job, push.pull_request }, { "main", "7", nil })
end

function TestIdentity:test_build_reads_gitlab()
  local build = identity.build({ GITLAB_CI = "true", CI_PROJECT_PATH = "g/p", CI_COMMIT_BRANCH = "main", CI_JOB_ID = "5",
    CI_COMMIT_SHA = "fedcba98" })
  lu.assertEquals(build.text, "gitlab g/p main #5 (fedcba9)")
end

function TestIdentity:test_build_reads_other_services()
  local build = identity.build({ CI = "1", CIRCLE_BRANCH = "main", CIRCLE_BUILD_NUM = "3", CIRCLE_SHA1 = "aaaaaaaaaa" })
  lu.assertEquals({ build.kind, build.branch, build.job, build.ci }, { "ci", "main", "3", true })
end

function TestIdentity:test_build_names_user_and_host_outside_of_ci()
  local build = identity.build({ AWS_BRANCH = "main" }, { user = "ann", hostname = "desk" })
  lu.assertEquals(build, { kind = "local", ci = false, app = "ann@desk", text = "local ann@desk" })
  lu.assertEquals(identity.build({}).app, "someone")
end

function TestIdentity:test_build_lets_no_control_character_through()
  local build = identity.build({ AWS_APP_ID = "d\27[31m\n1", AWS_BRANCH = ("b"):rep(500) })
  lu.assertNil(build.text:find("%c"))
  lu.assertEquals(#build.branch, 255)
end

return TestIdentity
