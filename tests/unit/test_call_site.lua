--- The line of a script that called.
local lu = require("luaunit")

local call_site = require("tilth.call_site")

local TestCallSite = {}

local function is_script(source)
  return source == "@deploy.lua" or source == "@helper.lua"
end

function TestCallSite:test_find_names_the_innermost_line_of_a_script()
  local helper = assert(load("local find = ...\nlocal site = find()\nreturn site", "@helper.lua"))
  local script = assert(load("local helper, find = ...\n\n\nlocal site = helper(find)\nreturn site", "@deploy.lua"))
  local function find()
    return (call_site.find(is_script))
  end
  lu.assertEquals(script(helper, find), "helper.lua:2")
  lu.assertEquals(script(function() return (find()) end, find), "deploy.lua:4")
end

function TestCallSite:test_find_gives_nil_without_a_script()
  lu.assertNil(call_site.find(is_script))
end

return TestCallSite
