--- Runs the examples of docs/scripts.md and docs/repl.md on the shop.
local lu = require("luaunit")
local cluster = require("support.cluster")
local config = require("tilth.config")
local env = require("tilth.core.env")
local examples = require("support.examples")
local fs = require("tilth.core.fs")
local json = require("tilth.core.json")
local shop = require("support.shop")
local temp = require("support.temp")
local terminal = require("support.terminal")

local TestDocsScripts = {}

function TestDocsScripts:setUp()
  self.shop = shop.new()
  local result = self.shop:run({ "flow", "--no-build" }, { RUN_SEED = "true" })
  lu.assertEquals(result.status, 0, result.text)
end

function TestDocsScripts:tearDown()
  if self.terminal then self.terminal:close() end
  self.terminal = nil
  self.shop:close()
end

--- The block of a page that holds a text.
local function block(page, language, holding)
  for _, found in ipairs((examples.blocks(page))) do
    if found.language == language and found.text:find(holding, 1, true) then return found end
  end
  error(("%s has no %s block with %s"):format(page, language, holding))
end

function TestDocsScripts:test_the_first_script_runs_as_it_is_called()
  local script, call = block("docs/scripts.md", "lua", "-- report.lua"), block("docs/scripts.md", "sh", "report.lua")
  self.shop.folder:write("report.lua", script.text)
  local words = {}
  for word in call.text:gmatch("%S+") do words[#words + 1] = word end
  lu.assertEquals(table.remove(words, 1), "tilth")
  local result = self.shop:run(words)
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "ada@example.com\n")
  words[3] = "2999-01-01"
  lu.assertEquals(self.shop:run(words).stdout, "")
end

function TestDocsScripts:test_a_copy_of_the_flow_takes_the_step()
  local text = assert(fs.read(env.get("TILTH_SOURCE") .. "/scripts/flow.lua"))
  local step = block("docs/scripts.md", "lua", "flow.step").text
  local first, last = text:find("flow.plan(world)\n", 1, true)
  self.shop.folder:write("deploy.lua", text:sub(1, first - 1) .. step .. text:sub(last + 1))
  self.shop.database:query("create materialized view totals as select count(*) as orders from orders")
  local result = self.shop:run({ "run", "deploy.lua", "--no-build" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "refresh views")
  local planned = self.shop:run({ "run", "deploy.lua", "--no-build", "--dry-run" })
  lu.assertStrContains(planned.stdout, "refresh views")
end

function TestDocsScripts:test_personal_data_is_replaced_as_it_is_written()
  self.shop.database:script([[alter table users add column born date, add column note text;
    update users set note = 'private', name = 'private', born = '1900-01-01']])
  local path = self.shop.folder:join("prisma/schema.prisma")
  local schema = assert(fs.read(path)):gsub("(model User {\n)", "%1  born DateTime? @db.Date\n  note String?\n")
  self.shop.folder:write("prisma/schema.prisma", schema)
  self.shop.folder:write("PERSONAL.lua", block("docs/scripts.md", "lua", "-- PERSONAL.lua").text)
  local result = self.shop:run({ "run", env.get("TILTH_SOURCE") .. "/scripts/anonymise.lua", "PERSONAL.lua" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(self.shop.database:value([[select count(*) from users
    where note is not null or name = 'private' or born < '1950-01-01' or email like 'ada@%']]), 0)
end

function TestDocsScripts:test_the_limits_are_a_configuration()
  local found = block("docs/scripts.md", "lua", "limits =")
  local value, message = config.load(found.text, found.page)
  lu.assertNotNil(value, message)
  lu.assertEquals(value.limits.memory, "256MB")
end

function TestDocsScripts:test_the_transcript_of_the_prompt_is_what_is_shown()
  local found = block("docs/repl.md", "console", "$ tilth repl")
  local options = self.shop:options({ "repl" }, { XDG_STATE_HOME = self.shop.folder:join("state") })
  self.terminal = terminal.start(options)
  local same = { { self.shop.database.name, "shop" }, { cluster.socket_dir(), "localhost:5432" } }
  for line in found.text:gsub("^%$ tilth repl\n", ""):gmatch("[^\n]+") do
    local typed = line:match("^shop> (.*)$")
    if typed then
      self.terminal:see(self.shop.database.name .. "> ")
      self.terminal:type(typed .. "\r")
    elseif not line:find("%d ms") then
      for _, pair in ipairs(same) do line = line:gsub(pair[2]:gsub("%p", "%%%0"), (pair[1]:gsub("%%", "%%%%"))) end
      self.terminal:see(line)
    end
  end
  self.terminal:see("> ")
end

function TestDocsScripts:test_the_prompt_without_a_terminal()
  local found = block("docs/repl.md", "sh", "tilth repl -e")
  local commands = {}
  for line in found.text:gmatch("[^\n]+") do
    -- jq may not be there: what it would read is looked at instead.
    commands[#commands + 1] = line:gsub(" | jq .*$", " > result.json")
  end
  lu.assertEquals(#commands, 3)
  found.text = table.concat(commands, "\n")
  examples.run(examples.steps({ found }), {
    cwd = self.shop.path, bin = temp.folder("bin").path, env = self.shop:options({}).env })
  local rows = assert(json.decode(self.shop.folder:read("result.json"))).results[1].rows
  lu.assertEquals(#rows, 5)
  lu.assertNotNil(rows[1].email)
end

return TestDocsScripts
