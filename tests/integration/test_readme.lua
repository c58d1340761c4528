--- Tests that the README tells the truth: its commands exist, its seed runs, its C program builds and runs.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local cluster = require("support.cluster")
local database = require("support.database")
local examples = require("support.examples")
local program = require("support.program")
local project = require("support.project")
local shop = require("support.shop")
local temp = require("support.temp")

local TestReadme = {}

local function readme()
  return assert(fs.read(env.get("TILTH_SOURCE") .. "/README.md"))
end

--- The first fenced block of a language that holds a text.
local function block(language, holding)
  for text in readme():gmatch("```" .. language .. "\n(.-)```") do
    if text:find(holding, 1, true) then
      return text
    end
  end
  error("the README has no " .. language .. " block with " .. holding)
end

function TestReadme:test_every_command_of_the_list_explains_itself()
  local seen = 0
  for line in block("sh", "tilth migrate deploy"):gmatch("[^\n]+") do
    local words = {}
    for word in line:gsub("#.*", ""):gmatch("%S+") do
      if not word:find("^%l[%l-]*$") then
        break
      end
      words[#words + 1] = word
    end
    table.remove(words, 1)
    if words[1] and words[1] ~= "help" then
      words[#words + 1] = "--help"
      -- Once with the modules of the tree, once with those that are compiled in.
      for _, variables in ipairs({ {}, { TILTH_LUADIR = false } }) do
        local result = program.run({ args = words, env = variables })
        lu.assertEquals(result.status, 0, line .. "\n" .. result.text)
        lu.assertStrContains(result.stdout, "Usage: tilth " .. words[1])
      end
      seen = seen + 1
    end
  end
  lu.assertTrue(seen > 20, seen)
end

function TestReadme:test_the_list_has_every_command()
  local list = block("sh", "tilth migrate deploy")
  for _, name in ipairs(require("tilth.cli").commands()) do
    lu.assertStrContains(list, "tilth " .. name)
  end
end

function TestReadme:test_every_setting_is_in_the_table_of_options()
  local text = readme()
  for _, setting in ipairs(require("tilth.settings").all()) do
    if setting.flag and setting.flag ~= "--env" then
      lu.assertStrContains(text, "| `" .. setting.flag .. "` |")
    end
  end
end

function TestReadme:test_the_seed_runs_and_is_idempotent()
  local own <close> = database.new()
  local made = project.new({
    schema = [[
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model Category {
  id   Int    @id @default(autoincrement())
  slug String @unique
  name String
}
]],
    migrations = { { "20240101000000_init",
      'CREATE TABLE "Category" ("id" SERIAL PRIMARY KEY, "slug" TEXT NOT NULL UNIQUE, "name" TEXT NOT NULL);' } },
    seeds = { ["categories.lua"] = block("lua", "seed.define") },
  })
  local options = { args = { "flow" }, cwd = made.path, env = { DATABASE_URL = own.url, RUN_SEED = "true" } }
  local first = program.run(options)
  lu.assertEquals(first.status, 0, first.text)
  lu.assertStrContains(first.stdout, "Category: 2 inserted")
  lu.assertStrContains(program.run(options).stdout, "Category: 2 unchanged")
end

function TestReadme:test_amplify_file_is_read_by_the_check()
  local text = block("yaml", "tilth flow")
  lu.assertStrContains(text, "- npm ci")
  lu.assertStrContains(text, "baseDirectory: .next")
end

--- What happens between the transcripts: commits that arrive, as a heading and the number of its transcript say.
local BETWEEN <const> = {
  ["First deployment 1"] = "export AWS_APP_ID=d1shop AWS_BRANCH=dev AWS_COMMIT_ID=3f2c1ab AWS_JOB_ID=0000000001",
  ["Schema change 1"] = [[export AWS_JOB_ID=0000000002; mkdir prisma/migrations/20250101000000_notes
    echo 'CREATE TABLE notes (id int);' > prisma/migrations/20250101000000_notes/migration.sql]],
  ["Schema change 2"] = [[export AWS_JOB_ID=0000000003; mkdir prisma/migrations/20250102000000_bad
    printf 'CREATE TABLE "x" (id int);\nINSERT INTO "x"\n  VALUES (1, nosuch);\n' > prisma/migrations/20250102000000_bad/migration.sql]],
  ["Complete reset 1"] = "export AWS_JOB_ID=0000000004; rm -r prisma/migrations/20250102000000_bad",
  ["Complete reset 2"] = "export AWS_JOB_ID=0000000005",
  ["Seed an existing database again 1"] = "export AWS_JOB_ID=0000000006",
}

function TestReadme:test_the_scenarios_say_what_is_shown()
  local own <close> = shop.new()
  local steps, counts, used = {}, {}, 0
  for _, found in ipairs((examples.blocks("README.md"))) do
    if found.language == "console" then
      counts[found.heading] = (counts[found.heading] or 0) + 1
      local before = BETWEEN[found.heading .. " " .. counts[found.heading]]
      steps[#steps + 1], used = before and { command = before, exit = 0, block = found }, used + (before and 1 or 0)
      for _, step in ipairs(examples.steps({ found })) do steps[#steps + 1] = step end
    end
  end
  lu.assertEquals(used, 6)
  examples.run(steps, { cwd = own.path, env = { DATABASE_URL = own.database.url }, bin = temp.folder("bin").path,
    same = { { own.database.name, "shop" }, { cluster.socket_dir(), "localhost:5432" } } })
end

--- Installs the build into a folder; skips where the tests do not run from a build folder.
local function installed()
  local build = program.path():match("^(.*)/")
  if not fs.stat(build .. "/Makefile") then
    lu.skip("the program does not stand in a build folder")
  end
  local folder = temp.folder("install")
  -- Runs on several servers share the build folder, and libtool links again while it installs.
  local install = { "flock", build .. "/config.status", "make", "-s", "-C", build, "install", "DESTDIR=" .. folder.path, "prefix=/usr" }
  local made = proc.run(install, { stdout = "capture", stderr = "capture" })
  lu.assertEquals(made.code, 0, made.stderr)
  return folder
end

function TestReadme:test_the_c_program_builds_against_what_is_installed_and_runs()
  -- The sanitizers' runtime must come first in a process, which the program of a stranger does not know of.
  lu.skipIf((env.get("TILTH_SANITIZE") or "") ~= "", "the library is built with sanitizers")
  local folder = installed()
  folder:write("main.c", block("c", "tilth_main"))
  local function run(argv, more)
    local ended = assert(proc.run(argv, { cwd = folder.path, stdout = "capture", stderr = "capture", env = more }))
    lu.assertEquals({ ended.kind, ended.code }, { "exit", 0 }, ended.stdout .. ended.stderr)
    return ended.stdout
  end
  lu.assertStrContains(assert(folder:read("usr/lib/pkgconfig/tilth.pc")), "Name: tilth")
  run({ "cc", "-Iusr/include", "main.c", "-Lusr/lib", "-ltilth", "-o", "main" })
  local variables = { LD_LIBRARY_PATH = folder:join("usr/lib") }
  lu.assertStrContains(run({ "./main", "--version" }, variables), "tilth ")
  for name in run({ "nm", "-D", "--defined-only", "usr/lib/libtilth.so" }):gmatch("%x+ %a ([^\n]+)") do
    lu.assertStrMatches(name, "tilth_[%l_]+")
  end
end

return TestReadme
