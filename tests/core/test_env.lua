--- The environment library.
local env = require("tilth.env")
local lu = require("luaunit")

local TestEnv = {}

local NAME <const> = "TILTH_TEST_VARIABLE"

function TestEnv:tearDown()
  env.unset(NAME)
end

function TestEnv:test_get_returns_nil_for_a_variable_that_is_not_set()
  lu.assertNil(env.get(NAME))
end

function TestEnv:test_set_is_seen_by_get_and_all()
  lu.assertEquals(env.set(NAME, "a=b\nc"), true)
  lu.assertEquals(env.get(NAME), "a=b\nc")
  lu.assertEquals(env.all()[NAME], "a=b\nc")
end

function TestEnv:test_set_replaces_a_value()
  env.set(NAME, "one")
  env.set(NAME, "")
  lu.assertEquals(env.get(NAME), "")
end

function TestEnv:test_unset_removes_a_variable()
  env.set(NAME, "x")
  lu.assertEquals(env.unset(NAME), true)
  lu.assertNil(env.get(NAME))
  lu.assertNil(env.all()[NAME])
end

function TestEnv:test_wrong_names_raise()
  for _, name in ipairs({ "", "A=B", "A\0B" }) do
    lu.assertErrorMsgContains("bad argument #1", env.set, name, "x")
    lu.assertErrorMsgContains("bad argument #1", env.get, name)
    lu.assertErrorMsgContains("bad argument #1", env.unset, name)
  end
end

function TestEnv:test_a_value_with_a_zero_byte_raises_and_does_not_show_it()
  local ok, message = pcall(env.set, NAME, "secret\0word")
  lu.assertFalse(ok)
  lu.assertStrContains(message, "zero byte")
  lu.assertNotStrContains(message, "secret")
  lu.assertNil(env.get(NAME))
end

return TestEnv
