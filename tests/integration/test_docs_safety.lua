--- Runs the examples of docs/safety.md and docs/troubleshooting.md, each in a project and a database of its own, and holds the
-- first page against the checks.
local lu = require("luaunit")
local check = require("tilth.check")
local cluster = require("support.cluster")
local database = require("support.database")
local env = require("tilth.core.env")
local examples = require("support.examples")
local fs = require("tilth.core.fs")
local program = require("support.program")
local project = require("support.project")
local temp = require("support.temp")

local TestDocsSafety = {}

local PAGE <const> = "docs/safety.md"
local PROJECT <const> = "The project of the examples"
local NAME <const> = "shop"

local HISTORY <const> = [[
create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz,
  migration_name varchar(255) not null, logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0);
create table "User" (id int);
insert into _prisma_migrations (id, checksum, migration_name, logs)
  values ('1', 'x', '20260101000000_init', 'ERROR: relation "User" already exists');
]]

--- What an example needs beside the project, by its heading.
local PREPARE <const> = {
  ["`reset-impossible`"] = function(own)
    own:script('create table "User" (id int); create schema reports; create view reports.users as select * from "User"')
  end,
  ["`reset-without-ledger`"] = function(own, options)
    own:script("drop role if exists app; create role app login; grant create on schema public to app")
    options.env.DATABASE_URL = own.url:gsub("//postgres@", "//app@", 1)
    return function() own:script("drop owned by app; drop role app") end
  end,
  ["One deployment at a time"] = function(own)
    own:connect({ application_name = "tilth flow amplify d1shop dev #0000000041" }):query("select pg_advisory_lock(72707369)")
  end,
  ["A migration does not block the site"] = function(own, options)
    local result = program.run({ args = { "migrate", "deploy" }, cwd = options.cwd, env = options.env })
    lu.assertEquals(result.status, 0, result.text)
    own:connect({ application_name = "nightly report" }):script('begin; select count(*) from "User"')
  end,
  ["`migration-failed`"] = function(own) own:script(HISTORY) end,
  ["`migration-not-empty`"] = function(own) own:script("create table orders (id int); create table customers (id int)") end,
}

local function sections(page)
  local list, by_heading = {}, {}
  for _, block in ipairs((examples.blocks(page or PAGE))) do
    local heading = block.heading
    if not by_heading[heading] then
      by_heading[heading] = { heading = heading, blocks = {} }
      list[#list + 1] = by_heading[heading]
    end
    table.insert(by_heading[heading].blocks, block)
  end
  return list, by_heading
end

local function is_run(section)
  for _, block in ipairs(section.blocks) do
    if block.language == "console" then return true end
  end
  return false
end

local function try(section, files, bin)
  local own <close> = database.new({ name = NAME })
  local made = project.new({ schema = false, files = files, package = { name = "shop" } })
  local options = {
    cwd = made.path, bin = bin, env = { DATABASE_URL = own.url, TILTH_PG_BINDIR = cluster.bindir() }, leave_out = "^tilth %l+ · ",
    same = { { cluster.socket_dir(), "localhost:5432" }, { made.path, "/home/ana/shop" } },
  }
  local prepare = PREPARE[section.heading]
  local done = prepare and prepare(own, options)
  local ok, problem = pcall(examples.run, examples.steps(section.blocks), options)
  if done then done() end
  if not ok then error(problem, 0) end
end

--- Runs what a page shows; returns how many sections were tried.
local function try_page(page)
  local _, by_heading = sections()
  local files, bin, tried, problems = {}, temp.folder("bin").path, 0, {}
  for _, block in ipairs(by_heading[PROJECT].blocks) do files[block.file] = block.text end
  for _, section in ipairs((sections(page))) do
    if is_run(section) then
      local ok, problem = pcall(try, section, files, bin)
      if not ok then problems[#problems + 1] = ("# %s\n%s"):format(section.heading, tostring(problem)) end
      tried = tried + 1
    end
  end
  if #problems > 0 then lu.fail(table.concat(problems, "\n\n")) end
  return tried
end

function TestDocsSafety:test_every_example_says_what_is_shown()
  lu.assertTrue(try_page(PAGE) > 35)
end

function TestDocsSafety:test_every_trouble_looks_as_it_is_shown()
  lu.assertTrue(try_page("docs/troubleshooting.md") > 3)
end

function TestDocsSafety:test_every_check_has_a_section_and_every_section_a_check()
  local _, by_heading = sections()
  local known = {}
  for _, rule in ipairs(check.built_in()) do
    known["`" .. rule.id .. "`"] = true
    lu.assertNotNil(by_heading["`" .. rule.id .. "`"], rule.id .. " has no section with an example")
  end
  for heading in pairs(by_heading) do
    lu.assertTrue(not heading:find("^`") or known[heading], heading .. " is no check")
  end
end

--- The texts of a source that are long enough to be told from others, as patterns.
local function messages(text)
  local list = {}
  for literal in text:gmatch('"([^"\n]+)"') do
    if #literal >= 20 then
      literal = literal:gsub("\\.", "?"):gsub("[%^%$%(%)%.%[%]%*%+%-%?]", "%%%0"):gsub("%%([sdgq])", ".-")
      list[#list + 1] = literal
    end
  end
  return list
end

function TestDocsSafety:test_every_section_of_a_check_shows_a_message_of_that_check()
  local _, by_heading = sections()
  for _, rule in ipairs(check.built_in()) do
    local shown, found = "", false
    for _, block in ipairs(by_heading["`" .. rule.id .. "`"].blocks) do
      if block.language == "console" or block.language == "text" then shown = shown .. block.text end
    end
    local source = ("%s/lua/tilth/check/%s.lua"):format(env.get("TILTH_SOURCE"), (rule.id:gsub("-", "_")))
    for _, pattern in ipairs(messages(assert(fs.read(source)))) do found = found or shown:find(pattern) ~= nil end
    lu.assertTrue(found, rule.id .. ": what is shown is none of the check's messages")
  end
end

return TestDocsSafety
