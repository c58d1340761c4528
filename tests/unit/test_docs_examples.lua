--- Tests that each example of the documentation is one: Lua compiles, commands are understood, data parses, links lead somewhere.
local lu = require("luaunit")
local cli = require("tilth.cli")
local commands = require("tilth.pipeline.commands")
local env = require("tilth.core.env")
local examples = require("support.examples")
local fs = require("tilth.core.fs")
local json = require("tilth.json")
local prisma = require("tilth.seed.prisma")
local sql = require("tilth.sql")
local yaml = require("tilth.pipeline.yaml")

local TestDocsExamples = {}

--- Blocks that are for reading only. `text` is what a program says, `console` what is typed and what is said.
local READ_ONLY <const> = { text = true, console = true, ts = true, csv = true, toml = true, c = true, cpp = true, ini = true, diff = true }

-- Each language: function(block) that raises what is wrong.
local JUDGES <const> = {
  lua = function(block)
    local chunk, message = load(block.text, "=" .. block.page, "t")
    -- A signature or an excerpt of a longer text may be an expression.
    if not chunk then chunk, message = load("return " .. block.text, "=" .. block.page, "t"), message end
    assert(chunk, message)
  end,
  json = function(block)
    local value, message = json.decode(block.text)
    assert(value ~= nil, message)
  end,
  jsonl = function(block)
    for line in block.text:gmatch("[^\n]+") do assert(json.decode(line), line) end
  end,
  yaml = function(block)
    local documents, notes = yaml.parse(block.text)
    assert(documents and #documents > 0, "it holds nothing")
    assert(not notes or #notes == 0, notes and notes[1] and notes[1].text)
  end,
  sql = function(block) assert(sql.parse(block.text)) end,
  prisma = function(block) assert(prisma.describe({ { path = block.page, text = block.text } })) end,
}

local function each_block(fn)
  local count = 0
  for _, page in ipairs(examples.pages()) do
    for _, block in ipairs((examples.blocks(page))) do
      fn(block, ("%s:%d"):format(page, block.line))
      count = count + 1
    end
  end
  lu.assertTrue(count > 100, count)
end

function TestDocsExamples:test_every_block_says_what_it_is()
  local unknown = {}
  each_block(function(block, place)
    local language = block.language
    if not (JUDGES[language] or READ_ONLY[language] or language == "sh" or language == "dockerfile") then
      unknown[#unknown + 1] = ("%s: %q"):format(place, language)
    end
  end)
  lu.assertEquals(unknown, {})
end

function TestDocsExamples:test_every_block_can_be_read_as_what_it_is()
  local problems = {}
  each_block(function(block, place)
    local judge = JUDGES[block.language]
    local ok, message = true, nil
    if judge then ok, message = pcall(judge, block) end
    if not ok then problems[#problems + 1] = place .. ": " .. tostring(message) end
  end)
  lu.assertEquals(problems, {})
end

--- What is typed in a block, as a script.
local function typed(block)
  if block.language == "sh" then return block.text end
  local lines = {}
  for line in block.text:gmatch("[^\n]+") do lines[#lines + 1] = block.language == "console" and line:match("^%$ (.*)$") or nil end
  return table.concat(lines, "\n")
end

local function is_tilth(word)
  return word == "tilth" or word:find("/tilth$") ~= nil
end

--- The words that go to tilth: behind `tilth`, `npx tilth`, `env NAME=value tilth`.
local function words_of(command)
  for index, word in ipairs(command.words) do
    if is_tilth(word) then return table.move(command.words, index + 1, #command.words, 1, {}) end
    if word ~= "npx" and word ~= "env" and word ~= "exec" and not word:find("^%u[%u_]*=") then return nil end
  end
end

--- Square brackets and words in capitals stand for something; an option's value may be one.
local function understood(words)
  for _, word in ipairs(words) do
    if word == "--help" or word == "-h" or word:find("^%[") or word:find("%.%.%.$") then return true end
  end
  return cli.parse(words)
end

function TestDocsExamples:test_every_command_is_one_that_tilth_takes()
  local problems, count = {}, 0
  each_block(function(block, place)
    local script = typed(block)
    local list, notes = commands.list({ text = script, context = {}, line_at = function(offset)
      return select(2, script:sub(1, offset):gsub("\n", "\n")) + 1
    end })
    if script ~= "" and block.language == "sh" and #(notes or {}) > 0 then
      problems[#problems + 1] = ("%s: %s"):format(place, notes[1].text)
    end
    for _, command in ipairs(script ~= "" and list or {}) do
      local words = words_of(command)
      if words then
        count = count + 1
        local ok, message = understood(words)
        if not ok then problems[#problems + 1] = ("%s: %s: %s"):format(place, command.text, message) end
      end
    end
  end)
  lu.assertEquals(problems, {})
  lu.assertTrue(count > 100, count)
end

--- `tilth word` in running text names a command that is there.
function TestDocsExamples:test_every_command_that_is_named_is_there()
  local known, unknown = {}, {}
  for _, name in ipairs(cli.commands()) do known[name] = true end
  for _, page in ipairs(examples.pages()) do
    local _, _, prose = examples.blocks(page)
    for _, line in ipairs(prose) do
      for name in line.text:gmatch("`tilth (%l+)[^`]*`") do
        if not known[name] then unknown[#unknown + 1] = ("%s:%d: tilth %s"):format(page, line.line, name) end
      end
    end
  end
  lu.assertEquals(unknown, {})
end

--- The anchor that a heading has.
local function anchor_of(text)
  text = text:gsub("%[([^%]]*)%]%([^)]*%)", "%1"):lower()
  return (text:gsub("[^%w%s_-]", function(char) return char:byte() >= 128 and char or "" end):gsub("%s", "-"))
end

local function anchors(page)
  local _, headings = examples.blocks(page)
  local found = {}
  for _, heading in ipairs(headings) do found[anchor_of(heading.text)] = true end
  return found
end

local function judge_link(page, target)
  local path, anchor = target:match("^([^#]*)#?(.*)$")
  local file = page
  if path ~= "" then
    file = (page:match("^(.*/)") or "") .. path
    while file:find("[^/]+/%.%./") do file = file:gsub("[^/]+/%.%./", "", 1) end
    file = file:gsub("/$", "")
    if not fs.stat(env.get("TILTH_SOURCE") .. "/" .. file) then return "no such file" end
  end
  if anchor ~= "" and file:find("%.md$") and not anchors(file)[anchor] then return "no such heading" end
end

function TestDocsExamples:test_every_link_leads_somewhere()
  local problems, count = {}, 0
  for _, page in ipairs(examples.pages()) do
    local _, _, prose = examples.blocks(page)
    for _, line in ipairs(prose) do
      for target in line.text:gsub("`[^`]*`", "``"):gmatch("%]%(([^)%s]+)%)") do
        local problem = not target:find("^%a+:") and judge_link(page, target)
        if problem then problems[#problems + 1] = ("%s:%d: %s: %s"):format(page, line.line, target, problem) end
        count = count + 1
      end
    end
  end
  lu.assertEquals(problems, {})
  lu.assertTrue(count > 50, count)
end

--- Every page can be found from the index.
function TestDocsExamples:test_the_index_has_every_page()
  local index, missing = examples.text("docs/README.md"), {}
  for _, page in ipairs(examples.pages()) do
    local name = page:match("^docs/([^/]+%.md)$")
    if name and name ~= "README.md" and not index:find("(" .. name .. ")", 1, true) then missing[#missing + 1] = name end
  end
  lu.assertEquals(missing, {})
end

return TestDocsExamples
