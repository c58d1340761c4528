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

function TestCallSite:test_is_script_tells_files_from_tilths_own_modules()
  local is_own = call_site.is_script("/opt/lua")
  for source, expected in pairs({
    ["@deploy.lua"] = true, ["=stdin"] = true, ["@/opt/lua2/x.lua"] = true, ["@lua/tilth/db.lua"] = false,
    ["@/opt/lua/tilth/db.lua"] = false, ["=[C]"] = false, ["return 1"] = false,
  }) do
    lu.assertIs(is_own(source), expected, source)
  end
  lu.assertIs(call_site.is_script(nil)("@/opt/lua/tilth/db.lua"), true)
end

--- What becomes of a message that is raised below a script's third line.
local function blamed(raised)
  local script = assert(load("local peer = ...\n\npeer.read(5)\nreturn 1", "@deploy.lua"))
  local _, found = xpcall(script, function(value)
    return call_site.blame(value, is_script)
  end, { read = function() error(raised, 0) end })
  return found
end

function TestCallSite:test_blame_names_the_line_that_called_in_the_place_of_tilths_own()
  lu.assertEquals(blamed("lua/tilth/fs.lua:9: no text"), "deploy.lua:3: read: no text (raised at lua/tilth/fs.lua:9)")
  lu.assertEquals(blamed("...a/long/path/tilth/seed/x.lua:9: no text"),
    "deploy.lua:3: read: no text (raised at ...a/long/path/tilth/seed/x.lua:9)")
end

function TestCallSite:test_blame_leaves_any_other_error_as_it_is()
  local object = {}
  for _, raised in ipairs({ "no luck", "deploy.lua:3: no luck", "/srv/shop/deploy.lua:7: no luck", object, 5, false }) do
    lu.assertIs(blamed(raised), raised)
  end
  lu.assertEquals(call_site.blame("lua/tilth/fs.lua:9: no text", is_script), "lua/tilth/fs.lua:9: no text")
end

return TestCallSite
