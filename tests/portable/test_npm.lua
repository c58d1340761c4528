--- The npm packages with the released program in them: their size, that it runs, and the shop deployed with them.
local lu = require("luaunit")

local amplify = require("support.amplify")
local elsewhere = require("support.elsewhere")
local fs = require("tilth.core.fs")
local npm = require("support.npm")
local program = require("support.program")
local shop = require("support.shop")

local TestNpm = {}

local MOST_BYTES <const> = 10000000

--- The released program, packed and served.
local function serve()
  return npm.serve({ x64 = elsewhere.released("tilth-musl") })
end

--- Bytes of all files below a folder.
local function size_of(folder)
  local sum = 0
  for _, entry in ipairs(assert(fs.list(folder))) do
    local path = folder .. "/" .. entry.name
    sum = sum + (entry.type == "directory" and size_of(path) or assert(fs.stat(path)).size)
  end
  return sum
end

--- Installs with an npm, holds the size, and runs what was installed.
local function assert_small(variables)
  local packages <close> = serve()
  local app = packages:install(nil, variables)
  local bytes = size_of(app:join("node_modules"))
  lu.assertTrue(bytes < MOST_BYTES, bytes)
  local version = program.run({ args = { "--version" } }).stdout:match("^tilth %S+")
  local result = packages:run(app.path, { "npx", "tilth", "--version" }, variables)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, version)
end

function TestNpm:test_npm_ci_adds_less_than_10_mb()
  assert_small()
end

-- Amplify's images have these; they forget in their lock files what newer ones write.
function TestNpm:test_older_npms_add_less_than_10_mb_as_well()
  npm.require()
  for _, major in ipairs({ 9, 10 }) do
    local variables = npm.other(major)
    lu.assertEquals(program.run({ program = "npm", args = { "--version" }, env = variables }).stdout:match("^%d+"), tostring(major))
    assert_small(variables)
  end
end

function TestNpm:test_the_shop_is_deployed_in_amplifys_way()
  local packages <close> = serve()
  local own = shop.new()
  packages:lock(own.folder)
  local built = amplify.build(own.path, packages:environment({ DATABASE_URL = own.database.url, RUN_SEED = "true" }))
  own:close()
  lu.assertTrue(built.ok, built.log)
  lu.assertStrContains(built.log, "5 migrations applied, 5 seeds run, built.")
end

return TestNpm
