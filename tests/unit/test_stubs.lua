--- Tests the stubs for editors: valid Lua that offers exactly what the modules do, with every parameter typed.
local lu = require("luaunit")
local fs = require("tilth.fs")
local reference = require("support.reference")

local TestStubs = {}

--- Every stub: name of the module, text.
local function each()
  local folder = reference.root() .. "/lua/meta"
  local list, index = assert(fs.list(folder)), 0
  return function()
    index = index + 1
    local entry = list[index]
    if entry then
      return entry.name:match("^(.*)%.lua$"), assert(fs.read(folder .. "/" .. entry.name))
    end
  end
end

function TestStubs:test_each_stub_loads_and_has_the_functions_of_its_module()
  local count = 0
  for name, text in each() do
    local stub = assert(load(text, "=" .. name, "t", {}))()
    lu.assertEquals(reference.functions_in(stub), reference.functions_in(require(name)), name)
    count = count + 1
  end
  lu.assertTrue(count > 35, count)
end

function TestStubs:test_each_stub_names_its_module()
  for name, text in each() do
    lu.assertStrContains(text, "---@meta " .. name .. "\n")
  end
end

function TestStubs:test_each_parameter_has_a_type()
  local count = 0
  for name, text in each() do
    local pending = {}
    for line in text:gmatch("[^\n]+") do
      local parameter, kind = line:match("^%-%-%-@param ([%w_.]+)%??%s+(%S+)")
      if parameter then
        pending[#pending + 1] = parameter
        lu.assertNotNil(kind, name .. ": " .. line)
      elseif line:find("^function ") then
        local declared = line:match("%((.-)%)")
        lu.assertEquals(table.concat(pending, ", "), declared, name .. ": " .. line)
        pending, count = {}, count + 1
      end
    end
  end
  lu.assertTrue(count > 200, count)
end

--- Every class that a type names is declared somewhere.
function TestStubs:test_each_type_is_known()
  local declared, used = {}, {}
  for name, text in each() do
    for class in text:gmatch("%-%-%-@class ([%w_.]+)") do
      declared[class] = true
    end
    for line in text:gmatch("%-%-%-@[%a]+ [^\n]*") do
      for class in line:gsub("#.*", ""):gmatch("%f[%w_.]tilth%.%u[%w_]*") do
        used[class] = name
      end
    end
    for class in text:gmatch("@return ([^\n#]*)") do
      lu.assertNil(class:match("%f[%w]userdata"), name .. " returns a userdata without a class: " .. class)
    end
  end
  for class, name in pairs(used) do
    lu.assertTrue(declared[class] or false, ("%s uses %s"):format(name, class))
  end
end

return TestStubs
