--- Tests the catalogue of error codes: it has every code that the sources give, and none that they don't.
local lu = require("luaunit")
local cli = require("tilth.cli")
local error_codes = require("tilth.error_codes")
local fs = require("tilth.fs")
local code_words = require("support.code_words")
local reference = require("support.reference")

local TestErrorCodes = {}

--- Words that one module gives another and that no person, script or document ever sees.
local INTERNAL <const> = {
  outside = "migrate/transaction tells migrate/apply to go on statement by statement",
  pg_dump = "backup/run falls back to tilth's own format",
  running = "local/cluster tells local/server that the server is there",
}

local function entries()
  local list = {}
  for _, group in ipairs(error_codes.groups) do
    table.move(group.entries, 1, #group.entries, #list + 1, list)
  end
  return list
end

function TestErrorCodes:test_every_code_of_the_sources_is_in_the_catalogue()
  for code, files in pairs(code_words.collect(fs, reference.root())) do
    if not INTERNAL[code] then
      lu.assertNotNil(error_codes.find(code), ("%s, given by %s, is not in lua/tilth/error_codes.lua"):format(code, files[1]))
    end
  end
end

function TestErrorCodes:test_the_catalogue_lists_no_code_that_is_not_given()
  local found = code_words.collect(fs, reference.root())
  for _, entry in ipairs(entries()) do
    lu.assertNotNil(found[entry.code], entry.code .. " is in the catalogue, and nothing gives it")
  end
  for code in pairs(INTERNAL) do
    lu.assertNotNil(found[code], code .. " is excepted, and nothing gives it")
    lu.assertNil(error_codes.find(code), code)
  end
end

--- The collector sees a code wherever the sources have one.
function TestErrorCodes:test_codes_are_found_where_they_stand()
  local cases = {
    { 'return nil, "text", "word"', { "word" } },
    { 'return nil, ("%s, %d"):format(a, b), "word", { advice = "no" }', { "word" } },
    { 'return nil, f("a", "b"), x and "this" or "that"', { "that", "this" } },
    { 'ok, message, code = nil, "text", "word"', { "word" } },
    { 'errors.raise("text", "word", {})', { "word" } },
    { 'return { id = "x", code = "P1234" }', { "P1234" } },
    { 'error({ message = text, code = "word" })', { "word" } },
    { 'if code == "word" then return nil, "a", code end', {} },
    { '-- return nil, "text", "word"', {} },
    { 'return nil, "text"', {} },
    { 'return nil, [[a, "b", "word"]], code or "22000"', { "22000" } },
    { 'local name, word = "a", "b"', {} },
  }
  local folder = assert(fs.temporary("codes"))
  assert(fs.mkdir(folder .. "/lua/tilth"))
  assert(fs.mkdir(folder .. "/src"))
  for _, case in ipairs(cases) do
    assert(fs.write(folder .. "/lua/tilth/x.lua", case[1] .. "\n"))
    local names = {}
    for code in pairs(code_words.collect(fs, folder)) do
      names[#names + 1] = code
    end
    table.sort(names)
    lu.assertEquals(names, case[2], case[1])
  end
  assert(fs.write(folder .. "/lua/tilth/x.lua", ""))
  assert(fs.write(folder .. "/src/x.c", 'return tilth_fail(L, "word", "text %s", name);'))
  lu.assertEquals(code_words.collect(fs, folder), { word = { folder .. "/src/x.c" } })
  assert(fs.remove_tree(folder))
end

function TestErrorCodes:test_every_entry_is_complete_and_alone()
  local seen = {}
  for _, entry in ipairs(entries()) do
    for _, field in ipairs({ "code", "title", "cause", "cure", "example" }) do
      lu.assertTrue(type(entry[field]) == "string" and #entry[field] > 2, ("%s: %s"):format(entry.code, field))
    end
    lu.assertNil(seen[entry.code], entry.code)
    lu.assertNotNil(entry.cause:find("[.]$"), entry.code .. ": " .. entry.cause)
    lu.assertNotNil(entry.cure:find("[.\"]$"), entry.code .. ": " .. entry.cure)
    seen[entry.code] = true
  end
end

--- Words of an example that the sources have as they are: an example that nobody says any more is found by it.
function TestErrorCodes:test_the_examples_are_what_the_sources_say()
  local sources = {}
  local function read(folder)
    for _, entry in ipairs(assert(fs.list(folder))) do
      local path = folder .. "/" .. entry.name
      if entry.type == "directory" then
        read(path)
      elseif entry.name:find("%.[ch]$") or entry.name:find("%.lua$") and entry.name ~= "error_codes.lua" then
        sources[#sources + 1] = assert(fs.read(path))
      end
    end
  end
  read(reference.root() .. "/lua/tilth")
  read(reference.root() .. "/src")
  local text = table.concat(sources, "\n")
  -- What the system, the server or a library says.
  local foreign = { ["08001"] = true, unreachable = true }
  for _, entry in ipairs(entries()) do
    local words, found = {}, foreign[entry.code]
    for word in entry.example:gmatch("%S+") do
      words[#words + 1] = word
    end
    for index = 1, #words - 1 do
      found = found or text:find(table.concat(words, " ", index, math.min(index + 2, #words)), 1, true) ~= nil
    end
    lu.assertTrue(found or #words == 1, entry.code .. ": " .. entry.example)
  end
end

function TestErrorCodes:test_help_explains_each()
  local help = require("tilth.cmd.help")
  for _, entry in ipairs(entries()) do
    local is_command = false
    for _, name in ipairs(cli.commands()) do
      is_command = is_command or name == entry.code
    end
    lu.assertFalse(is_command, entry.code .. " is a command as well, so that `tilth help` can't explain it")
    local result = assert(help.run({ topic = { entry.code:lower() } }))
    lu.assertStrContains(result.text, entry.code .. ": " .. entry.title)
    lu.assertStrContains(result.text, "Exit status  " .. error_codes.status(entry))
    for line in result.text:gmatch("[^\n]+") do
      lu.assertTrue(#line <= 100 or not line:find(" ", 20, true), line)
    end
  end
end

function TestErrorCodes:test_help_knows_no_other_code()
  local result, message, code, detail = require("tilth.cmd.help").run({ topic = { "P3099" } })
  lu.assertNil(result)
  lu.assertStrContains(message, "never gives the code P3099")
  lu.assertEquals(code, "usage")
  lu.assertStrContains(detail.advice, "docs/errors.md")
end

function TestErrorCodes:test_the_exit_statuses_are_the_programs()
  local cases = { P1001 = "4", P1012 = "2", P3009 = "1", usage = "2", unsafe = "3", bug = "99" }
  for code, status in pairs(cases) do
    lu.assertEquals(error_codes.status(error_codes.find(code)), status, code)
  end
end

return TestErrorCodes
