--- JSON as the Lua modules have it; what the core does with text is tried in core/test_json.lua.
local lu = require("luaunit")
local json = require("tilth.json")

local TestJson = {}

function TestJson:test_without_nulls_leaves_out_what_is_null_at_every_depth()
  local value = assert(json.decode('{"a": null, "b": {"c": null, "d": 1}, "e": [{"f": null, "g": false}]}'))
  lu.assertEquals(json.without_nulls(value), { b = { d = 1 }, e = { { g = false } } })
  lu.assertEquals(value.a, json.null)
end

function TestJson:test_without_nulls_gives_other_values_back()
  for _, value in ipairs({ "text", 1, false }) do lu.assertEquals(json.without_nulls(value), value) end
end

return TestJson
