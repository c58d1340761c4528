--- Tests that every function and method of the core has its line in the reference.
local lu = require("luaunit")
local fs = require("tilth.fs")
local reference = require("support.reference")

local TestReferenceCore = {}

local function methods_of(object)
  return getmetatable(object).__index
end

function TestReferenceCore:test_every_function_of_the_core_is_documented()
  local libraries = reference.model().libraries
  for name, library in pairs(libraries) do
    local live = reference.functions_in(require("tilth.core." .. name))
    local entries = {}
    for _, entry in ipairs(library.entries) do
      entries[#entries + 1] = not entry.handle and entry or nil
    end
    lu.assertEquals(reference.documented(entries), live, "tilth.core." .. name)
  end
  local runtime = assert(fs.read(reference.root() .. "/src/runtime.c"))
  local count = 0
  for name in runtime:gmatch('{"tilth%.core%.(%w+)"') do
    lu.assertNotNil(libraries[name], name)
    count = count + 1
  end
  lu.assertTrue(count > 10, count)
end

function TestReferenceCore:test_every_method_of_a_handle_is_documented()
  local handles = reference.model().handles
  local child <close> = assert(require("tilth.process").spawn({ "true" }))
  child:wait()
  local folder = assert(fs.temporary("reference"))
  local lock <close> = assert(fs.lock(folder .. "/lock"))
  local editor <close> = require("tilth.core.edit").open({})
  local job <close> = assert(require("tilth.hash").folder(folder, "x"))
  local live = {
    editor = methods_of(editor), job = methods_of(job),
    child = methods_of(child), lock = methods_of(lock), parser = methods_of(require("tilth.core.csv").parser(",")),
    stream = methods_of(require("tilth.hash").stream()), conn = debug.getregistry()["tilth.pg.connection"].__index,
  }
  assert(fs.remove_tree(folder))
  for name, methods in pairs(live) do
    lu.assertEquals(reference.documented(handles[name]), reference.functions_in(methods), name)
  end
  for name in pairs(handles) do
    lu.assertNotNil(live[name], name)
  end
end

return TestReferenceCore
