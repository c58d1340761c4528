--- Tests the pages about CI, containers and Amplify: their files are read, checked and accepted, and their jobs run on the shop.
local lu = require("luaunit")
local cli = require("tilth.cli")
local database = require("support.database")
local examples = require("support.examples")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local npm = require("support.npm")
local pipeline = require("tilth.pipeline")
local proc = require("tilth.core.proc")
local program = require("support.program")
local project = require("support.project")
local shop = require("support.shop")
local temp = require("support.temp")
local yaml = require("tilth.pipeline.yaml")

local TestDocsCi = {}

local PAGES <const> = { "docs/ci.md", "docs/amplify.md", "README.md" }
local GLOBAL <const> = "/usr/local/lib/node_modules"

--- The blocks that are whole files of a pipeline.
local function files_of(page)
  local list = {}
  for _, block in ipairs((examples.blocks(page))) do
    local file = block.file or (block.language == "yaml" and block.text:find("^version: 1\n") and "amplify.yml")
    if file and (block.language == "yaml" or block.language == "dockerfile") then list[#list + 1] = { file = file, text = block.text } end
  end
  return list
end

--- The document of one file of docs/ci.md.
local function document(file)
  for _, entry in ipairs(files_of("docs/ci.md")) do
    if entry.file == file then return yaml.parse(entry.text)[1] end
  end
  error("docs/ci.md has no " .. file)
end

function TestDocsCi:test_every_file_is_read_whole_and_nothing_is_found_in_it()
  local seen = 0
  for _, page in ipairs(PAGES) do
    for _, entry in ipairs(files_of(page)) do
      local made = project.new({ files = { [entry.file] = entry.text } })
      local result = program.run({ args = { "check", "--strict", "--json" }, cwd = made.path })
      lu.assertEquals(result.status, 0, page .. ": " .. entry.file .. "\n" .. result.text)
      for _, finding in ipairs(json.decode(result.stdout).findings) do
        lu.assertNotEquals(finding.id, "pipeline-not-understood", finding.message)
      end
      if entry.file:find("%.ya?ml$") then
        local documents, notes = yaml.parse(entry.text)
        lu.assertEquals({ #documents, notes }, { 1, {} }, entry.file)
      end
      seen = seen + 1
    end
  end
  lu.assertEquals(seen, 11)
end

--- The commands of CircleCI's file, which tilth's checks do not read.
local function circle_steps(job)
  local list = {}
  for _, step in ipairs(yaml.get(document(".circleci/config.yml"), "jobs", job, "steps").items) do
    local run = yaml.get(step, "run")
    list[#list + 1] = run and run.text
  end
  return list
end

local function assert_accepted(words, where)
  lu.assertEquals(table.remove(words, 1), "tilth", where)
  local ok, message = cli.parse(words)
  lu.assertTrue(ok ~= nil, where .. ": " .. tostring(message))
end

function TestDocsCi:test_every_command_is_one_that_tilth_takes()
  local seen = 0
  for _, page in ipairs(PAGES) do
    for _, entry in ipairs(files_of(page)) do
      local made = project.new({ files = { [entry.file] = entry.text } })
      for _, command in ipairs(pipeline.observe(fs, { root = made.path }).commands) do
        local words = table.concat(command.words, " "):match("%f[%w]tilth .*")
        if words and not words:find("npm install", 1, true) and not command.words[1]:find("npm", 1, true) then
          local list = {}
          for word in words:gmatch("%S+") do list[#list + 1] = word end
          assert_accepted(list, page .. ": " .. words)
          seen = seen + 1
        end
      end
    end
  end
  for _, job in ipairs({ "try", "deploy" }) do
    for _, text in ipairs(circle_steps(job)) do
      local list = {}
      for word in (text:match("^npx (tilth .*)") or ""):gmatch("%S+") do list[#list + 1] = word end
      if #list > 0 then
        assert_accepted(list, text)
        seen = seen + 1
      end
    end
  end
  lu.assertTrue(seen >= 15, seen)
  lu.assertNil((cli.parse({ "flow", "--nonsense" })))
end

-- What a Dockerfile starts: the words of ENTRYPOINT with those of CMD, of compose or of `docker run`.
function TestDocsCi:test_what_the_images_start_is_a_command()
  local count = 0
  for _, block in ipairs((examples.blocks("docs/ci.md"))) do
    if block.language == "dockerfile" then
      local entry, command = block.text:match("\nENTRYPOINT (%b[])\nCMD (%b[])\n")
      lu.assertStrMatches(json.decode(entry)[1], ".*tilth")
      lu.assertNotNil((cli.parse({ table.unpack(json.decode(command)) })))
      count = count + 1
    end
  end
  lu.assertEquals(count, 3)
  local migrate = yaml.get(document("compose.yaml"), "services", "migrate", "command")
  local words = {}
  for i, scalar in ipairs(yaml.scalars(migrate)) do words[i] = scalar.text end
  lu.assertNotNil((cli.parse(words)))
  local said = 0
  for arguments in examples.text("docs/ci.md"):gmatch("`docker run [^`]-IMAGE ([^`]+)`") do
    local list = {}
    for word in arguments:gmatch("%S+") do list[#list + 1] = word end
    lu.assertNotNil((cli.parse(list)), arguments)
    said = said + 1
  end
  lu.assertEquals(said, 1)
end

--- The shop with its package-lock.json, a registry, and what a service's `checkout` leaves.
local function open_shop(self)
  npm.require()
  self.packages = npm.serve({ x64 = program.path() })
  self.shop = shop.new()
  self.packages:lock(self.shop.folder)
end

--- Runs the commands of a job, each in a shell of its own unless `together`, with the variables of its file; the
-- database alone is the test's.
local function run_job(self, commands, variables, together)
  local all = {}
  for name, value in pairs(variables) do all[name] = value end
  all.DATABASE_URL = self.shop.database.url
  for _, script in ipairs(together and { table.concat(commands, "\n") } or commands) do
    local result = self.packages:run(self.shop.path, { "bash", "-e", "-o", "pipefail", "-c", script }, all)
    lu.assertEquals(result.status, 0, script .. "\n" .. result.text)
    self.said = (self.said or "") .. result.text
  end
end

local function variables_of(node, more)
  local variables = more or {}
  for _, entry in ipairs(node and node.entries or {}) do variables[entry.key] = entry.value.text end
  return variables
end

local function assert_tried(self)
  lu.assertEquals(self.shop:counts().products, 14)
  lu.assertStrContains(self.said, "5 migrations applied, 5 seeds run, built.")
  lu.assertStrContains(self.said, "seed products: the second run changed nothing")
end

function TestDocsCi:tearDown()
  if self.shop then self.shop:close() end
  if self.packages then self.packages:close() end
end

function TestDocsCi:test_github_jobs_run()
  open_shop(self)
  local jobs = yaml.get(document(".github/workflows/database.yml"), "jobs")
  local function steps(job)
    local list = {}
    for _, step in ipairs(yaml.get(jobs, job, "steps").items) do
      local run = yaml.get(step, "run")
      list[#list + 1] = run and run.text
    end
    return list
  end
  local github = { GITHUB_ACTIONS = "true", CI = "true", GITHUB_REPOSITORY = "a/shop", GITHUB_RUN_ID = "1", GITHUB_SHA = "abc" }
  github.GITHUB_REF_NAME = "feature"
  run_job(self, steps("try"), variables_of(yaml.get(jobs, "try", "env"), github))
  assert_tried(self)
  self.shop:close()
  self.shop.database = database.new()
  github.GITHUB_REF_NAME, github.TILTH_ENV, github.RUN_SEED = "main", nil, nil
  run_job(self, steps("deploy"), github)
  lu.assertStrContains(self.said, "production")
  lu.assertEquals(self.shop:counts().products, 0)
end

function TestDocsCi:test_gitlab_jobs_run()
  open_shop(self)
  local file = document(".gitlab-ci.yml")
  local function script(job)
    local list = {}
    for _, scalar in ipairs(yaml.scalars(yaml.get(file, ".node", "before_script"))) do list[#list + 1] = scalar.text end
    for _, scalar in ipairs(yaml.scalars(yaml.get(file, job, "script"))) do list[#list + 1] = scalar.text end
    return list
  end
  local gitlab = { GITLAB_CI = "true", CI = "true", CI_PROJECT_PATH = "a/shop", CI_JOB_ID = "1", CI_COMMIT_SHA = "abc" }
  gitlab.CI_COMMIT_BRANCH = "feature"
  run_job(self, script("database"), variables_of(yaml.get(file, "database", "variables"), gitlab), true)
  assert_tried(self)
  self.shop:close()
  self.shop.database = database.new()
  gitlab.CI_COMMIT_BRANCH, gitlab.TILTH_ENV, gitlab.RUN_SEED = "main", nil, nil
  run_job(self, script("deploy"), gitlab, true)
  lu.assertEquals(self.shop:counts().products, 0)
end

function TestDocsCi:test_circleci_jobs_run()
  open_shop(self)
  local image = yaml.get(document(".circleci/config.yml"), "jobs", "try", "docker").items[1]
  local circle = variables_of(yaml.get(image, "environment"), { CIRCLECI = "true", CI = "true", CIRCLE_BRANCH = "feature" })
  run_job(self, circle_steps("try"), circle)
  assert_tried(self)
end

function TestDocsCi:test_the_program_of_the_smallest_image_is_where_it_is_copied_from()
  npm.require()
  local packages <close> = npm.serve({ x64 = npm.stand_in("static") })
  local prefix, text = temp.folder("prefix"), examples.text("docs/ci.md")
  local install, copied = text:match("\nRUN (npm install %-%-global tilth)\n.-COPY %-%-from=program (/%S+/bin/tilth) /tilth\n")
  lu.assertNotNil(install)
  local result = packages:run(prefix.path, { "bash", "-ec", install }, { npm_config_prefix = prefix.path })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(copied:sub(1, #GLOBAL), GLOBAL)
  local ran = assert(proc.run({ prefix:join("lib/node_modules") .. copied:sub(#GLOBAL + 1), "x" }, { stdout = "capture" }))
  lu.assertEquals(ran.stdout, "static: x\n")
end

return TestDocsCi
