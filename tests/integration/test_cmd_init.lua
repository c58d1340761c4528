--- tilth init and tilth check with the real program.
local lu = require("luaunit")

local program = require("support.program")
local project = require("support.project")
local shop = require("support.shop")

local TestCmdInit = {}

local AMPLIFY <const> = "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n"
  .. "        - npx prisma migrate deploy\n        - npm run build\n"

local function run(folder, args, env)
  return program.run({ args = args, cwd = folder.path, env = env })
end

function TestCmdInit:test_init_writes_what_is_missing_and_a_second_run_nothing()
  local made = project.new({ package = { name = "p" } })
  local result = run(made, { "init" })
  lu.assertEquals(result.status, 0, result.text)
  for _, name in ipairs({ "tilth.config.lua", "seeds/example.lua", "amplify.yml", ".env.example" }) do
    lu.assertStrContains(result.stdout, "wrote        " .. name)
    lu.assertNotNil(made:read(name))
  end
  lu.assertStrContains(result.stdout, "Add to .gitignore: .env, .tilth/")
  made:write("tilth.config.lua", "return {} -- ours\n")
  result = run(made, { "init" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertNotStrContains(result.stdout, "wrote")
  lu.assertEquals(made:read("tilth.config.lua"), "return {} -- ours\n")
end

function TestCmdInit:test_init_shows_the_difference_and_changes_only_with_yes()
  local made = project.new({ package = { name = "p" }, files = { ["amplify.yml"] = AMPLIFY } })
  local result = run(made, { "init" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "-        - npx prisma migrate deploy")
  lu.assertStrContains(result.stdout, "+        - tilth flow")
  lu.assertStrContains(result.stdout, "run `tilth init --yes`")
  lu.assertEquals(made:read("amplify.yml"), AMPLIFY)
  result = run(made, { "init", "--yes" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "changed      amplify.yml")
  lu.assertStrContains(made:read("amplify.yml"), "      commands:\n        - tilth flow\n")
end

function TestCmdInit:test_dry_run_and_json_write_nothing()
  local made = project.new({ package = { name = "p" }, files = { ["amplify.yml"] = AMPLIFY } })
  local document, result = program.json({ args = { "init", "--dry-run", "--yes" }, cwd = made.path })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertTrue(document.dry_run)
  lu.assertEquals({ document.files[1].action, document.files[1].done, document.files[3].action }, { "write", false, "change" })
  lu.assertNil(made:read("tilth.config.lua"))
  lu.assertEquals(made:read("amplify.yml"), AMPLIFY)
end

function TestCmdInit:test_init_says_what_it_could_not_write()
  local made = project.new({ package = { name = "p" }, files = { seeds = "a file" } })
  local result = run(made, { "init" })
  lu.assertNotEquals(result.status, 0)
  lu.assertStrContains(result.stderr, "seeds")
end

function TestCmdInit:test_what_init_wrote_runs_as_a_flow()
  local one = shop.new()
  run(one, { "init" })
  local result = one:run({ "flow", "--no-build" }, { RUN_SEED = "true" })
  one:close()
  lu.assertEquals(result.status, 0, result.text)
end

function TestCmdInit:test_check_without_a_database_checks_the_files()
  local made = project.new({ package = { name = "p" }, files = { ["amplify.yml"] = (AMPLIFY:gsub("deploy", "deploy || true")) } })
  local result = run(made, { "check" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "database-not-checked")
  lu.assertStrContains(result.stdout, "pipeline-failure-swallowed: amplify.yml:6:")
  lu.assertEquals(run(made, { "check", "--strict" }).status, 1)
end

function TestCmdInit:test_check_with_a_database_out_of_reach_warns_and_masks()
  local made = project.new({ package = { name = "p" } })
  local result = run(made, { "check" }, { DATABASE_URL = "postgresql://u:planted-pw@127.0.0.1:1/x" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "warn   database-not-checked")
  lu.assertNotStrContains(result.text, "planted-pw")
end

function TestCmdInit:test_check_formats()
  local made = project.new({ package = { name = "p" }, files = { ["amplify.yml"] = (AMPLIFY:gsub("deploy", "dev")) } })
  local result = run(made, { "check", "--format", "github" })
  lu.assertStrContains(result.stdout, "::warning file=amplify.yml,line=6,title=tilth%3A pipeline-migrate-dev::")
  local document = program.json({ args = { "check" }, cwd = made.path })
  lu.assertEquals({ document.database_checked, document.ok }, { false, true })
  local found
  for _, one in ipairs(document.findings) do
    found = one.id == "pipeline-migrate-dev" and one or found
  end
  lu.assertEquals({ found.file, found.line, found.severity }, { "amplify.yml", 6, "warn" })
  lu.assertEquals(found.excerpt, "- npx prisma migrate dev")
  lu.assertEquals(run(made, { "check", "--format", "json" }).stdout:sub(1, 1), "{")
end

function TestCmdInit:test_flow_warns_of_the_pipeline_and_goes_on()
  local one = shop.new()
  one.folder:write("amplify.yml", (AMPLIFY:gsub("deploy", "deploy || npx prisma migrate reset --force")))
  local result = one:run({ "flow", "--no-build" })
  one:close()
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.text, "when the migration fails, a reset deletes all data")
end

function TestCmdInit:test_check_blocks_when_the_configuration_says_so()
  local one = shop.new()
  one.folder:write("amplify.yml", (AMPLIFY:gsub("deploy", "dev")))
  one.folder:write("tilth.config.lua",
    "return { severities = { [\"pipeline-migrate-dev\"] = { severity = \"block\", reason = \"we mean it\" } } }\n")
  local result = one:run({ "check" })
  one:close()
  lu.assertEquals(result.status, 3, result.text)
end

return TestCmdInit
