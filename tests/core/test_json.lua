--- JSON text to Lua values and back.
local json = require("tilth.json")
local lu = require("luaunit")

local TestJson = {}

--- Texts that come back byte by byte when decoded and encoded with sorted keys.
local ROUND <const> = {
  "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993", "1.0", "-0.0",
  "0.1", "1e+300", "0.30000000000000004", [[""]], [["a\"\\\n\t\b\f\r\u0001/"]], [["é€😀"]], "[]", "{}", "[[],{},[{}]]",
  "[null,1,null]", [[{"a":1,"b":[true,null],"c":{"d":1.5}}]], [[{"":0}]],
}

function TestJson:test_values_come_back_as_they_were()
  for _, text in ipairs(ROUND) do
    local value, message = json.decode(text)
    lu.assertNil(message)
    lu.assertEquals(json.encode(value, { sort = true }), text)
  end
end

function TestJson:test_integers_and_floats_stay_apart()
  lu.assertEquals(math.type(json.decode("1")), "integer")
  lu.assertEquals(math.type(json.decode("1.0")), "float")
  lu.assertEquals(math.type(json.decode("1e2")), "float")
end

function TestJson:test_null_is_the_database_s_null()
  lu.assertTrue(json.decode("null") == json.null)
  lu.assertTrue(json.null == require("tilth.core.pg").null)
end

function TestJson:test_a_byte_order_mark_is_skipped_and_counted()
  lu.assertEquals(json.decode("\u{FEFF}[1]"), { 1 })
  local _, _, _, detail = json.decode("\u{FEFF}x")
  lu.assertEquals(detail.position, 4)
end

function TestJson:test_decoded_lists_are_marked_and_objects_are_not()
  lu.assertTrue(json.is_array(json.decode("[]")))
  lu.assertFalse(json.is_array(json.decode("{}")))
  lu.assertFalse(json.is_array({}))
  lu.assertFalse(json.is_array(json.null))
end

function TestJson:test_array_marks_the_same_table()
  local list = {}
  lu.assertTrue(rawequal(json.array(list), list))
  lu.assertEquals(json.encode({ a = list, b = {}, c = json.array() }, { sort = true }), [[{"a":[],"b":{},"c":[]}]])
end

local BROKEN <const> = {
  { "", "ends too early", 1, 1 },
  { "{", "ends too early", 1, 1 },
  { '{"a": 1,\n "b": tru }', "invalid token", 2, 9 },
  { '["é", x]', "x", 1, 7 },
  { "[1] 2", "end of file expected", 1, 5 },
  { '"\\u0000"', "zero character", 1, 8 },
  { '{"\\u0000":1}', "zero character", 1, 9 },
  { '"a\0b"', "control character", 1, 2 },
  { '"\xff"', "unable to decode byte", 1, 1 },
  { "99999999999999999999", "64 bits", 1, 20 },
  { "1e999", "64 bits", 1, 5 },
  { ("["):rep(5000), "nested too deeply", 1, 2049 },
}

function TestJson:test_broken_text_is_told_with_its_place()
  for i, case in ipairs(BROKEN) do
    local value, message, code, detail = json.decode(case[1])
    local what = ("case %d: %s"):format(i, message)
    lu.assertNil(value, what)
    lu.assertStrContains(message, case[2], false, what)
    lu.assertEquals(code, "json", what)
    lu.assertEquals({ detail.line, detail.column_number }, { case[3], case[4] }, what)
    lu.assertStrContains(message, ("line %d, column %d: "):format(case[3], case[4]))
  end
end

function TestJson:test_indent_and_sort_lay_the_text_out()
  local text = json.encode({ b = { 1, 2 }, a = {}, c = json.array() }, { indent = 2, sort = true })
  lu.assertEquals(text, '{\n  "a": {},\n  "b": [\n    1,\n    2\n  ],\n  "c": []\n}')
end

function TestJson:test_sorted_keys_are_in_the_order_of_bytes()
  local keys = { "b", "a", "ab", "B", "é", "", "a\u{1}" }
  local object = {}
  for _, key in ipairs(keys) do object[key] = 0 end
  lu.assertEquals(json.encode(object, { sort = true }), [[{"":0,"B":0,"a":0,"a\u0001":0,"ab":0,"b":0,"é":0}]])
end

function TestJson:test_every_member_is_written_without_sort()
  local object = {}
  for i = 1, 100 do object["k" .. i] = i end
  lu.assertEquals(json.decode(json.encode(object)), object)
end

local cyclic = {}
cyclic.list = { cyclic }

local UNFIT <const> = {
  { { a = { b = { 1, print } } }, "a function at .a.b[2]" },
  { { [1] = 1, [3] = 3 }, "hole" },
  { { 1, 2, x = 1 }, "both a list and an object" },
  { { [1.5] = 1 }, "neither text nor a whole number" },
  { { [true] = 1 }, "neither text nor a whole number" },
  { { [0] = 1 }, "hole" },
  { { a = 0 / 0 }, "NaN at .a" },
  { { a = 1 / 0 }, "infinite" },
  { { a = "\xc3" }, "not UTF-8 at .a" },
  { { a = "a\0b" }, "zero byte at .a" },
  { "\xed\xa0\x80", "not UTF-8" }, -- a surrogate
  { "\xc0\x80", "not UTF-8" }, -- an overlong form
  { "\xf4\x90\x80\x80", "not UTF-8" }, -- beyond U+10FFFF
  { cyclic, "hold itself" },
  { json.array({ x = 1 }), "both a list and an object" },
  { coroutine.create(print), "a thread" },
}

function TestJson:test_what_json_has_no_form_for_raises_with_its_path()
  for _, case in ipairs(UNFIT) do
    lu.assertErrorMsgContains(case[2], json.encode, case[1])
  end
end

function TestJson:test_replace_makes_any_bytes_text()
  lu.assertEquals(json.encode("a\xffé\0\xe2\x82", { replace = true }), [["a�é���"]])
  lu.assertEquals(json.encode({ 0 / 0, 1 / 0, -1 / 0, 1.5 }, { replace = true }), '["NaN","Infinity","-Infinity",1.5]')
end

function TestJson:test_wrong_options_raise()
  lu.assertErrorMsgContains("bad argument #2", json.encode, 1, 5)
  lu.assertErrorMsgContains("indent", json.encode, 1, { indent = 99 })
  lu.assertErrorMsgContains("bad argument #1", json.encode)
end

function TestJson:test_a_big_document_comes_back()
  local list = {}
  for i = 1, 20000 do list[i] = { id = i, name = "name " .. i, price = i / 3 } end
  lu.assertEquals(json.decode(json.encode(list)), list)
end

return TestJson
