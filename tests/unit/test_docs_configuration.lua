--- Tests that docs/configuration.md lists every key, variable, flag and URL parameter that is read, and no other.
local lu = require("luaunit")
local config = require("tilth.config")
local duration = require("tilth.duration")
local env = require("tilth.core.env")
local examples = require("support.examples")
local fs = require("tilth.core.fs")
local parameters = require("tilth.url.parameters")
local settings = require("tilth.settings")

local TestDocsConfiguration = {}

local PAGE <const> = "docs/configuration.md"

--- Names in capitals that are no variable of the process: { part of the file's path, pattern }.
local NO_VARIABLE <const> = {
  { "check/pipeline_", "." }, -- looked for in the pipeline's files; what is read of the environment is named below
  { "lua/tilth/variable.lua", "." }, { "init/templates", "." },
  { "migrate/statement", "^REINDEX_OBJECT_" }, { "migrate/statement", "^%u[%u_]+_STMT$" },
  { "backup/tools", "^PG" }, { "local/data", "^TZ$" }, { "local/data", "^LD_" }, -- given to children
}

--- Names that pipeline_protection_bypassed and pipeline_preview read of the environment as well.
local READ_BY_CHECKS <const> = {
  "PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK", "PRISMA_USER_CONSENT_FOR_DANGEROUS_AI_ACTION", "DISABLE_DATABASE_ENVIRONMENT_CHECK",
}

local function files_below(folder, ending, list)
  for _, entry in ipairs(assert(fs.list(env.get("TILTH_SOURCE") .. "/" .. folder))) do
    local path = folder .. "/" .. entry.name
    if entry.type == "directory" then
      files_below(path, ending, list)
    elseif path:find(ending) then
      list[#list + 1] = path
    end
  end
  return list
end

local function is_variable(path, name)
  for _, entry in ipairs(NO_VARIABLE) do
    if path:find(entry[1], 1, true) and name:find(entry[2]) then return false end
  end
  return true
end

-- `env.NAME`, `env["NAME"]`, `filled(env, "NAME")`, `getenv("NAME")`, and words of the shape NAME_OF_SOMETHING.
local READ <const> = {
  "env%.(%u[%u%d_]+)%f[^%w_]", "environment%.(%u[%u%d_]+)%f[^%w_]", "variables%.(%u[%u%d_]+)%f[^%w_]", "env%[\"([%u%d_]+)\"%]",
  "%(env, \"([%u%d_]+)\"", "getenv ?%(\"([%w_]+)\"", "set%(\"(%u[%u%d_]+)\"%)", "\"(%u[%u%d]+_[%u%d_]+)\"",
}

local function variables_read()
  local found = {}
  local files = files_below("src", "%.[ch]$", files_below("lua/tilth", "%.lua$", {}))
  for _, path in ipairs(files_below("scripts", "%.lua$", files_below("seeds", "%.lua$", files))) do
    local ours = path:find("embedded.c", 1, true) or path:find("scripts/release.d/", 1, true)
    local text = ours and "" or assert(fs.read(env.get("TILTH_SOURCE") .. "/" .. path))
    text = text:gsub("%-%-[^\n]*", "")
    for _, pattern in ipairs(READ) do
      for name in text:gmatch(pattern) do
        if is_variable(path, name) then found[name] = path end
      end
    end
  end
  for _, list in ipairs({ "CI_VARIABLES", "AGENTS" }) do
    local text = assert(fs.read(env.get("TILTH_SOURCE") .. "/lua/tilth/environment.lua")):match(list .. " <const> = {\n(.-)\n}")
    for name in text:gmatch(list == "AGENTS" and "{ \"([%w_]+)\"" or "\"([%w_]+)\"") do found[name] = "lua/tilth/environment.lua" end
  end
  for _, name in ipairs(READ_BY_CHECKS) do found[name] = "lua/tilth/check" end
  return found
end

--- The text of one section, without its heading.
local function section(title)
  local text = "\n" .. examples.text(PAGE)
  return assert(text:match("\n## " .. title .. "\n(.-)\n## ") or text:match("\n## " .. title .. "\n(.*)$"), "no section " .. title)
end

--- The rows of the tables in a text: first cell to the list of cells.
local function rows(text)
  local found = {}
  for line in text:gmatch("[^\n]+") do
    local cells = {}
    for cell in line:gmatch("|([^|]*)%f[|]") do cells[#cells + 1] = cell:match("^%s*(.-)%s*$") end
    local name = cells[1] and cells[1]:match("^`([^`]+)`$")
    if name then
      lu.assertNil(found[name], name .. " stands twice")
      found[name] = cells
    end
  end
  return found
end

local function keys_of(found)
  local list = {}
  for name in pairs(found) do list[#list + 1] = name end
  table.sort(list)
  return list
end

function TestDocsConfiguration:test_every_key_of_the_file_is_there_and_no_other()
  local wanted = {}
  for _, key in ipairs(config.keys()) do wanted[key.name] = true end
  lu.assertEquals(keys_of(rows(section("tilth%.config%.lua"))), keys_of(wanted))
end

local function shown_default(entry, cell)
  local text = cell:gsub("`", ""):gsub("\"", "")
  if entry.default == nil then return true end
  if entry.type == "duration" then return duration.parse(text) == entry.default end
  return text == tostring(entry.default)
end

function TestDocsConfiguration:test_every_setting_has_its_default_flag_and_variable()
  local keys, variables = rows(section("tilth%.config%.lua")), rows(section("Variables"))
  for _, entry in ipairs(settings.all()) do
    local row = keys[entry.config]
    if entry.config then
      lu.assertTrue(shown_default(entry, row[3]), ("%s: the default is shown as %s"):format(entry.config, row[3]))
      for _, name in ipairs({ entry.flag or false, entry.variable or false }) do
        if name then lu.assertStrContains(row[4], "`" .. name .. "`") end
      end
    elseif entry.variable then
      lu.assertStrContains(table.concat(variables[entry.variable], " "), entry.flag or "")
    end
    lu.assertTrue(not entry.flag or examples.text(PAGE):find("`" .. entry.flag, 1, true) ~= nil, entry.flag)
  end
end

function TestDocsConfiguration:test_every_variable_that_is_read_is_there()
  local text, missing = section("Variables"), {}
  for name, path in pairs(variables_read()) do
    if not text:find("`" .. name .. "`", 1, true) then missing[#missing + 1] = name .. " (" .. path .. ")" end
  end
  table.sort(missing)
  lu.assertEquals(missing, {})
end

function TestDocsConfiguration:test_no_variable_is_there_that_is_not_read()
  local read, unknown = variables_read(), {}
  for _, entry in ipairs(settings.all()) do
    if entry.variable then read[entry.variable] = "settings" end
  end
  local text = section("Variables"):gsub("\n### libpq.*", "")
  for name in text:gmatch("`(%u[%u%d]*_[%u%d_]+)`") do
    if not read[name] then unknown[#unknown + 1] = name end
  end
  lu.assertEquals(unknown, {})
end

function TestDocsConfiguration:test_every_url_parameter_is_there_and_no_other()
  local wanted = {}
  for _, name in ipairs(parameters.names()) do wanted[name] = true end
  local listed = {}
  for name in section("The URL"):gmatch("`([%l_]+)`") do listed[name] = true end
  for name in pairs(wanted) do lu.assertTrue(listed[name], name .. " is not there") end
  for name in pairs(rows(section("The URL"))) do lu.assertTrue(wanted[name], name .. " means nothing") end
end

--- Every example of a configuration loads, so that no key of it is unknown.
function TestDocsConfiguration:test_the_examples_load()
  local count = 0
  for _, block in ipairs((examples.blocks(PAGE))) do
    if block.language == "lua" then
      local ok, message = config.load(block.text, PAGE .. ":" .. block.line)
      lu.assertNotNil(ok, message)
      count = count + 1
    end
  end
  lu.assertTrue(count >= 4, count)
end

return TestDocsConfiguration
