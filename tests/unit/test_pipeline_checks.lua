--- Pipeline checks that depend on more than a file: git, the environment, the database, the request.
local lu = require("luaunit")

local annotations = require("tilth.pipeline.annotations")
local check = require("tilth.check")
local fake_files = require("support.fake_files")
local pipeline = require("tilth.pipeline")

local TestPipelineChecks = {}

local function index_of(...)
  local names = { ... }
  local parts = { "DIRC", (">I4I4"):pack(2, #names) }
  for _, name in ipairs(names) do
    local entry = ("\0"):rep(60) .. (">I2"):pack(#name) .. name
    parts[#parts + 1] = entry .. ("\0"):rep(8 - #entry % 8)
  end
  return table.concat(parts)
end

local function run(tree, more, command)
  local observed = { project = { root = "/r/app" }, pipeline = pipeline.observe(fake_files.new(tree), { root = "/r/app" }) }
  for key, value in pairs(more or {}) do
    observed[key] = value
  end
  return check.run(observed, { actions = {}, skipped = {}, request = { command = command or "flow", pipeline = true, offline = true } })
end

local function ids(findings)
  local list = {}
  for index, one in ipairs(findings) do
    list[index] = ("%s %s %s:%s"):format(one.severity, one.id, one.file or "-", one.line or "-")
  end
  return list
end

local ENV <const> = "# ours\nRUN_SEED=true\nDATABASE_URL=postgresql://u:planted@db.corp.com/x\n"

function TestPipelineChecks:test_env_file_counts_when_git_tracks_it()
  local tree = { ["/r/app/.env"] = ENV, ["/r/.git/index"] = index_of("app/.env", "README.md") }
  lu.assertEquals(ids(run(tree)), { "warn pipeline-flag-committed .env:2", "warn pipeline-secret-committed .env:3" })
end

function TestPipelineChecks:test_env_file_does_not_count_when_git_ignores_it_or_is_not_there()
  lu.assertEquals(run({ ["/r/app/.env"] = ENV, ["/r/.git/index"] = index_of("README.md") }), {})
  lu.assertEquals(run({ ["/r/app/.env"] = ENV }), {})
  lu.assertEquals(run({ ["/r/app/.env"] = ENV, ["/r/.git/index"] = "broken" }), {})
end

function TestPipelineChecks:test_files_of_the_repository_above_count_too()
  local tree = { ["/r/.git/index"] = index_of("x"), ["/r/amplify.yml"] = "frontend:\n  phases:\n    build:\n      commands:\n"
    .. "        - npx prisma migrate dev\n", ["/r/app/package.json"] = "{}" }
  lu.assertEquals(ids(run(tree)), { "warn pipeline-migrate-dev amplify.yml:5" })
end

function TestPipelineChecks:test_bypass_in_the_environment_is_told()
  local found = run({ ["/r/app/package.json"] = "{}" }, { env = { PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK = "planted" } })
  lu.assertEquals(ids(found), { "warn pipeline-protection-bypassed -:-" })
  lu.assertNotStrContains(found[1].message, "planted")
  lu.assertEquals(run({ ["/r/app/package.json"] = "{}" }, { env = { PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK = "0" } }), {})
end

function TestPipelineChecks:test_pooled_target_with_a_direct_url_beside_it_is_told()
  local target = { pooled = true, pooled_why = "port 6543", direct_variable = "DIRECT_URL", source = "DATABASE_URL" }
  lu.assertEquals(ids(run({ ["/r/app/package.json"] = "{}" }, { target = target })), { "warn pipeline-pooled-url -:-" })
  local solved = { root = "/r/app", schema = { datasource = { direct_url = { env = "DIRECT_URL" } } } }
  lu.assertEquals(run({ ["/r/app/package.json"] = "{}" }, { target = target, project = solved }), {})
end

function TestPipelineChecks:test_unverified_rds_is_a_note_of_check_alone()
  local target = { rds = true, params = { sslmode = "require" }, source = "DATABASE_URL" }
  lu.assertEquals(ids(run({ ["/r/app/package.json"] = "{}" }, { target = target }, "check")), { "note pipeline-tls-off -:-" })
  lu.assertEquals(run({ ["/r/app/package.json"] = "{}" }, { target = target }, "flow"), {})
  target.params.sslmode = "verify-full"
  lu.assertEquals(run({ ["/r/app/package.json"] = "{}" }, { target = target }, "check"), {})
end

function TestPipelineChecks:test_rds_of_china_is_known_and_its_own_bundle_named()
  local host, source = "x.abc.rds.cn-north-1.amazonaws.com.cn", "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/"
  local found = run({ ["/r/app/amplify.yml"] = ("frontend:\n  phases:\n    build:\n      commands:\n"
    .. "        - psql \"postgresql://u@%s/d?sslmode=require\"\n"):format(host) })
  lu.assertEquals(ids(found), { "warn pipeline-tls-off amplify.yml:5" })
  lu.assertStrContains(found[1].advice, source)
  local target = { rds = true, host = host, params = { sslmode = "require" }, source = "DATABASE_URL" }
  lu.assertStrContains(run({ ["/r/app/package.json"] = "{}" }, { target = target }, "check")[1].advice, source)
end

local AMPLIFY <const> = "frontend:\n  phases:\n    build:\n      commands:\n        - tilth flow\n"

function TestPipelineChecks:test_preview_advice_has_the_step_as_it_is_written()
  for line, said in pairs({
    ["npx tilth flow"] = "then npx tilth flow; else npm run build; fi`", ["tilth flow --no-build"] = "then tilth flow --no-build; fi`",
    ["npx prisma migrate deploy"] = "then tilth flow; else npm run build; fi`",
    ["tilth flow --database-url postgresql://u:planted@h/d"] = "then tilth flow; else npm run build; fi`",
  }) do
    local found = run({ ["/r/app/amplify.yml"] = AMPLIFY:gsub("tilth flow", line) }, nil, "check")
    local advice
    for _, one in ipairs(found) do advice = one.id == "pipeline-preview" and one.advice or advice end
    lu.assertStrContains(advice, said)
  end
end

function TestPipelineChecks:test_preview_builds_are_warned_and_others_only_told_by_check()
  local tree = { ["/r/app/amplify.yml"] = AMPLIFY }
  lu.assertEquals(run(tree), {})
  lu.assertEquals(ids(run(tree, nil, "check")), { "note pipeline-preview amplify.yml:5" })
  lu.assertEquals(ids(run(tree, { build = { kind = "amplify", pull_request = "7" } })), { "warn pipeline-preview amplify.yml:5" })
  tree["/r/app/amplify.yml"] = AMPLIFY .. "        - echo \"$AWS_PULL_REQUEST_ID\"\n"
  lu.assertEquals(run(tree, { build = { kind = "amplify", pull_request = "7" } }, "check"), {})
end

function TestPipelineChecks:test_a_step_for_one_branch_is_none_of_a_preview()
  local step = "        - if [ \"$AWS_BRANCH\" %s \"main\" ]; then npx prisma migrate deploy; fi\n"
  local head = AMPLIFY:gsub("        %- tilth flow\n", "")
  lu.assertEquals(ids(run({ ["/r/app/amplify.yml"] = head .. step:format("=") }, nil, "check")), {})
  lu.assertEquals(ids(run({ ["/r/app/amplify.yml"] = head .. step:format("!=") }, nil, "check")), { "note pipeline-preview amplify.yml:5" })
end

-- Each: a command of a build, and whether it shows values in the log.
local SHOWN <const> = {
  { "printenv", true }, { "env", true }, { "cat .env.production", true }, { "cat apps/web/.env", true },
  { "cat .env.example", false }, { "env FOO=1 npm test", false }, { "cat .env.local >> .env.production", false }, { "set -e", false },
  { "cat .env.production | wc -l", false }, { "printenv PATH", false },
}

function TestPipelineChecks:test_what_shows_the_environment_in_the_log_is_named()
  for _, case in ipairs(SHOWN) do
    local found = run({ ["/r/app/amplify.yml"] = AMPLIFY:gsub("tilth flow", (case[1]:gsub("%%", "%%%%"))) })
    lu.assertEquals(ids(found), case[2] and { "warn pipeline-env-grep amplify.yml:5" } or {}, case[1])
    if case[2] then
      lu.assertStrContains(found[1].message, "passwords too")
    end
  end
end

function TestPipelineChecks:test_check_says_what_could_not_be_read()
  local tree = { ["/r/app/amplify.yml"] = "frontend:\n  phases: !odd x\n", ["/r/app/package.json"] = "{ nonsense" }
  local found = run(tree, nil, "check")
  lu.assertEquals(ids(found), { "note pipeline-not-understood amplify.yml:2", "note pipeline-not-understood package.json:1" })
  lu.assertEquals(run(tree), {})
end

function TestPipelineChecks:test_severity_changed_in_the_configuration_is_shown()
  local config = { severities = { ["pipeline-migrate-dev"] = { severity = "block", reason = "we mean it" } } }
  local found = run({ ["/r/app/amplify.yml"] = AMPLIFY:gsub("tilth flow", "npx prisma migrate dev") },
    { project = { root = "/r/app", config = config } })
  lu.assertEquals({ found[1].severity, found[1].exit }, { "block", 3 })
  lu.assertStrContains(found[1].message, "we mean it")
end

function TestPipelineChecks:test_annotations_escape_and_name_the_place()
  local text = annotations.text({
    { id = "x", severity = "warn", message = "50% a\nb", advice = "do: c", path = "/r/a,b:c.yml", line = 3 },
    { id = "y", severity = "block", message = "m" }, { id = "z", severity = "note", message = "n" },
  }, "/r")
  lu.assertEquals(text, "::warning file=a%2Cb%3Ac.yml,line=3,title=tilth%3A x::50%25 a%0Ab%0Ado: c\n::error title=tilth%3A y::m\n"
    .. "::notice title=tilth%3A z::n")
end

return TestPipelineChecks
