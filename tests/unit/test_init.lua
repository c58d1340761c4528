--- What tilth init writes, and what it changes in an amplify.yml.
local lu = require("luaunit")

local amplify = require("tilth.init.amplify")
local config = require("tilth.config")
local difference = require("tilth.init.difference")
local fake_files = require("support.fake_files")
local plan = require("tilth.init.plan")
local seed = require("tilth.seed")
local templates = require("tilth.init.templates")
local yaml = require("tilth.pipeline.yaml")

local TestInit = {}

local HEAD <const> = "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n"
local TAIL <const> = "  artifacts:\n    baseDirectory: .next\n"

-- Each case: the commands, what becomes of them.
local REWRITES <const> = {
  { "        - npx prisma migrate deploy\n        - npm run build\n", "        - tilth flow\n" },
  { "        - npm ci\n        - npx prisma migrate deploy || true\n        - yarn build\n",
    "        - npm ci\n        - tilth flow --no-build\n        - yarn build\n" },
  { "        # 1. Database Reset\n        - |\n          if [ \"$RESET_DATABASE\" = \"true\" ]; then\n"
    .. "            npx prisma migrate reset --force\n          fi\n\n        # 2. Migrations\n        - npx prisma migrate deploy\n"
    .. "        - '[ \"$RUN_SEED\" = \"true\" ] && npx prisma db seed'\n"
    .. "        - npm run build\n        - echo done > x\n", "        - tilth flow\n        - echo done > x\n" },
  { "        - |\n          npx prisma generate\n          # reset\n          if [ \"$RESET_DATABASE\" = \"true\" ]; then\n"
    .. "            npx prisma migrate reset --force\n          fi\n\n          npx prisma migrate deploy\n"
    .. "          npm run build\n          ls -l\n",
    "        - |\n          npx prisma generate\n          tilth flow\n          ls -l\n" },
  { "        - npx prisma migrate deploy\n        - npx prisma generate\n        - npm run build\n",
    "        - tilth flow --no-build\n        - npx prisma generate\n        - npm run build\n" },
  { "        - \"npx prisma migrate deploy || npx prisma migrate reset --force\"\n", "        - tilth flow --no-build\n" },
  { "        - |\n          if [ \"${RESET_DATABASE:-false}\" = true ]; then\n            echo \"resetting $AWS_BRANCH\"\n"
    .. "            npx prisma migrate reset --force\n          fi\n          npx prisma migrate deploy\n",
    "        - tilth flow --no-build\n" },
  { "        # about npm\n        - npx prisma migrate deploy\n", "        # about npm\n        - tilth flow --no-build\n" },
}

function TestInit:test_rewrite_puts_flow_in_the_place_of_the_block()
  for index, case in ipairs(REWRITES) do
    lu.assertEquals(amplify.rewrite(HEAD .. case[1] .. TAIL), HEAD .. case[2] .. TAIL, "case " .. index)
  end
end

function TestInit:test_rewrite_keeps_line_endings_and_the_rest()
  local text = (HEAD .. "        - npx prisma migrate deploy\n# end"):gsub("\n", "\r\n")
  lu.assertEquals(amplify.rewrite(text), (HEAD .. "        - tilth flow --no-build\n# end"):gsub("\n", "\r\n"))
end

function TestInit:test_rewrite_changes_the_app_of_a_monorepo()
  local text = "applications:\n  - appRoot: web\n    frontend:\n      phases:\n        preBuild:\n          commands:\n"
    .. "            - npx prisma migrate deploy\n"
  lu.assertStrContains(amplify.rewrite(text), "            - tilth flow --no-build\n")
end

-- Each case: the commands, why they are left alone.
local REFUSALS <const> = {
  { HEAD .. "        - tilth flow\n", "is there already" },
  { HEAD .. "        - npm run build\n", "no command that migrates" },
  { HEAD .. "        - npm ci && npx prisma migrate deploy\n", "line 6 migrates and does other things" },
  { (HEAD:gsub("commands:\n$", "commands: [npx prisma migrate deploy, npm run build]\n")), "share lines" },
  { HEAD .. "        - >\n          npx prisma migrate deploy;\n          npx next build\n", "share lines" },
  { "nonsense", "no command that migrates" },
  { HEAD .. "        - npx prisma migrate deploy --schema=db/schema.prisma\n", "line 6 does its database work with the option --schema" },
  { HEAD .. "        - npx prisma migrate deploy --config prisma.config.ts\n", "the option --config" },
  { HEAD .. "        - if [ \"$AWS_BRANCH\" = main ]; then npx prisma migrate deploy; fi\n", "depending on $AWS_BRANCH" },
  { HEAD .. "        - case ${AWS_BRANCH} in main) npx prisma migrate deploy;; esac\n", "depending on $AWS_BRANCH" },
  { HEAD .. "        - DATABASE_URL=$DIRECT_URL npx prisma migrate deploy\n", "an environment of its own" },
  { HEAD .. "        - npx dotenv -e .env.deploy -- prisma migrate deploy\n", "an environment of its own" },
  { HEAD .. "        - npx prisma migrate deploy\n        - '[ \"$RUN_SEED\" = true ] && [ $AWS_BRANCH = dev ] && npx prisma db seed'\n",
    "line 7 does its database work depending on $AWS_BRANCH" },
}

function TestInit:test_rewrite_leaves_alone_what_it_is_not_sure_of()
  for index, case in ipairs(REFUSALS) do
    local text, why = amplify.rewrite(case[1])
    lu.assertNil(text, "case " .. index)
    lu.assertStrContains(why, case[2])
  end
