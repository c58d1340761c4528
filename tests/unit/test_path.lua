--- Paths as text.
local lu = require("luaunit")

local path = require("tilth.path")

local TestPath = {}

function TestPath:test_normalize_writes_the_same_place_plainly()
  local cases = {
    { "/a//b/./c/", "/a/b/c" }, { "/a/../b", "/b" }, { "/..", "/" }, { "a/..", "." }, { "../a", "../a" }, { "a/../../b", "../b" },
    { "", "." }, { "/", "/" }, { "./a", "a" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(path.normalize(case[1]), case[2], case[1])
  end
end

function TestPath:test_join_starts_anew_at_an_absolute_part()
  lu.assertEquals(path.join("/a", "b", "../c"), "/a/c")
  lu.assertEquals(path.join("/a", "/b"), "/b")
  lu.assertEquals(path.join("/", "b"), "/b")
end

function TestPath:test_dirname_and_basename_split_a_path()
  for _, case in ipairs({ { "/a/b", "/a", "b" }, { "/a", "/", "a" }, { "a", ".", "a" }, { "/", "/", "" } }) do
    lu.assertEquals({ path.dirname(case[1]), path.basename(case[1]) }, { case[2], case[3] }, case[1])
  end
end

function TestPath:test_relative_shortens_what_lies_inside_only()
  for _, case in ipairs({ { "/p/a/b", "/p", "a/b" }, { "/p", "/p", "." }, { "/pq/a", "/p", "/pq/a" }, { "/a", "/", "a" } }) do
    lu.assertEquals(path.relative(case[1], case[2]), case[3], case[1])
  end
end

return TestPath
