--- Lines filled with words.
local lu = require("luaunit")

local word_wrap = require("tilth.word_wrap")

local TestWordWrap = {}

function TestWordWrap:test_lines_hold_as_many_words_as_fit()
  local cases = {
    { "one two three", 7, { "one two", "three" } }, { "one two three", 6, { "one", "two", "three" } },
    { " one\n  two ", 80, { "one two" } }, { "a longerthanall b", 4, { "a", "longerthanall", "b" } }, { " \n", 4, {} },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(word_wrap.lines(case[1], case[2]), case[3], case[1])
  end
end

return TestWordWrap