end

function TestInit:test_difference_is_unified()
  lu.assertEquals(difference.unified("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nX\nf\n", "n"),
    "--- n\n+++ n (as tilth init would write it)\n@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+X\n f")
  lu.assertEquals(difference.unified("a\n", "a\n", "n"), "")
  lu.assertStrContains(difference.unified("", "a\n", "n"), "+a")
end

function TestInit:test_templates_are_what_they_should_be()
  lu.assertEquals(config.load(templates.config, "tilth.config.lua"), {})
  local defined = assert(load(templates.seed, "=seed", "t", { require = function() return seed end }))()
  lu.assertEquals(type(defined.run), "function")
end

-- The configuration with every remark that is code turned into code; remarks that are sentences begin with a capital.
local function uncommented()
  local lines = {}
  for line in templates.config:gmatch("[^\n]+") do
    lines[#lines + 1] = line:find("^  %-%- %u") and "" or (line:gsub("^  %-%- ", "  "))
  end
  return table.concat(lines, "\n")
end

function TestInit:test_config_remarks_name_only_keys_that_exist()
  local value, message = config.load(uncommented(), "t")
  lu.assertNotNil(value, message)
  lu.assertEquals(#value.checks, 1)
  lu.assertEquals(value.reset.keep, 1)
end

function TestInit:test_amplify_template_fits_the_project()
  local node = yaml.parse(templates.amplify({ manager = "pnpm", next = true, client = true }))[1]
  local commands = yaml.scalars(yaml.get(node, "frontend", "phases", "preBuild", "commands"))
  lu.assertEquals({ commands[1].text, commands[2].text, commands[3].text },
    { "corepack enable", "pnpm install --frozen-lockfile", "npx prisma generate" })
  node = yaml.parse(templates.amplify({ program = "pnpm exec tilth" }))[1]
  lu.assertEquals(yaml.scalars(yaml.get(node, "frontend", "phases", "build", "commands"))[1].text, "pnpm exec tilth flow")
  node = yaml.parse(templates.amplify({ manager = "pnpm", next = true }))[1]
  lu.assertEquals(yaml.get(node, "frontend", "artifacts", "baseDirectory").text, ".next")
  node = yaml.parse(templates.amplify({}))[1]
  lu.assertNil(yaml.get(node, "frontend", "phases", "preBuild"))
  lu.assertEquals(yaml.scalars(yaml.get(node, "frontend", "phases", "build", "commands"))[1].text, "tilth flow")
end

local function actions(tree, project, options)
  local list = {}
  for _, entry in ipairs(assert(plan.make(fake_files.new(tree), project, options))) do
    list[entry.name] = entry.action
  end
  return list
end

local PROJECT <const> = { root = "/p", seeds_dir = "/p/seeds" }

function TestInit:test_plan_for_an_empty_folder_writes_all()
  lu.assertEquals(actions({ ["/p/"] = "" }, PROJECT),
    { ["tilth.config.lua"] = "write", ["seeds/example.lua"] = "write", ["amplify.yml"] = "write", [".env.example"] = "write" })
end

function TestInit:test_plan_keeps_all_that_is_there()
  lu.assertEquals(actions({ ["/p/tilth.config.lua"] = "x", ["/p/seeds/a.lua"] = "x", ["/p/amplify.yaml"] = HEAD .. "        - tilth flow\n",
    ["/p/.env.example"] = "x" }, PROJECT),
    { ["tilth.config.lua"] = "keep", ["seeds/example.lua"] = "keep", ["amplify.yaml"] = "keep", [".env.example"] = "keep" })
end

function TestInit:test_plan_calls_tilth_as_the_package_manager_does()
  local with = { ["/p/package.json"] = '{ "dependencies": { "tilth": "1" } }' }
  local found = { root = "/p", seeds_dir = "/p/seeds", package = { path = "/p/package.json" } }
  local calls = { ["package-lock.json"] = "npx tilth", ["yarn.lock"] = "yarn tilth", ["pnpm-lock.yaml"] = "pnpm exec tilth" }
  for lock, called in pairs(calls) do
    local tree = { ["/p/package.json"] = with["/p/package.json"], ["/p/" .. lock] = "" }
    lu.assertEquals(plan.make(fake_files.new(tree), found)[3].program, called)
    tree["/p/amplify.yml"] = HEAD .. "        - npx prisma migrate deploy\n"
    local entry = plan.make(fake_files.new(tree), found)[3]
    lu.assertStrContains(entry.text, "        - " .. called .. " flow --no-build\n")
    -- What was written is known to be tilth's.
    lu.assertEquals(select(2, amplify.rewrite(entry.text)), "`tilth flow` is there already")
  end
  with["/p/package.json"] = "{}"
  lu.assertEquals(plan.make(fake_files.new(with), found)[3].program, "tilth")
end

function TestInit:test_plan_writes_no_seed_beside_a_seed_command()
  local list = plan.make(fake_files.new({ ["/p/package.json"] = "{}" }),
    { root = "/p", seeds_dir = "/p/seeds", package = { seed = "tsx x", path = "/p/package.json" } })
  lu.assertEquals(list[2].action, "keep")
  lu.assertStrContains(list[2].why, "prisma.seed")
end

function TestInit:test_plan_leaves_amplify_alone_when_told_and_in_monorepos()
  lu.assertNil(actions({ ["/p/"] = "" }, PROJECT, { amplify = false })["amplify.yml"])
  lu.assertEquals(actions({ ["/p/"] = "" }, PROJECT, { repository = "/" })["/amplify.yml"], "keep")
end

return TestInit
