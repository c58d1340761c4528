--- Runs the seed cookbook: each recipe in a project and a database of its own, with the page's schema.
local lu = require("luaunit")
local database = require("support.database")
local examples = require("support.examples")
local program = require("support.program")
local project = require("support.project")
local temp = require("support.temp")

local TestDocsSeeds = {}

local PAGE <const> = "docs/seeds.md"
local SCHEMA <const> = "The schema of the recipes"

--- What a recipe needs beside the schema, by its heading.
local PREPARE <const> = {
  ["From another database"] = function(options, opened)
    opened.legacy = database.new()
    opened.legacy:script([[create table accounts (email text); insert into accounts values ('ada@example.com'), ('ben@example.com')]])
    options.env.LEGACY_DATABASE_URL = opened.legacy.url
  end,
}

local function sections()
  local list, by_heading = {}, {}
  for _, block in ipairs((examples.blocks(PAGE))) do
    local section = by_heading[block.heading]
    if not section then
      section = { heading = block.heading, blocks = {} }
      list[#list + 1], by_heading[block.heading] = section, section
    end
    section.blocks[#section.blocks + 1] = block
  end
  return list, assert(by_heading[SCHEMA])
end

local function files_of(blocks)
  local files = {}
  for _, block in ipairs(blocks) do
    if block.file then files[block.file] = block.text end
  end
  return files
end

local function cook(section, schema, bin)
  local own <close> = database.new()
  local opened = setmetatable({}, { __close = function(self)
    if self.legacy then self.legacy:close() end
  end })
  local keep <close> = opened
  local made = project.new({ schema = false, files = files_of(schema.blocks), package = { name = "cookbook" } })
  local options = { cwd = made.path, bin = bin, env = { DATABASE_URL = own.url }, leave_out = "^tilth %l+ · " }
  local deployed = program.run({ args = { "migrate", "deploy" }, cwd = made.path, env = options.env })
  lu.assertEquals(deployed.status, 0, deployed.text)
  if PREPARE[section.heading] then PREPARE[section.heading](options, opened) end
  examples.run(examples.steps(section.blocks), options)
  return keep
end

function TestDocsSeeds:test_every_recipe_does_what_is_shown()
  local list, schema = sections()
  local bin, cooked, problems = temp.folder("bin").path, 0, {}
  for _, section in ipairs(list) do
    if section ~= schema then
      local ok, problem = pcall(cook, section, schema, bin)
      if not ok then problems[#problems + 1] = ("## %s\n%s"):format(section.heading, tostring(problem)) end
      cooked = cooked + 1
    end
  end
  if #problems > 0 then lu.fail(table.concat(problems, "\n\n")) end
  lu.assertTrue(cooked > 18, cooked)
end

function TestDocsSeeds:test_every_recipe_with_a_seed_runs_it()
  for _, section in ipairs((sections())) do
    local seeds, runs = 0, 0
    for _, step in ipairs(examples.steps(section.blocks)) do
      seeds = seeds + (step.file and step.file:find("^seeds/%w+%.lua$") and 1 or 0)
      runs = runs + (step.command and step.command:find("tilth seed", 1, true) and step.shown and 1 or 0)
    end
    lu.assertTrue(seeds == 0 or runs > 0, section.heading .. " has a seed that is not run")
  end
end

return TestDocsSeeds
