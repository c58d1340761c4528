--- Tests the Lua reference: every public name is in it, parameters are named as in the code, and no generated file is stale.
local lu = require("luaunit")
local fs = require("tilth.fs")
local reference = require("support.reference")

local TestReference = {}

-- The class that a function makes its objects of. Embedded modules have no names of upvalues.
local function class_in(fn)
  local index = 1
  while true do
    local name, value = debug.getupvalue(fn, index)
    if not name or (type(value) == "table" and rawget(value, "__index") == value) then
      return value
    end
    index = index + 1
  end
end

local function methods_of(object)
  return getmetatable(object).__index
end

--- An object of each documented class, as it lives.
local CLASSES <const> = {
  ["tilth.Session"] = function()
    return methods_of(require("tilth.session").new({ project = { root = "/" }, environment = {} }))
  end,
  ["tilth.SeedSession"] = function()
    return methods_of(require("tilth.seed.session").new({ db = {} }))
  end,
  ["tilth.FakeStream"] = function()
    return methods_of(require("tilth.fake").new(1))
  end,
  ["tilth.Db"] = function()
    return assert(class_in(require("tilth.db").connect), "db.connect makes no Db")
  end,
  ["tilth.CsvReader"] = function()
    return methods_of(assert(require("tilth.csv").reader(function() end, { header = { "a" } })))
  end,
}

