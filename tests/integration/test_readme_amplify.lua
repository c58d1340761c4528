--- Follows the README with an app that Amplify deploys with Prisma, command by command, from zero to a green flow.
local lu = require("luaunit")
local amplify = require("support.amplify")
local database = require("support.database")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local npm = require("support.npm")
local proc = require("tilth.core.proc")
local program = require("support.program")
local temp = require("support.temp")
local yaml = require("tilth.pipeline.yaml")

local TestReadmeAmplify = {}

-- The shell block of many such apps, in Amplify's file.
local BEFORE <const> = [[
version: 1
frontend:
  phases:
    preBuild:
      commands:
        - npm ci
    build:
      commands:
        - |
          if [ "$RESET_DATABASE" = "true" ]; then
            npx prisma migrate reset --force --skip-seed
          fi
        - npx prisma migrate deploy
        - |
          if [ "$RUN_SEED" = "true" ]; then
            npx prisma db seed
          fi
        - npm run build
  artifacts:
    baseDirectory: dist
    files:
      - "**/*"
  cache:
    paths:
      - node_modules/**/*
]]
local PACKAGE <const> = [[
{
  "name": "shop",
  "version": "1.0.0",
  "private": true,
  "type": "module",
  "scripts": { "build": "node scripts/build.js" },
  "prisma": { "seed": "node prisma/seed.js" }
}
]]

--- The fenced blocks of the section about Amplify, in order.
local function blocks(language)
  local text = assert(fs.read(env.get("TILTH_SOURCE") .. "/README.md"))
  local section = assert(text:match("\n## On AWS Amplify\n(.-)\n## "))
  local list = {}
  for block in section:gmatch("```" .. language .. "\n(.-)```") do list[#list + 1] = block end
  return list
end

--- Runs a script as a user would type it; the first failure ends it.
local function type_in(self, folder, script)
  local result = self.packages:run(folder, { "bash", "-ec", script }, self.variables)
  lu.assertEquals(result.status, 0, script .. "\n" .. result.text)
  return result
end

--- The app as it is before tilth: a repository with a remote that builds, as Amplify has it.
local function open_app(self)
  local folder = temp.folder("app")
  local source = env.get("TILTH_SOURCE") .. "/tests/fixtures/shop/"
  assert(fs.mkdir(folder:join("seeds")))
  for _, name in ipairs({ "prisma", "scripts", ".gitignore" }) do
    lu.assertEquals(assert(proc.run({ "cp", "-R", source .. name, folder:join(name) })).code, 0)
  end
  lu.assertEquals(assert(proc.run({ "chmod", "-R", "u+w", folder.path })).code, 0)
  -- What the build reads of the shop.
  folder:write("seeds/data/products.csv", assert(fs.read(source .. "seeds/data/products.csv")))
  folder:write("amplify.yml", BEFORE)
  folder:write("package.json", PACKAGE)
  folder:write("prisma/seed.js", 'console.log("the app\'s own seed");\n')
  self.remote = temp.folder("remote")
  type_in(self, folder.path, ([[
git init -q -b dev
git add --all
git commit -q -m "The app"
git init -q --bare -b dev %s
git remote add origin %s
git push -q -u origin dev]]):format(self.remote.path, self.remote.path))
  return folder
end

--- Builds what was pushed, in a new checkout.
local function deploy(self, job, variables)
  local checkout = temp.folder("checkout")
  type_in(self, checkout.path, "git clone -q " .. self.remote.path .. " .")
  local all = self.packages:environment({ DATABASE_URL = self.database.url, AWS_JOB_ID = ("%010d"):format(job) })
  for name, value in pairs(variables or {}) do all[name] = value end
  return amplify.build(checkout.path, all)
end

function TestReadmeAmplify:setUp()
  npm.require()
  self.packages = npm.serve({ x64 = program.path() })
  self.database = database.new()
  self.variables = {
    GIT_AUTHOR_NAME = "A", GIT_AUTHOR_EMAIL = "a@example.com", GIT_COMMITTER_NAME = "A", GIT_COMMITTER_EMAIL = "a@example.com",
    GIT_CONFIG_NOSYSTEM = "1",
  }
end

function TestReadmeAmplify:tearDown()
  if self.packages then self.packages:close() end
  if self.database then self.database:close() end
end

function TestReadmeAmplify:test_from_prisma_to_a_green_flow()
  local app = open_app(self)
  local script = blocks("sh")[1]
  lu.assertStrContains(script, "npm install tilth\n")
  type_in(self, app.path, script)

  local shown, made = yaml.parse(blocks("yaml")[1])[1], yaml.parse(app:read("amplify.yml"))[1]
  for _, phase in ipairs({ "preBuild", "build" }) do
    local function commands(document)
      local list = {}
      for i, scalar in ipairs(yaml.scalars(yaml.get(document, "frontend", "phases", phase, "commands"))) do list[i] = scalar.text end
      return list
    end
    lu.assertEquals(commands(made), commands(shown), phase)
  end

  local first = deploy(self, 1, { RUN_SEED = "true" })
  lu.assertTrue(first.ok, first.log)
  for _, fragment in ipairs({ "All migrations have been successfully applied.", "the app's own seed", "dist/index.html: 14 products" }) do
    lu.assertStrContains(first.log, fragment)
  end
  lu.assertNotStrContains(first.log, "[WARNING]")
  local second = deploy(self, 2)
  lu.assertTrue(second.ok, second.log)
  lu.assertStrContains(second.log, "No pending migrations to apply.")
  lu.assertNotStrContains(second.log, "the app's own seed")
  lu.assertEquals(self.database:value("select count(*) from _prisma_migrations where finished_at is not null"), 5)
end

function TestReadmeAmplify:test_the_install_section_gives_the_program()
  local text = assert(fs.read(env.get("TILTH_SOURCE") .. "/README.md"))
  local section = assert(text:match("\n## Install\n(.-)\n## "))
  local folder = temp.folder("app")
  folder:write("package.json", "{}")
  local result = type_in(self, folder.path, assert(section:match("```sh\n(npm install.-)```")))
  lu.assertStrMatches(result.stdout, ".*tilth %d+%.%d+%.%d+ .*")
end

return TestReadmeAmplify
