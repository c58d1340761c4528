--- Tests that Makefile.am lists every source: what is not listed is neither built nor shipped.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")

local TestMakefileLists = {}

local BUILT_APART <const> = {
  ["src/embed_lua.c"] = true, ["src/embed_names.c"] = true, ["src/embed_names.h"] = true, ["src/tilth.h"] = true,
  ["src/embedded.c"] = true, ["src/openers.c"] = true,
}

local function listed(variable)
  local text = assert(fs.read(env.get("TILTH_SOURCE") .. "/Makefile.am"))
  local block = assert(text:match("\n" .. variable .. " =[ \\]*\n?(.-[^\\])\n"), variable)
  local names = {}
  for name in block:gmatch("[^%s\\]+") do
    names[#names + 1] = name
  end
  return names
end

local function find(folder, ending, names)
  for _, entry in ipairs(assert(fs.list(env.get("TILTH_SOURCE") .. "/" .. folder))) do
    local path = folder .. "/" .. entry.name
    if entry.type == "directory" then
      find(path, ending, names)
    elseif entry.name:find(ending) and not BUILT_APART[path] then
      names[#names + 1] = path
    end
  end
  return names
end

local function sorted(names)
  table.sort(names)
  return names
end

function TestMakefileLists:test_every_lua_module_is_compiled_in()
  -- `tilth flow` is scripts/flow.lua itself.
  local wanted = find("lua/tilth", "%.lua$", { "scripts/flow.lua" })
  lu.assertEquals(sorted(listed("lua_modules")), sorted(wanted))
end

function TestMakefileLists:test_every_stub_for_editors_is_installed()
  lu.assertEquals(sorted(listed("dist_meta_DATA")), sorted(find("lua/meta", "%.lua$", {})))
end

function TestMakefileLists:test_every_c_file_is_part_of_the_program_the_core_the_library_or_the_module()
  local names = {}
  for _, variable in ipairs({ "tilth_SOURCES", "src_libcore_la_SOURCES", "libtilth_la_SOURCES", "src_module_tilth_la_SOURCES" }) do
    local list = listed(variable)
    table.move(list, 1, #list, #names + 1, names)
  end
  lu.assertEquals(sorted(names), sorted(find("src", "%.[ch]$", {})))
end

return TestMakefileLists
