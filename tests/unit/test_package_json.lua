--- What package.json says.
local lu = require("luaunit")

local fake_files = require("support.fake_files")
local package_json = require("tilth.package_json")

local TestPackageJson = {}

function TestPackageJson:test_parse_reads_what_matters()
  local found = package_json.parse([[{"name":"x","prisma":{"seed":"a b","schema":"s"},"scripts":{"build":"b"}}]], "/p/package.json")
  lu.assertEquals(found,
    { path = "/p/package.json", dir = "/p", name = "x", seed = "a b", schema = "s", build = "b", has_prisma = true })
end

function TestPackageJson:test_parse_takes_empty_texts_for_not_there()
  lu.assertEquals(package_json.parse([[{"prisma":{"seed":""},"scripts":{"build":" "},"name":5}]], "/package.json"),
    { path = "/package.json", dir = "/", has_prisma = true })
end

function TestPackageJson:test_parse_fails_with_the_path()
  local cases = {
    { "{", "not valid JSON" }, { "5", "JSON object" }, { [[{"prisma":{"seed":["a"]}}]], "seed command from `package.json` must be" },
    { [[{"prisma":{"schema":1}}]], "schema path" }, { [[{"scripts":{"build":1}}]], "\"build\" must be a string" },
  }
  for _, case in ipairs(cases) do
    local found, message, code, detail = package_json.parse(case[1], "/p/package.json")
    lu.assertNil(found)
    lu.assertStrContains(message, "/p/package.json: ")
    lu.assertStrContains(message, case[2])
    lu.assertEquals({ code, detail.file }, { "config", "/p/package.json" })
  end
end

function TestPackageJson:test_find_takes_the_nearest_upward()
  local files = fake_files.new({ ["/a/package.json"] = "{}", ["/a/b/c/x"] = "" })
  lu.assertEquals(package_json.find(files, "/a/b/c").path, "/a/package.json")
  lu.assertNil(package_json.find(fake_files.new({ ["/a/x"] = "" }), "/a"))
end

return TestPackageJson
