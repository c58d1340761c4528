--- The npm packages with the released programs in them: their size, that each runs, and the shop deployed with them.
local lu = require("luaunit")

local amplify = require("support.amplify")
local elsewhere = require("support.elsewhere")
local fs = require("tilth.core.fs")
local npm = require("support.npm")
local program = require("support.program")
local shop = require("support.shop")

local TestNpm = {}

local MOST_BYTES <const> = 10000000
local FIRST_WITH_LIBC <const> = 11

--- The released programs, packed and served.
local function serve()
  return npm.serve({ tilth = elsewhere.released("tilth"), ["tilth-musl"] = elsewhere.released("tilth-musl") })
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

function TestNpm:test_npm_ci_adds_less_than_10_mb()
  local packages <close> = serve()
  local app = packages:install()
  local bytes, both = size_of(app:join("node_modules")), fs.stat(app:join("node_modules/@tilth/linux-x64-musl")) ~= nil
  local major = tonumber(packages:run(app.path, { "npm", "--version" }).stdout:match("^%d+"))
  -- An older npm writes no libc into its lock files, and brings the programs of both.
  lu.assertTrue(not both or major < FIRST_WITH_LIBC, "npm " .. major .. " brings both programs")
  lu.assertTrue(bytes < (both and 2 or 1) * MOST_BYTES, bytes)
end

function TestNpm:test_each_program_runs_from_its_package()
  local packages <close> = serve()
  local version = program.run({ args = { "--version" } }).stdout:match("^tilth %S+")
  for _, libc in ipairs({ "glibc", "musl" }) do
    local app = packages:install({ "--libc=" .. libc })
    local result = packages:run(app.path, { "npx", "tilth", "--version" })
    lu.assertEquals(result.status, 0, result.text)
    lu.assertStrContains(result.stdout, version)
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