function TestReference:test_every_function_of_a_public_module_is_documented()
  for _, item in ipairs(reference.model().pages) do
    local page = item.page
    if page.module ~= false then
      local live = reference.functions_in(require(page.name))
      local names = reference.documented(item.functions)
      if page.keyed then
        -- Each method of a stream is a function of the module as well.
        table.move(reference.documented(item.classes[1].entries), 1, #item.classes[1].entries, #names + 1, names)
        table.sort(names)
      end
      lu.assertEquals(names, live, page.name)
    end
  end
end

function TestReference:test_every_method_of_a_public_class_is_documented()
  local seen = 0
  for _, item in ipairs(reference.model().pages) do
    for _, class in ipairs(item.classes) do
      local live = assert(CLASSES[class.class.name], class.class.name)()
      lu.assertEquals(reference.documented(class.entries), reference.functions_in(live), class.class.name)
      seen = seen + 1
    end
  end
  lu.assertEquals(seen, 5)
end

function TestReference:test_every_function_of_the_prompt_is_documented()
  local live = {}
  require("tilth.repl.helpers").install(live, { session = {}, options = {} })
  for _, item in ipairs(reference.model().pages) do
    if item.page.name == "tilth.repl" then
      lu.assertEquals(reference.documented(item.functions), reference.functions_in(live))
      return
    end
  end
  lu.fail("there is no page about the prompt")
end

function TestReference:test_the_doc_comments_name_what_the_code_takes()
  lu.assertEquals(reference.module("model").problems(reference.model()), {})
end

function TestReference:test_a_wrong_doc_comment_is_found()
  local source = reference.module("lua_source")
  local model = reference.module("model")
  local page = { name = "tilth.x", owner = "x" }
  local cases = {
    { "--- Does.\n-- @tparam string a\nfunction x.f(b)", "takes %(b%), and its comment names %(a%)" },
    { "--- Does.\nfunction x.f(b)", "takes %(b%), and its comment names %(%)" },
    { "---\n-- @tparam string b\nfunction x.f(b)", "has no text" },
    { "--- Does.\n-- @param b\nfunction x.f(b)", "neither a type nor a text" },
    { "--- Does.\n-- @tparam string b\n-- @tparam any ... more\nfunction x.f(b, ...)", nil },
    { "--- Does.\n-- @tparam string b\nfunction x.f(_, b)", nil },
  }
  for _, case in ipairs(cases) do
    local entries = source.read("--- A module.\nlocal x = {}\n\n" .. case[1] .. "\nend\n", "x").entries
    lu.assertEquals(#entries, 1, case[1])
    local problems = model.problems({ pages = { { page = page, functions = entries, classes = {} } }, libraries = {} })
    if case[2] then
      lu.assertStrMatches(table.concat(problems, "\n"), ".*" .. case[2] .. ".*")
    else
      lu.assertEquals(problems, {}, case[1])
    end
  end
end

function TestReference:test_a_c_function_without_its_line_is_found()
  local read = reference.module("c_source").read
  local text = "/* tilth.core.x: things. */\n\n%sstatic int x_f(lua_State *L)\n{\n}\n\n"
    .. "    static const luaL_Reg functions[] = {{\"f\", x_f}, {NULL, NULL}};\n"
  local good = read({ ["x.c"] = text:format("/* text | nil = x.f(a [, b]): gives\n * it back */\n") }).x.entries[1]
  lu.assertEquals({ good.owner, good.mark, good.name, good.parameters, good.results, good.text },
    { "x", ".", "f", "a [, b]", "text | nil", "gives it back" })
  lu.assertTrue(read({ ["x.c"] = text:format("") }).x.entries[1].missing)
  lu.assertTrue(read({ ["x.c"] = text:format("/* x.g(): another one */\n") }).x.entries[1].missing)
  local problems = reference.module("model").problems({ pages = {}, libraries = read({ ["x.c"] = text:format("") }) })
  lu.assertStrContains(problems[1], "x.f (x_f) has no comment")
end

function TestReference:test_a_comment_is_taken_apart()
  local read = reference.module("comment").read
  local doc = read({ "Does.", "", "More.", "@tparam[opt] bool a why", "  and when", "@treturn[1] string", "@treturn[2] nil",
    "@raise a text" })
  lu.assertEquals(doc.text, { "Does.", "", "More." })
  lu.assertEquals(doc.params, { { name = "a", type = "boolean", optional = true, text = "why and when" } })
  lu.assertEquals(doc.returns, { { { type = "string", text = "" } }, { { type = "nil", text = "" } } })
  lu.assertEquals(doc.raises, "a text")
  lu.assertErrorMsgContains("unknown tag", read, { "Does.", "@retrun string" })
end

--- Not only what is public: a function that a module gives to another has a comment.
function TestReference:test_every_function_of_every_module_has_a_doc_comment()
  local count = 0
  local function read(folder)
    for _, entry in ipairs(assert(fs.list(folder))) do
      local path = folder .. "/" .. entry.name
      if entry.type == "directory" then
        read(path)
      else
        local before = ""
        local text = assert(fs.read(path))
        local module = text:match("\nreturn ([%w_]+)%s*$")
        for line in text:gmatch("([^\n]*)\n") do
          if module and line:find("^function " .. module .. "[.:]") then
            lu.assertNotNil(before:find("^%-%-"), path .. ": " .. line)
            count = count + 1
          end
          before = line
        end
      end
    end
  end
  read(reference.root() .. "/lua/tilth")
  lu.assertTrue(count > 400, count)
end

--- What the page about scripts names is on a page of the reference.
function TestReference:test_the_modules_that_the_docs_name_have_pages()
  local known = {}
  for _, page in ipairs(reference.module("pages").all()) do
    known[page.name] = true
  end
  local count = 0
  local text = assert(fs.read(reference.root() .. "/docs/scripts.md"))
  for name in text:gmatch("`(tilth%.[%l_]+)`") do
    lu.assertTrue(known[name] or name == "tilth.config", name)
    count = count + 1
  end
  lu.assertTrue(count > 10, count)
end

function TestReference:test_no_generated_file_is_stale()
  local files = reference.module("generate").all(fs, reference.root())
  local count = 0
  for path, text in pairs(files) do
    local there = fs.read(reference.root() .. "/" .. path)
    lu.assertTrue(there == text, path .. " is stale: run `tilth run scripts/reference.lua`")
    count = count + 1
  end
  lu.assertTrue(count > 60, count)
  -- What is no longer generated must go.
  for _, folder in ipairs({ "docs/reference", "lua/meta", "scripts/completion" }) do
    for _, entry in ipairs(assert(fs.list(reference.root() .. "/" .. folder))) do
      lu.assertNotNil(files[folder .. "/" .. entry.name], folder .. "/" .. entry.name .. " is not generated any more: remove it")
    end
  end
end

return TestReference
