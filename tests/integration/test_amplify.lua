--- Tests the shop in Amplify's way: tilth installed by `npm ci`, the commands of its amplify.yml, a fresh checkout for each build.
local lu = require("luaunit")
local amplify = require("support.amplify")
local fs = require("tilth.core.fs")
local npm = require("support.npm")
local proc = require("tilth.core.proc")
local program = require("support.program")
local shop = require("support.shop")
local temp = require("support.temp")

local TestAmplify = {}

local LINE <const> = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ %[(%u+)%]: "
local REFUSED <const> = 3

function TestAmplify:setUp()
  npm.require()
end

function TestAmplify:tearDown()
  if self.shop then self.shop:close() end
  if self.packages then self.packages:close() end
end

local function open_shop(self)
  self.packages = npm.serve({ x64 = program.path() })
  self.shop = shop.new()
  self.packages:lock(self.shop.folder)
end

--- Builds a copy of the shop, as a build's host clones it.
local function build(self, job, variables)
  local checkout = temp.folder("checkout")
  local copied = assert(proc.run({ "cp", "-R", self.shop.path .. "/.", checkout.path }))
  lu.assertEquals(copied.code, 0)
  local all = self.packages:environment({ DATABASE_URL = self.shop.database.url, AWS_JOB_ID = ("%010d"):format(job) })
  for name, value in pairs(variables or {}) do all[name] = value end
  return amplify.build(checkout.path, all), checkout
end

local function assert_log(result, ...)
  for _, fragment in ipairs({ ... }) do lu.assertStrContains(result.log, fragment) end
  for line in result.log:gmatch("[^\n]+") do lu.assertStrMatches(line, LINE .. ".*") end
end

function TestAmplify:test_the_four_scenarios_of_the_guide()
  open_shop(self)
  local first, checkout = build(self, 1, { RUN_SEED = "true" })
  lu.assertTrue(first.ok, first.log)
  assert_log(first, "[INFO]: # Executing command: npm ci", "[INFO]: # Executing command: npx tilth flow",
    'amplify d1shop dev #0000000001 (3f2c1ab)', "[INFO]: All migrations have been successfully applied.",
    "[INFO]: Seeded categories: Category: 7 inserted", "5 migrations applied, 5 seeds run, built.")
  lu.assertNotStrContains(first.log, "[WARNING]")
  lu.assertEquals(first.artifacts, checkout:join("dist"))
  lu.assertEquals(self.shop:counts().products, 14)

  self.shop:migration("20250101000000_notes", 'ALTER TABLE "orders" ADD COLUMN "note" TEXT;\n')
  local change = build(self, 2)
  lu.assertTrue(change.ok, change.log)
  assert_log(change, "Applying migration `20250101000000_notes`", "1 migration applied")
  lu.assertEquals(self.shop:counts().orders, 5)

  local reset = build(self, 3, { RESET_DATABASE = "true", RUN_SEED = "true" })
  lu.assertTrue(reset.ok, reset.log)
  assert_log(reset, "Reset: public moved into the bin", "6 migrations applied, 5 seeds run")

  local again = build(self, 4, { RESET_DATABASE = "true", RUN_SEED = "true" })
  lu.assertEquals(again.status, REFUSED, again.log)
  assert_log(again, "[WARNING]: tilth: RESET_DATABASE is true since build 0000000003", "[ERROR]: !!! Build failed")
  lu.assertEquals(self.shop:counts().products, 14)

  local seeded = build(self, 5, { RUN_SEED = "true" })
  lu.assertTrue(seeded.ok, seeded.log)
  assert_log(seeded, "Seeded categories: Category: 7 unchanged")
end

function TestAmplify:test_a_failing_migration_ends_the_build_before_the_app_is_built()
  open_shop(self)
  self.shop:migration("20250101000000_bad", "CREATE TABLE x (id int);\nSELECT nosuch;\n")
  local result, checkout = build(self, 1)
  lu.assertEquals(result.status, 1, result.log)
  assert_log(result, "[WARNING]: tilth: P3018", "20250101000000_bad/migration.sql:2:8", "[ERROR]: !!! Non-Zero Exit Code detected")
  lu.assertNotStrContains(result.log, "## Completed frontend build")
  lu.assertNil(result.artifacts)
  lu.assertNil(fs.stat(checkout:join("dist")))
  lu.assertFalse(self.shop.database:has("x"))
end

function TestAmplify:test_no_password_is_in_the_log()
  open_shop(self)
  local result = build(self, 1, { DATABASE_URL = "postgresql://app:Pa55-of-the-app@127.0.0.1:1/shop", TILTH_WAIT = "0" })
  lu.assertEquals(result.status, 4, result.log)
  assert_log(result, "P1001")
  lu.assertNotStrContains(result.log, "Pa55")
end

local SPEC <const> = [[
version: 1
frontend:
  phases:
    preBuild:
      commands:
        - cd sub
        - export GREETING="hello  there"
    build:
      commands:
        - pwd; echo "$GREETING from $AWS_BRANCH"
        - test -t 0 || test -t 1 || echo no terminal
        - echo to stderr >&2
        - %s
        - echo after
  artifacts:
    baseDirectory: sub
]]

-- The simulator itself, since everything above stands on it.
function TestAmplify:test_folder_and_variables_last_and_the_first_failure_ends_the_build()
  local folder = temp.folder("spec")
  folder:write("sub/index.html", "")
  folder:write("amplify.yml", SPEC:format("printf 'no newline'"))
  local good = amplify.build(folder.path)
  lu.assertTrue(good.ok, good.log)
  assert_log(good, "[INFO]: " .. folder:join("sub") .. "\n", "[INFO]: hello  there from dev\n", "[INFO]: no terminal\n",
    "[WARNING]: to stderr\n", "[INFO]: no newline", "[INFO]: after\n")
  lu.assertEquals(good.artifacts, folder:join("sub"))
  for command, status in pairs({ ["false"] = 1, ["exit 5"] = 5, ["kill -TERM $$"] = 128 + 15 }) do
    folder:write("amplify.yml", SPEC:format(command))
    local bad = amplify.build(folder.path)
    lu.assertEquals({ bad.ok, bad.status, bad.artifacts }, { false, status })
    assert_log(bad, "# Executing command: " .. command, "!!! Build failed")
    lu.assertNotStrContains(bad.log, "]: after")
  end
  folder:write("amplify.yml", (SPEC:format("true"):gsub("baseDirectory: sub", "baseDirectory: dist")))
  lu.assertStrContains(amplify.build(folder.path).log, "Artifact directory doesn't exist: dist")
end

return TestAmplify
